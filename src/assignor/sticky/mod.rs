//! The sticky assignors: sticky (eager) and cooperative-sticky share one algorithm (ASSIGN-STICKY-*, ASSIGN-COOP-*).

mod claims;
mod constrained;
mod general;
mod hash_order;
pub(super) mod librdkafka;
mod movements;
mod user_data;

pub use user_data::{cooperative_user_data, decode_sticky_user_data, sticky_user_data};

use super::AssignorMember;
use super::problem::{NOBODY, PartitionIndex, Problem, Rank};
use crate::ids::{Generation, Names};
use claims::{Claim, Claims};
use hash_order::hash_order;

/// A target, and what of it may not be handed over yet.
struct Target {
    /// Partitions by rank.
    shares: Vec<Vec<PartitionIndex>>,
    /// Partitions that change hands; `None`: the algorithm does not tell, compare with the owned partitions.
    in_transfer: Option<Vec<PartitionIndex>>,
}

/// The sticky assignor: claims come from user data (ASSIGN-STICKY-01).
pub(super) fn assign(problem: &Problem, members: &[AssignorMember], names: &mut Names) -> Vec<Vec<PartitionIndex>> {
    let claims = claims_by_rank(problem, members, |member| {
        let subscription = &member.subscription;
        let read = subscription.user_data.as_deref().filter(|bytes| !bytes.is_empty());
        let (partitions, generation) = match read.map(|bytes| decode_sticky_user_data(bytes, names)) {
            None => (Vec::new(), None),
            Some(None) => (Vec::new(), Some(Generation::NONE)),
            Some(Some(data)) => data,
        };
        Claim { partitions: problem.indices(&partitions), generation, stated: subscription.generation }
    });
    target(problem, &claims, &hash_order(problem, members, names)).shares
}

/// The cooperative sticky assignor: claims are the owned partitions (ASSIGN-STICKY-01); what changes hands is withheld from
/// the new owner (ASSIGN-COOP-01).
pub(super) fn assign_cooperative(
    problem: &Problem,
    members: &[AssignorMember],
    names: &Names,
) -> Vec<Vec<PartitionIndex>> {
    let claims = claims_by_rank(problem, members, |member| {
        let subscription = &member.subscription;
        let generation = match subscription.generation {
            stated if stated.0 >= 0 => Some(stated),
            _ => subscription.user_data.as_deref().map(user_data::cooperative_generation),
        };
        Claim { partitions: problem.indices(&subscription.owned), generation, stated: subscription.generation }
    });
    let Target { mut shares, in_transfer } = target(problem, &claims, &hash_order(problem, members, names));
    let mut withheld = vec![false; problem.partitions()];
    for partition in in_transfer.unwrap_or_else(|| changing_hands(problem, &claims, &shares)) {
        withheld[partition as usize] = true;
    }
    for share in &mut shares {
        share.retain(|&partition| !withheld[partition as usize]);
    }
    shares
}

fn claims_by_rank(
    problem: &Problem,
    members: &[AssignorMember],
    mut claim: impl FnMut(&AssignorMember) -> Claim,
) -> Vec<Claim> {
    problem.ranks().map(|rank| claim(&members[problem.index(rank)])).collect()
}

/// ASSIGN-STICKY-03: equal subscriptions are the easy case.
fn target(problem: &Problem, claims: &[Claim], visits: &[Rank]) -> Target {
    let settled = Claims::settle(problem, claims, visits);
    if problem.equal_subscriptions(visits) {
        constrained::assign(problem, settled, visits)
    } else {
        Target { shares: general::assign(problem, settled, claims, visits), in_transfer: None }
    }
}

/// Partitions that one member owns and another is to get.
fn changing_hands(problem: &Problem, claims: &[Claim], shares: &[Vec<PartitionIndex>]) -> Vec<PartitionIndex> {
    let mut holder = vec![NOBODY; problem.partitions()];
    for (rank, share) in problem.ranks().zip(shares) {
        for &partition in share {
            holder[partition as usize] = rank;
        }
    }
    let mut revoked = vec![false; problem.partitions()];
    let mut kept = vec![false; problem.partitions()];
    for (rank, claim) in problem.ranks().zip(claims) {
        for &partition in &claim.partitions {
            let list = if holder[partition as usize] == rank { &mut kept } else { &mut revoked };
            list[partition as usize] = true;
        }
    }
    let changes = |&partition: &PartitionIndex| revoked[partition as usize] && !kept[partition as usize];
    (0..problem.partitions() as PartitionIndex).filter(changes).collect()
}
