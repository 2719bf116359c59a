use super::NONE;
use crate::ids::*;
use crate::oracle::Outcome;
use crate::oracle::forge::Forge;
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::trace::*;

/// A coordinator in the making: it does what the test says, right or wrong.
struct Coordinator {
    forge: Forge,
    requests: u32,
    generation: i32,
    joins: Vec<(usize, u32)>,
}

impl Coordinator {
    fn new() -> Coordinator {
        let mut forge = Forge::new();
        forge.judge.timers = Some(Default::default());
        Coordinator { forge, requests: 100, generation: 0, joins: Vec::new() }
    }

    /// Members 0 and 1 are Stable in generation 1 at 7.001 s, by the initial delay that member 1 prolonged.
    fn stable() -> Coordinator {
        let mut c = Coordinator::new();
        c.at(1_000).first_join(0).state(GroupState::PreparingRebalance);
        c.at(2_500).first_join(1);
        c.at(7_000).complete().at(7_001).sync(1).sync(0).synced();
        c
    }

    fn at(&mut self, ms: u64) -> &mut Self {
        self.forge.at(ms);
        self
    }

    fn state(&mut self, to: GroupState) -> &mut Self {
        self.forge.state(to, StateReason::MemberJoined);
        self
    }

    fn received(&mut self, api: Api, member: usize, id: MemberId) -> u32 {
        self.requests += 1;
        let (group, generation, request) =
            (self.forge.group, Generation(self.generation), CorrelationId(self.requests));
        let (client, client_incarnation) = (Forge::actor(member), Incarnation(1));
        self.forge.broker(Kind::RequestReceived {
            api,
            client,
            client_incarnation,
            request,
            group,
            member: id,
            generation,
        });
        self.requests
    }

    fn answer(&mut self, api: Api, member: usize, request: u32, code: ErrorCode) -> &mut Self {
        let (group, generation, request) = (self.forge.group, Generation(self.generation), CorrelationId(request));
        let (client, client_incarnation, id) = (Forge::actor(member), Incarnation(1), self.forge.member(member));
        self.forge.broker(match code {
            ErrorCode::None => {
                Kind::RequestApplied { api, client, client_incarnation, request, group, member: id, generation }
            }
            _ => {
                Kind::RequestRejected { api, client, client_incarnation, request, group, member: id, generation, code }
            }
        });
        self
    }

    /// A member joins with an empty id and is added (JOIN-12).
    fn first_join(&mut self, member: usize) -> &mut Self {
        let request = self.received(Api::JoinGroup, member, MemberId::EMPTY);
        self.joins.push((member, request));
        self.forge.added(member);
        self
    }

    fn rejoin(&mut self, member: usize) -> &mut Self {
        let id = self.forge.member(member);
        let request = self.received(Api::JoinGroup, member, id);
        self.joins.push((member, request));
        self
    }

    /// The join phase ends; every parked join is answered.
    fn complete(&mut self) -> &mut Self {
        self.generation += 1;
        let (group, generation, members) = (self.forge.group, Generation(self.generation), self.joins.len() as u32);
        let (leader, protocol) = (MemberId::EMPTY, ProtocolName::EMPTY);
        self.forge.broker(Kind::GenerationStarted { group, generation, leader, protocol, members });
        for (member, request) in std::mem::take(&mut self.joins) {
            self.answer(Api::JoinGroup, member, request, ErrorCode::None);
        }
        self.state(if members > 0 { GroupState::CompletingRebalance } else { GroupState::Empty })
    }

    fn sync(&mut self, member: usize) -> &mut Self {
        let id = self.forge.member(member);
        let request = self.received(Api::SyncGroup, member, id);
        self.joins.push((member, request));
        self
    }

    /// The assignment is written; the parked syncs are answered.
    fn synced(&mut self) -> &mut Self {
        self.state(GroupState::Stable);
        for (member, request) in std::mem::take(&mut self.joins) {
            self.answer(Api::SyncGroup, member, request, ErrorCode::None);
        }
        self
    }

    fn heartbeat(&mut self, member: usize, code: ErrorCode) -> &mut Self {
        self.answer(Api::Heartbeat, member, 0, code)
    }

    fn beats(&mut self, members: &[usize], until_ms: u64) -> &mut Self {
        let mut at = 8_000;
        while at <= until_ms {
            self.at(at);
            for &member in members {
                self.heartbeat(member, ErrorCode::None);
            }
            at += 3_000;
        }
        self
    }

    fn removed(&mut self, member: usize, reason: RemovalReason) -> &mut Self {
        self.forge.removed(member, reason);
        self
    }

    fn end(mut self, ms: u64) -> Outcome {
        self.at(ms).forge.driver(Kind::RunEnd {});
        self.forge.end(ms)
    }
}

fn expiry(at: u64) -> Vec<&'static str> {
    let mut c = Coordinator::stable();
    c.beats(&[0, 1], 9_000).beats(&[0], 52_000).at(at).removed(1, RemovalReason::Session);
    c.state(GroupState::PreparingRebalance).heartbeat(0, ErrorCode::RebalanceInProgress);
    c.at(at + 500).rejoin(0).complete().sync(0).synced();
    c.end(at + 600).wrong()
}

#[test]
fn o12_a_session_expires_exactly_at_its_deadline() {
    assert_eq!(expiry(53_000), NONE);
    assert_eq!(expiry(52_999), vec!["O12"], "a millisecond early");
    assert!(expiry(53_001).contains(&"O12"), "a millisecond late");
}

#[test]
fn o12_a_session_that_never_expires_is_a_bug_of_groupsim() {
    let mut c = Coordinator::stable();
    c.beats(&[0], 60_000);
    assert_eq!(c.end(60_000).wrong(), vec!["O12"]);
}

#[test]
fn o12_a_refused_heartbeat_does_not_feed_the_session() {
    for (code, wrong) in [(ErrorCode::IllegalGeneration, vec!["O12"]), (ErrorCode::None, NONE)] {
        let mut c = Coordinator::stable();
        c.beats(&[0], 49_000).at(50_000).heartbeat(1, code).at(52_500).heartbeat(0, ErrorCode::None);
        assert_eq!(c.end(53_000).wrong(), wrong, "{code}");
    }
}

#[test]
fn o12_a_commit_feeds_the_session_but_not_in_completing_rebalance() {
    let mut c = Coordinator::stable();
    c.beats(&[0], 49_000).at(50_000).answer(Api::OffsetCommit, 1, 9, ErrorCode::None).beats(&[0], 60_000);
    assert_eq!(c.end(60_000).wrong(), NONE);
    let mut c = Coordinator::stable();
    c.beats(&[0], 49_000).at(50_000).answer(Api::OffsetCommit, 1, 9, ErrorCode::UnknownMemberId).beats(&[0], 60_000);
    assert_eq!(c.end(60_000).wrong(), vec!["O12"]);
}

#[test]
fn o12_a_member_with_a_parked_request_does_not_expire() {
    let mut c = Coordinator::stable();
    c.at(8_000).state(GroupState::PreparingRebalance).rejoin(0).beats(&[1], 100_000).at(100_500).rejoin(1).complete();
    c.at(100_501).sync(0).sync(1).synced();
    assert_eq!(c.end(101_000).wrong(), NONE);
}

#[test]
fn o12_an_expiry_in_spite_of_a_parked_request_says_so() {
    let mut c = Coordinator::stable();
    c.at(8_000).state(GroupState::PreparingRebalance).rejoin(0).beats(&[1], 50_000);
    c.at(52_001).removed(0, RemovalReason::Session);
    let outcome = c.end(52_100);
    let sentence = &outcome.found("timer")[0].sentence;
    let end = "by its session timer at 52.001s with deadline 52.001s although a request of it was parked (SESS)";
    assert!(sentence.ends_with(end), "{sentence}");
}

#[test]
fn o12_two_parked_joins_of_one_client_are_both_answered() {
    let mut c = Coordinator::stable();
    let second = c.forge.member(1);
    c.at(8_000).state(GroupState::PreparingRebalance).rejoin(0);
    let request = c.received(Api::JoinGroup, 0, second);
    c.joins.push((0, request));
    c.complete().beats(&[1], 52_000).at(53_000).forge.removed(0, RemovalReason::Session);
    assert_eq!(c.end(53_500).wrong(), NONE);
}

#[test]
fn o12_a_new_member_has_five_minutes_even_while_parked() {
    for (at, wrong) in [(308_000, NONE), (307_999, vec!["O12"]), (308_001, vec!["O12", "O12"])] {
        let mut c = Coordinator::stable();
        c.at(8_000).first_join(2).state(GroupState::PreparingRebalance);
        // The join timer is 300 s as well; a static member keeps the phase going at that instant.
        c.beats(&[0, 1], 307_900).at(at).removed(2, RemovalReason::Session);
        let wrong_here: Vec<_> = c.end(at).wrong().into_iter().filter(|&oracle| oracle == "O12").collect();
        assert_eq!(wrong_here.is_empty(), wrong.is_empty(), "{at}: {wrong_here:?}");
    }
}

#[test]
fn o12_an_initial_rebalance_waits_for_its_delay_and_is_prolonged_by_a_new_member() {
    let initial = |second: Option<u64>, end: u64| {
        let mut c = Coordinator::new();
        c.at(1_000).first_join(0).state(GroupState::PreparingRebalance);
        if let Some(at) = second {
            c.at(at).first_join(1);
        }
        c.at(end).complete();
        c.end(end + 1).wrong()
    };
    assert_eq!(initial(None, 4_000), NONE, "DELAY-04");
    assert_eq!(initial(None, 3_999), vec!["O12"], "too early, though all have joined (REB-11)");
    assert_eq!(initial(None, 4_001), vec!["O12"], "too late");
    assert_eq!(initial(Some(2_500), 7_000), NONE, "DELAY-03");
    assert_eq!(initial(Some(2_500), 4_000), vec!["O12"], "not prolonged");
    assert_eq!(initial(Some(5_000), 4_000 + 3_000), vec!["O12"], "it should have ended before");
}

#[test]
fn o12_the_initial_delay_is_the_brokers() {
    let mut c = Coordinator::new();
    c.forge.number(ActorId::BROKER, "group.initial.rebalance.delay.ms", 0);
    c.at(1_000).first_join(0).state(GroupState::PreparingRebalance).complete();
    assert_eq!(c.end(1_001).wrong(), NONE);
}

#[test]
fn o12_a_join_phase_ends_when_all_have_joined() {
    let mut c = Coordinator::stable();
    c.at(8_000).rejoin(0).state(GroupState::PreparingRebalance).at(8_500).rejoin(1).complete();
    assert_eq!(c.end(9_000).wrong(), NONE);
    let mut c = Coordinator::stable();
    c.at(8_000).rejoin(0).state(GroupState::PreparingRebalance).at(8_500).complete();
    assert_eq!(c.end(9_000).wrong(), vec!["O12"], "member 1 has not joined");
    let mut c = Coordinator::stable();
    c.at(8_000).rejoin(0).state(GroupState::PreparingRebalance).at(8_500).rejoin(1).at(8_501).complete();
    assert_eq!(c.end(9_000).wrong(), vec!["O12"], "it should have ended at once");
}

fn join_timeout(static_member: bool, at: u64) -> Vec<&'static str> {
    let mut c = Coordinator::stable();
    if static_member {
        let (group, instance) = (c.forge.group, InstanceId(c.forge.sym("one")));
        let (old, client, client_incarnation) = (c.forge.member(1), Forge::actor(1), Incarnation(1));
        c.forge.broker(Kind::MemberRemoved { group, member: old, reason: RemovalReason::Admin });
        let (session_timeout_ms, rebalance_timeout_ms) = (45_000, 300_000);
        c.forge.broker(Kind::MemberAdded {
            group,
            member: old,
            instance,
            client,
            client_incarnation,
            session_timeout_ms,
            rebalance_timeout_ms,
        });
    }
    c.at(8_000).rejoin(0).state(GroupState::PreparingRebalance).beats(&[1], at - 1_000).at(at);
    c.removed(1, RemovalReason::RebalanceTimeout).complete();
    c.end(at + 10).wrong()
}

#[test]
fn o12_members_that_do_not_rejoin_go_when_the_join_timer_fires() {
    assert_eq!(join_timeout(false, 308_000), NONE);
    assert_eq!(join_timeout(false, 200_000), vec!["O12", "O12"], "the removal and the end of the phase");
    assert!(join_timeout(true, 308_000).contains(&"O12"), "static members stay (REB-08)");
}

#[test]
fn o12_the_sync_timer_removes_those_who_have_not_synced() {
    let syncing = |at: u64| {
        let mut c = Coordinator::new();
        c.at(1_000).first_join(0).state(GroupState::PreparingRebalance).at(2_500).first_join(1);
        c.at(7_000).complete().at(7_001).sync(0).beats(&[1], at - 1_000);
        c.at(at).removed(1, RemovalReason::SyncTimeout).state(GroupState::PreparingRebalance);
        c.answer(Api::SyncGroup, 0, 103, ErrorCode::RebalanceInProgress);
        c.end(at + 10).wrong()
    };
    assert_eq!(syncing(307_000), NONE);
    assert_eq!(syncing(306_999), vec!["O12"]);
    assert_eq!(syncing(307_001), vec!["O12", "O12"], "late, and not by its timer");
}

#[test]
fn o12_a_pending_id_expires_exactly_after_its_session_timeout() {
    for (at, wrong) in [(11_000, NONE), (10_999, vec!["O12"]), (11_001, vec!["O12"])] {
        let mut c = Coordinator::new();
        let (group, member, client, client_incarnation) =
            (c.forge.group, c.forge.member(2), Forge::actor(2), Incarnation(1));
        let session_timeout_ms = 10_000;
        c.at(1_000).forge.broker(Kind::MemberPending { group, member, client, client_incarnation, session_timeout_ms });
        c.at(at).forge.broker(Kind::PendingEnded { group, member, reason: PendingEnd::Expired });
        assert_eq!(c.end(at + 1).wrong(), wrong, "{at}");
    }
}

#[test]
fn o12_a_client_leaves_for_max_poll_only_when_its_time_is_over() {
    for (at, wrong) in [(12_000, NONE), (11_999, vec!["O12"])] {
        let mut c = Coordinator::stable();
        c.forge.number(Forge::actor(1), "max.poll.interval.ms", 4_000);
        c.at(8_000).forge.by(1, Kind::Poll {});
        c.at(at).forge.by(1, Kind::PollTimeout {});
        c.at(12_001).removed(1, RemovalReason::MaxPoll).state(GroupState::PreparingRebalance);
        c.at(12_500).rejoin(0).complete();
        assert_eq!(c.end(12_600).wrong(), wrong, "{at}");
    }
    let mut c = Coordinator::stable();
    c.at(12_001).removed(1, RemovalReason::MaxPoll).state(GroupState::PreparingRebalance);
    c.at(12_500).rejoin(0).complete();
    assert_eq!(c.end(12_600).wrong(), vec!["O12"], "without a poll timeout");
}
