//! Recordings made by hand, and the traces that come of them.

use super::*;
use crate::kafka::member::Told;
use crate::kafka::real::recording::Note;
use crate::kafka::wire::{Answered, Asked, What};
use crate::oracle::Judge;
use crate::protocol::{ErrorCode, GroupState};
use crate::trace::{Observer, RemovalReason};

/// t = 0 on the clock of these recordings.
const START: u64 = 7_000_000;

struct Tape {
    scenario: Scenario,
    names: RunNames,
    recording: Recording,
    correlation: i32,
}

impl Tape {
    /// Members `app-0` and `app-1` of one group on one topic of two partitions.
    fn new() -> Tape {
        let text = r#"
            name = "by hand"
            protocol = "classic"
            run-for = "60s"
            [topic.orders]
            partitions = 2
            [group.app]
            members = 2
            commit = { when = "after-record", mode = "sync" }
            [group.app.config]
            auto.offset.reset = "earliest"
            session.timeout.ms = 6_000
            max.poll.interval.ms = 15_000
        "#;
        let mut tape = Tape {
            scenario: crate::scenario::parse("by-hand.toml", text, &[]).expect("a right scenario").scenario,
            names: RunNames::unique(),
            recording: Recording::default(),
            correlation: 0,
        };
        tape.note(0, Note::Topic("orders".to_owned(), 2));
        tape
    }

    fn push(&mut self, ms: u64, item: Item) {
        self.recording.push(Stamp(START + ms * 1_000), item);
    }

    fn note(&mut self, ms: u64, note: Note) {
        self.push(ms, Item::Note(note));
    }

    fn told(&mut self, ms: u64, life: usize, told: Told) {
        self.push(ms, Item::Told(life, told));
    }

    fn place(&self, partition: u32) -> Place {
        (self.names.real("orders"), partition)
    }

    fn start(&mut self, ms: u64, process: usize, incarnation: u32) -> usize {
        let life = self.recording.live(process, Incarnation(incarnation));
        self.told(ms, life, Told::Start);
        life
    }

    fn ask(&mut self, ms: u64, life: usize, request: Asked) -> i32 {
        self.correlation += 1;
        let correlation = self.correlation;
        self.push(ms, Item::Wire(life, What::Request { connection: 1, correlation, version: 7, request }));
        correlation
    }

    fn answer(&mut self, ms: u64, life: usize, correlation: i32, answer: Answered) {
        self.push(ms, Item::Wire(life, What::Answer { connection: 1, correlation, answer }));
    }

    fn join(&mut self, ms: u64, life: usize, member: &str) -> i32 {
        let group = self.names.real("app");
        let (session_timeout_ms, rebalance_timeout_ms) = (6_000, 15_000);
        let (member, protocols) = (member.to_owned(), vec!["range".to_owned()]);
        self.ask(
            ms,
            life,
            Asked::Join { group, member, instance: None, session_timeout_ms, rebalance_timeout_ms, protocols },
        )
    }

    /// The answer to a leader, who is told of `members`, or to a follower.
    fn joined(&mut self, ms: u64, life: usize, correlation: i32, generation: i32, id: &str, members: &[&str]) {
        let answer = Answered::Join {
            error: 0,
            generation,
            protocol: "range".to_owned(),
            leader: members.first().copied().unwrap_or("m0").to_owned(),
            member: id.to_owned(),
            members: members.iter().map(|member| ((*member).to_owned(), None)).collect(),
        };
        self.answer(ms, life, correlation, answer);
    }

    /// The leader's SyncGroup and its answer: everything is its own.
    fn sync(&mut self, ms: u64, life: usize, generation: i32, id: &str) {
        let (group, topic) = (self.names.real("app"), self.names.real("orders"));
        let mine = vec![(topic, vec![0, 1])];
        let assignments = vec![(id.to_owned(), mine.clone())];
        let sync = self.ask(ms, life, Asked::Sync { group, generation, member: id.to_owned(), assignments });
        self.answer(ms + 1, life, sync, Answered::Sync { error: 0, assignment: mine });
        self.told(ms + 2, life, Told::Owned(vec![self.place(0), self.place(1)]));
    }

    /// `app-0` is alone in generation 1 as `m0`, from 3 s on.
    fn alone(&mut self) -> usize {
        let life = self.start(0, 0, 1);
        let first = self.join(5, life, "");
        let answer = Answered::Join {
            error: ErrorCode::MemberIdRequired.code(),
            generation: -1,
            protocol: String::new(),
            leader: String::new(),
            member: "m0".to_owned(),
            members: Vec::new(),
        };
        self.answer(6, life, first, answer);
        let second = self.join(7, life, "m0");
        self.joined(3_007, life, second, 1, "m0", &["m0"]);
        self.sync(3_008, life, 1, "m0");
        life
    }

    fn described(&mut self, ms: u64, members: &[&str]) {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        let what = What::Described { group: self.names.real("app"), state: "Stable".to_owned(), members };
        self.push(ms, Item::Group(0, what));
    }

    /// The trace, of which the judges find nothing that cannot be.
    fn trace(&self) -> Trace {
        let trace = assemble(&self.scenario, 0, &self.names, &self.recording, Stamp(START));
        let mut judge = Judge::new(&self.scenario.expect, false, false).without_timers();
        trace.events.iter().for_each(|event| judge.observe(event, &trace.names));
        let outcome = judge.finish(&trace.names, Instant::from_ms(60_000));
        assert!(!outcome.model_broken(), "{:?}", outcome.findings);
        trace
    }
}

/// Names of kinds with the milliseconds at which they happened, of those that `which` picks.
fn kinds(trace: &Trace, which: &[&str]) -> Vec<(u64, &'static str)> {
    let events = trace.events.iter().filter(|event| which.contains(&event.kind.name()));
    events.map(|event| (event.t.as_ms(), event.kind.name())).collect()
}

fn removals(trace: &Trace) -> Vec<(u64, RemovalReason)> {
    let removals = trace.events.iter().filter_map(|event| match event.kind {
        Kind::MemberRemoved { reason, .. } => Some((event.t.as_ms(), reason)),
        _ => None,
    });
    removals.collect()
}

fn states(trace: &Trace) -> Vec<(u64, GroupState)> {
    let states = trace.events.iter().filter_map(|event| match event.kind {
        Kind::GroupStateChanged { to, .. } => Some((event.t.as_ms(), to)),
        _ => None,
    });
    states.collect()
}

#[test]
fn a_first_join_makes_a_member_a_generation_and_owners() {
    let mut tape = Tape::new();
    tape.alone();
    let trace = tape.trace();
    let which = ["member_pending", "member_added", "generation", "assigned", "joined", "owned", "position"];
    assert_eq!(
        kinds(&trace, &which),
        [
            (6, "member_pending"),
            (7, "member_added"),
            (3_007, "generation"),
            (3_009, "assigned"),
            (3_009, "joined"),
            (3_010, "owned"),
            (3_010, "position"),
            (3_010, "position"),
        ]
    );
    use GroupState::{CompletingRebalance, PreparingRebalance, Stable};
    assert_eq!(states(&trace), [(7, PreparingRebalance), (3_007, CompletingRebalance), (3_009, Stable)]);
}

#[test]
fn a_ghost_that_the_next_generation_lacks_has_expired() {
    let mut tape = Tape::new();
    let life = tape.alone();
    tape.note(10_000, Note::Crash(life));
    let next = tape.start(11_000, 0, 2);
    let join = tape.join(11_005, next, "m1");
    tape.described(11_050, &["m0", "m1"]);
    tape.joined(15_000, next, join, 2, "m1", &["m1"]);
    tape.sync(15_001, next, 2, "m1");
    let trace = tape.trace();
    assert_eq!(removals(&trace), [(15_000, RemovalReason::Session)]);
    assert_eq!(
        kinds(&trace, &["crash", "generation"]),
        [(3_007, "generation"), (10_000, "crash"), (15_000, "generation")]
    );
}

#[test]
fn the_last_member_that_vanishes_leaves_an_empty_group() {
    let mut tape = Tape::new();
    let life = tape.alone();
    tape.described(3_100, &["m0"]);
    tape.note(10_000, Note::Crash(life));
    tape.described(15_030, &[]);
    let trace = tape.trace();
    assert_eq!(removals(&trace), [(15_030, RemovalReason::Session)]);
    assert_eq!(states(&trace).last(), Some(&(15_030, GroupState::Empty)));
    assert_eq!(kinds(&trace, &["generation"]).len(), 2, "an empty group is a generation of its own");
}

#[test]
fn who_leaves_without_having_been_told_to_stop_was_too_slow() {
    let mut tape = Tape::new();
    let life = tape.alone();
    let (group, members) = (tape.names.real("app"), vec!["m0".to_owned()]);
    let leave = tape.ask(18_500, life, Asked::Leave { group, members });
    tape.answer(18_501, life, leave, Answered::Leave { error: 0 });
    tape.told(30_000, life, Told::PollTimeout);
    let trace = tape.trace();
    assert_eq!(removals(&trace), [(18_500, RemovalReason::MaxPoll)]);
    assert_eq!(kinds(&trace, &["poll_timeout"]), [(18_500, "poll_timeout")]);
}

#[test]
fn a_member_that_stops_leaves() {
    let mut tape = Tape::new();
    let life = tape.alone();
    tape.told(10_000, life, Told::Stop);
    let (group, members) = (tape.names.real("app"), vec!["m0".to_owned()]);
    // The proxy may see it when the process is gone already.
    tape.told(10_003, life, Told::Closed);
    tape.ask(10_004, life, Asked::Leave { group, members });
    let trace = tape.trace();
    assert_eq!(removals(&trace), [(10_003, RemovalReason::Leave)]);
    assert_eq!(
        kinds(&trace, &["leave_sent", "closed", "leave_lost"]),
        [(10_003, "leave_sent"), (10_003, "leave_lost"), (10_003, "closed")]
    );
}

#[test]
fn a_frozen_process_neither_sends_nor_reads() {
    let mut tape = Tape::new();
    let life = tape.alone();
    tape.note(10_000, Note::Pause(life));
    let (group, member) = (tape.names.real("app"), "m0".to_owned());
    let heartbeat = tape.ask(10_001, life, Asked::Heartbeat { group, generation: 1, member });
    tape.answer(10_002, life, heartbeat, Answered::Heartbeat { error: 0 });
    tape.note(12_000, Note::Resume(life));
    let trace = tape.trace();
    assert_eq!(
        kinds(&trace, &["pause", "resume", "heartbeat_sent", "heartbeat_applied", "heartbeat_reply_seen"]),
        [
            (10_000, "heartbeat_sent"),
            (10_000, "pause"),
            (10_002, "heartbeat_applied"),
            (12_000, "resume"),
            (12_000, "heartbeat_reply_seen"),
        ]
    );
}

#[test]
fn a_commit_without_an_answer_is_proved_by_who_begins_there() {
    for (next, applied) in [(1, 1), (0, 0)] {
        let mut tape = Tape::new();
        let life = tape.alone();
        let (place, topic) = (tape.place(0), tape.names.real("orders"));
        let note = Note::Append { topic: "orders".to_owned(), partition: 0, from: 0, to: 5, producer: ActorId::DRIVER };
        tape.note(3_000, note);
        tape.told(4_000, life, Told::Delivered(place.clone(), 0));
        tape.told(4_000, life, Told::ProcessStart(place.clone(), 0, Some(5_000)));
        tape.told(4_006, life, Told::ProcessDone(place.clone(), 0));
        tape.told(4_006, life, Told::Commits { origin: "sync".to_owned(), offsets: vec![(place.clone(), 1)] });
        let (group, member) = (tape.names.real("app"), "m0".to_owned());
        tape.ask(4_007, life, Asked::Commit { group, generation: 1, member, partitions: vec![(topic, 0, 1)] });
        tape.note(4_007, Note::Crash(life));
        let heir = tape.start(5_000, 0, 2);
        let join = tape.join(5_005, heir, "m1");
        tape.joined(10_010, heir, join, 2, "m1", &["m1"]);
        tape.sync(10_011, heir, 2, "m1");
        tape.told(10_020, heir, Told::Delivered(place.clone(), next));
        let trace = tape.trace();
        assert_eq!(kinds(&trace, &["commit_partition_applied"]).len(), applied);
        assert_eq!(kinds(&trace, &["process_start", "process_done", "commit_lost"]).len(), 3);
    }
}

#[test]
fn records_are_in_the_log_before_anybody_has_them() {
    let mut tape = Tape::new();
    let life = tape.alone();
    for (ms, from) in [(4_003, 0), (4_004, 1), (4_200, 2)] {
        let (topic, partition, to) = ("orders".to_owned(), 0, from + 1);
        tape.note(ms, Note::Append { topic, partition, from, to, producer: ActorId::DRIVER });
    }
    let place = tape.place(0);
    for offset in 0..2 {
        tape.told(4_001, life, Told::Delivered(place.clone(), offset));
    }
    let trace = tape.trace();
    assert_eq!(
        kinds(&trace, &["append", "delivered"]),
        [(4_001, "append"), (4_001, "delivered"), (4_001, "delivered"), (4_200, "append")]
    );
}

#[test]
fn the_record_in_work_at_a_crash_is_interrupted() {
    let mut tape = Tape::new();
    let life = tape.alone();
    let (topic, place) = ("orders".to_owned(), tape.place(1));
    tape.note(3_000, Note::Append { topic, partition: 1, from: 0, to: 1, producer: ActorId::DRIVER });
    tape.told(4_000, life, Told::Delivered(place.clone(), 0));
    tape.told(4_000, life, Told::ProcessStart(place, 0, Some(5_000)));
    tape.note(4_050, Note::Crash(life));
    let trace = tape.trace();
    assert_eq!(kinds(&trace, &["process_done", "interrupted", "crash"]), [(4_050, "interrupted"), (4_050, "crash")]);
}
