//! Which protocols a group supports, and which one it chooses.

use super::member::Member;
use crate::ids::{Names, ProtocolName};
use crate::protocol::JoinProtocol;

/// How many members offer each protocol.
#[derive(Clone, Debug, Default)]
pub(super) struct ProtocolTally {
    counts: Vec<(ProtocolName, usize)>,
}

impl ProtocolTally {
    pub fn add(&mut self, protocols: &[JoinProtocol]) {
        for protocol in protocols {
            match self.counts.iter_mut().find(|(name, _)| *name == protocol.name) {
                Some((_, count)) => *count += 1,
                None => self.counts.push((protocol.name, 1)),
            }
        }
    }

    pub fn remove(&mut self, protocols: &[JoinProtocol]) {
        for protocol in protocols {
            if let Some((_, count)) = self.counts.iter_mut().find(|(name, _)| *name == protocol.name) {
                *count -= 1;
            }
        }
        self.counts.retain(|(_, count)| *count > 0);
    }

    /// How many members offer `name`.
    pub fn count(&self, name: ProtocolName) -> usize {
        self.counts.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count)
    }
}

/// The protocol that most members prefer among those that all of them offer (PROTO-01, 02, 03). Of names with equally many
/// votes Kafka takes the first that its hash map of votes comes to; so do we. Names in one bucket (none of the assignors
/// that come with Kafka) stand there in an order that Kafka leaves open; then the alphabetically smallest wins.
pub(super) fn select<'a>(
    tally: &ProtocolTally,
    members: impl ExactSizeIterator<Item = &'a Member>,
    names: &Names,
) -> Option<ProtocolName> {
    let everyone = members.len();
    let mut votes: Vec<(ProtocolName, usize)> = Vec::new();
    for member in members {
        let vote = member.protocols.iter().map(|p| p.name).find(|name| tally.count(*name) == everyone);
        let Some(vote) = vote else { continue };
        match votes.iter_mut().find(|(name, _)| *name == vote) {
            Some((_, count)) => *count += 1,
            None => votes.push((vote, 1)),
        }
    }
    let best = votes.iter().map(|(_, count)| *count).max()?;
    let winners = votes.iter().filter(|(_, count)| *count == best).map(|(name, _)| *name);
    winners.min_by_key(|name| (java_bucket(names.text(*name)), names.text(*name)))
}

/// Where a `java.util.HashMap` of up to twelve entries keeps a string.
fn java_bucket(text: &str) -> u32 {
    let hash = text.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) % 16
}
