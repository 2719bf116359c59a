//! Traces made by hand for tests of what is drawn and printed.

use crate::ids::*;
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::{Duration, Instant};
use crate::trace::{Event, Kind, RemovalReason, Role, StateReason, Trace, Verb};

/// Tells a trace event by event.
pub(crate) struct Forge {
    pub(crate) trace: Trace,
    pub(crate) now: u64,
}

impl Forge {
    pub(crate) fn new(title: &str, run_for: Duration) -> Self {
        let mut forge = Forge { trace: Trace::default(), now: 0 };
        let scenario = forge.name(title);
        forge.emit(ActorId::DRIVER, Kind::MetaRun { scenario, seed: 42, run_for });
        forge
    }

    pub(crate) fn name(&mut self, text: &str) -> Symbol {
        self.trace.names.intern(text)
    }

    pub(crate) fn emit(&mut self, actor: ActorId, kind: Kind) {
        let seq = Seq(self.trace.events.len() as u64 + 1);
        let t = Instant::from_ms(self.now);
        self.trace.events.push(Event { seq, t, actor, incarnation: Incarnation(1), cause: Seq::NONE, kind });
    }

    pub(crate) fn member_actor(number: u32) -> ActorId {
        ActorId(ActorId::FIRST_CLIENT.0 + number)
    }

    pub(crate) fn members(&mut self, group: &str, count: u32) {
        for number in 0..count {
            let (name, group) = (self.name(&format!("{group}-{number}")), self.name(group).into());
            self.emit(
                ActorId::DRIVER,
                Kind::MetaActor { subject: Self::member_actor(number), name, group, role: Role::Member },
            );
        }
    }

    pub(crate) fn state(
        &mut self,
        group: &str,
        from: GroupState,
        to: GroupState,
        generation: i32,
        reason: StateReason,
    ) {
        let group = self.name(group).into();
        let (generation, member) = (Generation(generation), MemberId::EMPTY);
        self.emit(ActorId::BROKER, Kind::GroupStateChanged { group, from, to, generation, reason, member });
    }

    pub(crate) fn added(&mut self, group: &str, number: u32) {
        let (group, member) = (self.name(group).into(), self.name(&format!("id-{number}")).into());
        self.emit(
            ActorId::BROKER,
            Kind::MemberAdded {
                group,
                member,
                instance: InstanceId::EMPTY,
                client: Self::member_actor(number),
                client_incarnation: Incarnation(1),
                session_timeout_ms: 45_000,
                rebalance_timeout_ms: 300_000,
            },
        );
    }

    pub(crate) fn removed(&mut self, group: &str, number: u32, reason: RemovalReason) {
        let (group, member) = (self.name(group).into(), self.name(&format!("id-{number}")).into());
        self.emit(ActorId::BROKER, Kind::MemberRemoved { group, member, reason });
    }

    pub(crate) fn owned(&mut self, number: u32, topic: &str, from: u32, to: u32) {
        let topic = self.name(topic).into();
        self.emit(Self::member_actor(number), Kind::Owned { topic, from, to, generation: Generation(1) });
    }

    pub(crate) fn revoked(&mut self, number: u32, topic: &str, from: u32, to: u32) {
        let topic = self.name(topic).into();
        self.emit(Self::member_actor(number), Kind::Revoked { topic, from, to });
    }

    pub(crate) fn join(&mut self, number: u32, group: &str) {
        let group = self.name(group).into();
        let (request, member, generation) = (CorrelationId(1), MemberId::EMPTY, Generation::NONE);
        self.emit(
            Self::member_actor(number),
            Kind::RequestSent { api: Api::JoinGroup, request, group, member, generation },
        );
    }

    pub(crate) fn joined(&mut self, number: u32, group: &str, generation: i32) {
        let (group, protocol) = (self.name(group).into(), self.name("range").into());
        self.emit(
            Self::member_actor(number),
            Kind::Joined { group, member: MemberId::EMPTY, generation: Generation(generation), protocol },
        );
    }

    pub(crate) fn commit(&mut self, number: u32, group: &str, accepted: bool) {
        let group = self.name(group).into();
        let (api, client, client_incarnation, request) =
            (Api::OffsetCommit, Self::member_actor(number), Incarnation(1), CorrelationId(2));
        let (member, generation) = (MemberId::EMPTY, Generation(1));
        let kind = if accepted {
            Kind::RequestApplied { api, client, client_incarnation, request, group, member, generation }
        } else {
            Kind::RequestRejected {
                api,
                client,
                client_incarnation,
                request,
                group,
                member,
                generation,
                code: ErrorCode::IllegalGeneration,
            }
        };
        self.emit(ActorId::BROKER, kind);
    }

    pub(crate) fn fault(&mut self, number: u32, verb: Verb, index: u32) {
        self.emit(ActorId::DRIVER, Kind::FaultStart { target: Self::member_actor(number), verb, index });
    }

    pub(crate) fn fault_end(&mut self, number: u32, verb: Verb, index: u32) {
        self.emit(ActorId::DRIVER, Kind::FaultEnd { target: Self::member_actor(number), verb, index });
    }

    /// A batch of records taking `ms`, ended and committed at once.
    pub(crate) fn batch(&mut self, number: u32, topic: &str, partition: u32, ms: u64) {
        let partition = TopicPartition::new(self.name(topic).into(), partition);
        let actor = Self::member_actor(number);
        let (from, to) = (Offset(0), Offset(10));
        self.emit(actor, Kind::Poll {});
        self.emit(actor, Kind::ProcessStart { partition, from, to, per_record: Duration::from_ms(ms / 10) });
        self.now += ms;
        self.emit(actor, Kind::ProcessDone { partition, from, to });
    }

    /// A whole rebalance of `ms`: everyone revokes, joins, and gets an even share.
    pub(crate) fn rebalance(
        &mut self,
        group: &str,
        generation: i32,
        who: &[u32],
        partitions: u32,
        ms: u64,
        reason: StateReason,
    ) {
        use GroupState::{CompletingRebalance, PreparingRebalance, Stable};
        self.state(group, Stable, PreparingRebalance, generation - 1, reason);
        for &number in who {
            self.revoked(number, "orders", 0, partitions);
            self.join(number, group);
        }
        self.now += ms;
        self.state(group, PreparingRebalance, CompletingRebalance, generation, StateReason::JoinComplete);
        self.now += 2;
        self.state(group, CompletingRebalance, Stable, generation, StateReason::AssignmentWritten);
        let share = partitions.div_ceil(who.len().max(1) as u32).max(1);
        for (i, &number) in who.iter().enumerate() {
            let (from, to) = (i as u32 * share, ((i as u32 + 1) * share).min(partitions));
            self.joined(number, group, generation);
            if from < to {
                self.owned(number, "orders", from, to);
            }
        }
    }
}

/// A rolling deploy of 4 members, a slow handler, a freeze, then a crash: five minutes.
pub(crate) fn rolling_deploy(members: u32, partitions: u32) -> Trace {
    let mut forge = Forge::new("rolling deploy of pods, then one is killed", Duration::from_secs(300));
    forge.members("billing", members);
    let all: Vec<u32> = (0..members).collect();
    for number in 0..members {
        forge.emit(Forge::member_actor(number), Kind::Start {});
        forge.join(number, "billing");
        forge.added("billing", number);
    }
    forge.state("billing", GroupState::Empty, GroupState::PreparingRebalance, 0, StateReason::MemberJoined);
    forge.now = 3_000;
    forge.rebalance("billing", 1, &all, partitions, 3_000, StateReason::MemberJoined);
    let mut generation = 1;
    for restarted in 0..members.min(4) {
        work(&mut forge, &all, 60_000 + u64::from(restarted) * 20_000);
        forge.fault(restarted, Verb::Restart, 0);
        let actor = Forge::member_actor(restarted);
        forge.emit(actor, Kind::Stop {});
        forge.now += 200;
        forge.revoked(restarted, "orders", 0, partitions);
        forge.commit(restarted, "billing", true);
        forge.emit(actor, Kind::Closed {});
        forge.removed("billing", restarted, RemovalReason::Leave);
        generation += 1;
        let rest: Vec<u32> = all.iter().copied().filter(|&n| n != restarted).collect();
        forge.rebalance("billing", generation, &rest, partitions, 2_800, StateReason::MemberLeft);
        work(&mut forge, &rest, 68_000 + u64::from(restarted) * 20_000);
        forge.emit(actor, Kind::Start {});
        forge.added("billing", restarted);
        generation += 1;
        forge.rebalance("billing", generation, &all, partitions, 2_900, StateReason::MemberJoined);
        forge.commit(all[all.len() - 1], "billing", false);
    }
    work(&mut forge, &all, 170_000);
    forge.fault(2, Verb::Slow, 1);
    work(&mut forge, &all, 200_000);
    forge.emit(Forge::member_actor(0), Kind::Pause {});
    forge.fault(0, Verb::Pause, 2);
    work(&mut forge, &all[1..], 212_000);
    forge.emit(Forge::member_actor(0), Kind::Resume {});
    forge.fault_end(0, Verb::Pause, 2);
    forge.fault_end(2, Verb::Slow, 1);
    work(&mut forge, &all, 225_000);
    forge.fault(1, Verb::Crash, 3);
    forge.emit(Forge::member_actor(1), Kind::Crash {});
    let rest: Vec<u32> = all.iter().copied().filter(|&n| n != 1).collect();
    work(&mut forge, &rest, 270_000);
    forge.removed("billing", 1, RemovalReason::Session);
    generation += 1;
    forge.rebalance("billing", generation, &rest, partitions, 2_500, StateReason::SessionExpired);
    work(&mut forge, &rest, 300_000);
    forge.now = 300_000;
    forge.emit(ActorId::DRIVER, Kind::RunEnd {});
    forge.trace
}

/// Everyone works in turn until `until`.
fn work(forge: &mut Forge, who: &[u32], until: u64) {
    while forge.now + 40 * who.len() as u64 + 1_600 < until {
        for &number in who {
            forge.batch(number, "orders", number, 40);
            forge.commit(number, "billing", true);
        }
        forge.now += 1_500;
    }
    forge.now = until;
}
