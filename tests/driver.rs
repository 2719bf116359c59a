//! The virtual-time driver against what scenario files promise: every verb and fault, to the microsecond.
//!
//! A single member of a group without initial delay, on a network of 1 ms, begins its first record at 14 ms: seven round
//! trips (coordinator, two joins, sync, offset fetch, list offsets, fetch). Stand-alone readers need three.

use groupsim::ids::{Names, Seq};
use groupsim::scenario::parse;
use groupsim::sim::{RunEnd, RunOptions, run};
use groupsim::time::Instant;
use groupsim::trace::field::FieldValue;
use groupsim::trace::{Event, Kind, Observer};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Keep(Vec<Event>);

impl Observer for Keep {
    fn observe(&mut self, event: &Event, _: &Names) {
        self.0.push(*event);
    }
}

/// A run with its events.
struct Seen {
    events: Vec<Event>,
    end: RunEnd,
    actors: BTreeMap<u32, String>,
}

/// Fields that would only make the lines long.
const UNSHOWN: [&str; 6] = ["group", "member", "client", "client_incarnation", "request", "generation"];

impl Seen {
    #[track_caller]
    fn of(text: &str) -> Seen {
        Seen::seeded(text, 0)
    }

    #[track_caller]
    fn seeded(text: &str, seed: u64) -> Seen {
        let loaded = parse("driver.toml", text, &[]).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let mut keep = Keep::default();
        let options = RunOptions { seed: Some(seed), event_budget: Some(3_000_000), ..RunOptions::default() };
        let end = run(&loaded.scenario, options, &mut [&mut keep]);
        let actor = |event: &Event| match event.kind {
            Kind::MetaActor { subject, name, .. } => Some((subject.0, end.names.text(name).to_owned())),
            _ => None,
        };
        let actors = keep.0.iter().filter_map(actor).collect();
        Seen { events: keep.0, end, actors }
    }

    fn name(&self, actor: u32) -> &str {
        self.actors.get(&actor).map_or("?", String::as_str)
    }

    /// Events of an actor of some kinds.
    fn events<'s>(&'s self, actor: &'s str, kinds: &'s [&'s str]) -> impl Iterator<Item = &'s Event> {
        let of_kind = move |e: &&Event| kinds.is_empty() || kinds.contains(&e.kind.name());
        self.events.iter().filter(move |e| self.name(e.actor.0) == actor).filter(of_kind)
    }

    fn field(&self, event: &Event, name: &str) -> String {
        let fields = event.kind.fields(&self.end.names);
        match fields.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value) {
            Some(FieldValue::Text(text)) => text,
            Some(FieldValue::Int(n)) if name == "client" || name == "target" => self.name(n as u32).to_owned(),
            Some(FieldValue::Int(n)) => n.to_string(),
            None => String::new(),
        }
    }

    /// `4.500s process_done t-0 0 4`
    fn show(&self, actor: &str, kinds: &[&str]) -> Vec<String> {
        let line = |event: &Event| {
            let fields = event.kind.fields(&self.end.names).into_iter();
            let shown = fields.filter(|(name, _)| !UNSHOWN.contains(name)).map(|(name, _)| self.field(event, name));
            let words: Vec<String> =
                [event.t.to_string(), event.kind.name().to_owned()].into_iter().chain(shown).collect();
            words.join(" ")
        };
        self.events(actor, kinds).map(line).collect()
    }

    /// When an actor did something.
    fn at(&self, actor: &str, kind: &str) -> Vec<String> {
        self.events(actor, &[kind]).map(|e| e.t.to_string()).collect()
    }

    /// When the broker did something for a client.
    fn broker(&self, client: &str, kind: &str) -> Vec<String> {
        self.events("broker", &[kind]).filter(|e| self.field(e, "client") == client).map(|e| e.t.to_string()).collect()
    }

    /// Events of the broker, shown.
    fn broker_shows(&self, kinds: &[&str]) -> Vec<String> {
        self.show("broker", kinds)
    }
}

fn ms(t: Instant) -> u64 {
    t.as_us() / 1_000
}

/// A group `g` that reads a topic `t` of as many partitions as it has members.
struct Group {
    members: u32,
    partitions: u32,
    records: u64,
    per_record: &'static str,
    batch: u32,
    commit: &'static str,
    delay: u32,
    run_for: &'static str,
    latency: &'static str,
    group: &'static str,
    config: &'static str,
}

/// One member, ten records a batch, a second each.
const ONE: Group = Group {
    members: 1,
    partitions: 1,
    records: 1_000,
    per_record: "1s",
    batch: 10,
    commit: r#"{ when = "after-batch", mode = "sync", on-revoke = true }"#,
    delay: 0,
    run_for: "2m",
    latency: r#""1ms""#,
    group: "",
    config: "",
};

/// Nothing to read.
const IDLE: Group = Group { records: 0, ..ONE };

impl Group {
    fn text(&self, events: &[&str]) -> String {
        let Group { members, partitions, records, per_record, batch, commit, delay, run_for, latency, group, config } =
            self;
        let events = events.iter().map(|event| format!("  {{ {event} }},\n")).collect::<String>();
        format!(
            "name = \"driver\"\nrun-for = \"{run_for}\"\n[broker.config]\ngroup.initial.rebalance.delay.ms = {delay}\n\
             group.min.session.timeout.ms = 0\n[network]\nlatency = {latency}\n\
             [topic.t]\npartitions = {partitions}\nrecords = {records}\n\
             [group.g]\nmembers = {members}\nprocess = {{ per-record = \"{per_record}\" }}\ncommit = {commit}\n{group}\n\
             [group.g.config]\nauto.offset.reset = \"earliest\"\nmax.poll.records = {batch}\n{config}\n\
             [timeline]\nevents = [\n{events}]\n"
        )
    }

    #[track_caller]
    fn run(&self, events: &[&str]) -> Seen {
        Seen::of(&self.text(events))
    }

    #[track_caller]
    fn seeded(&self, seed: u64, events: &[&str]) -> Seen {
        Seen::seeded(&self.text(events), seed)
    }
}

const HANDLER: [&str; 5] = ["process_start", "process_done", "interrupted", "dropped", "crash"];

// ------------------------------------------------------------------------------------------------------------- crash

#[test]
fn crash_finishes_what_is_done_and_interrupts_the_record_in_work() {
    let seen = ONE.run(&[r#"at = "4500ms", crash = "g-0""#]);
    assert_eq!(
        seen.show("g-0", &HANDLER),
        [
            "14ms process_start t-0 0 10 1000000",
            "4.500s process_done t-0 0 4",
            "4.500s interrupted t-0 4",
            "4.500s dropped t-0 5 10 ended",
            "4.500s crash",
        ]
    );
    assert_eq!(seen.events("g-0", &[]).last().unwrap().kind, Kind::Crash {});
    // The last heartbeat was sent at 3.006 s, and answered a millisecond later.
    assert_eq!(seen.broker_shows(&["member_removed"]), ["48.007s member_removed session"]);
}

#[test]
fn crash_lets_what_was_sent_arrive_and_its_answer_go_nowhere() {
    let seen = ONE.run(&[r#"at = "10014500us", crash = "g-0""#]);
    assert_eq!(seen.at("g-0", "commit_sent"), ["10.014s"]);
    assert_eq!(seen.broker_shows(&["commit_partition_applied"]), ["10.015s commit_partition_applied t-0 10"]);
    assert_eq!(seen.events("g-0", &[]).filter(|e| e.t > Instant::from_us(10_014_500) && ms(e.t) > 10_014).count(), 0);
}

#[test]
fn crash_leaves_a_parked_join_parked_and_it_counts() {
    let two = Group { members: 2, partitions: 2, delay: 3_000, ..IDLE };
    let seen = two.run(&[r#"at = "4s", crash = "g-0""#]);
    let generation = seen.events("broker", &["generation"]).next().unwrap();
    assert_eq!((generation.t.to_string(), seen.field(generation, "members")), ("6.005s".into(), "2".into()));
    assert_eq!(seen.broker("g-0", "join_applied"), ["6.005s"]);
}

#[test]
fn crash_leaves_a_parked_sync_parked_and_it_counts() {
    let two = Group { members: 2, partitions: 2, delay: 3_000, ..IDLE };
    // The first to join leads: g-0. Frozen, it lets g-1's SyncGroup wait at the coordinator.
    let seen = two.run(&[
        r#"at = "1s", start = "g-1""#,
        r#"at = "4s", pause = "g-0", for = "20s""#,
        r#"at = "10s", crash = "g-1""#,
    ]);
    assert_eq!(seen.broker("g-1", "sync_received"), ["6.007s"]);
    assert_eq!(seen.broker("g-1", "sync_applied"), ["24.001s"]);
    let assigned: Vec<String> = seen.events("broker", &["assigned"]).map(|e| e.t.to_string()).collect();
    assert_eq!(assigned[..2], ["24.001s", "24.001s"], "both have a share");
}

// -------------------------------------------------------------------------------------------------------------- stop

const CLOSING: [&str; 7] =
    ["stop", "process_done", "commit_partition_sent", "revoked", "leave_sent", "closed", "killed"];

#[test]
fn stop_waits_for_the_batch_then_commits_revokes_and_leaves() {
    let never = Group { commit: r#"{ when = "never", on-revoke = true }"#, ..ONE };
    let seen = never.run(&[r#"at = "1s", stop = "g-0""#]);
    assert_eq!(
        seen.show("g-0", &CLOSING),
        [
            "1s stop",
            "10.014s process_done t-0 0 10",
            "10.014s commit_partition_sent t-0 10 close",
            "10.016s revoked t 0 1",
            "10.016s leave_sent",
            "10.018s closed",
        ]
    );
    assert_eq!(seen.broker_shows(&["member_removed"]), ["10.017s member_removed leave"]);
}

#[test]
fn stop_kills_when_the_grace_is_over() {
    let slow = Group { per_record: "10s", ..ONE };
    let seen = slow.run(&[r#"at = "5s", stop = "g-0""#]);
    assert_eq!(seen.show("g-0", &CLOSING), ["5s stop", "35s process_done t-0 0 3", "35s killed"]);
    let killed = seen.events("g-0", &["killed"]).next().unwrap();
    let cause = seen.events.iter().find(|e| e.seq == killed.cause).unwrap();
    assert_eq!(cause.kind.name(), "fault_start");
    let seen = slow.run(&[r#"at = "5s", stop = "g-0", grace = "2s""#]);
    assert_eq!(seen.at("g-0", "killed"), ["7s"]);
    let seen = IDLE.run(&[r#"at = "5s", stop = "g-0", grace = "0s""#]);
    assert_eq!(seen.at("g-0", "killed"), ["5s"]);
}

#[test]
fn stop_of_a_static_member_leaves_nothing_behind_but_its_session() {
    let fixed = Group { group: "static = true", ..IDLE };
    let seen = fixed.run(&[r#"at = "10s", stop = "g-0""#]);
    assert_eq!(seen.show("g-0", &CLOSING), ["10s stop", "10s revoked t 0 1", "10s closed"]);
    assert_eq!(seen.at("g-0", "leave_sent"), [""; 0]);
    assert_eq!(seen.broker_shows(&["member_removed"]), ["54.005s member_removed session"]);
}

// ----------------------------------------------------------------------------------------------------------- restart

#[test]
fn restart_starts_after_down_for_or_when_the_old_process_is_gone() {
    let seen = IDLE.run(&[r#"at = "20s", restart = "g-0", down-for = "8s""#]);
    assert_eq!(seen.at("g-0", "start"), ["0s", "28s"]);
    assert_eq!(seen.at("driver", "fault_end"), ["28s"]);
    let seen = ONE.run(&[r#"at = "1s", restart = "g-0", down-for = "2s""#]);
    assert_eq!(seen.at("g-0", "closed"), ["10.018s"]);
    assert_eq!(seen.at("g-0", "start"), ["0s", "10.018s"]);
    let seen = IDLE.run(&[r#"at = "20s", restart = "g-0""#]);
    assert_eq!(seen.at("g-0", "start"), ["0s", seen.at("g-0", "closed")[0].as_str()]);
    // Killed in the middle of it, it comes back when it would have.
    let seen = ONE.run(&[r#"at = "1s", restart = "g-0", down-for = "8s""#, r#"at = "2s", crash = "g-0""#]);
    assert_eq!((seen.at("g-0", "crash"), seen.at("g-0", "start")), (vec!["2s".into()], vec!["0s".into(), "9s".into()]));
}

#[test]
fn restart_keeps_the_name_and_gives_a_new_incarnation_and_member_id() {
    let seen = IDLE.run(&[r#"at = "20s", restart = "g-0", down-for = "8s""#]);
    let lives: Vec<u32> = seen.events("g-0", &["start"]).map(|e| e.incarnation.0).collect();
    assert_eq!(lives, [1, 2]);
    let ids: Vec<String> = seen.events("broker", &["member_added"]).map(|e| seen.field(e, "member")).collect();
    assert!(ids.len() == 2 && ids[0] != ids[1], "{ids:?}");
    let fixed = Group { group: "static = true", ..IDLE };
    let seen = fixed.run(&[r#"at = "20s", restart = "g-0", down-for = "8s""#]);
    let added: Vec<String> = seen.events("broker", &["member_added"]).map(|e| seen.field(e, "instance")).collect();
    assert_eq!(added, ["g-0"], "no second member: the instance is replaced");
    assert_eq!(seen.at("broker", "member_removed"), [""; 0]);
}

#[test]
fn restart_one_every_gives_independent_instants() {
    let three = Group { members: 3, partitions: 3, ..ONE };
    let seen = three.run(&[r#"at = "20s", restart = "g-*", one-every = "3s", down-for = "1s""#]);
    let starts: Vec<(String, String)> =
        seen.events("driver", &["fault_start"]).map(|e| (e.t.to_string(), seen.field(e, "target"))).collect();
    let expected = [("20s", "g-0"), ("23s", "g-1"), ("26s", "g-2")];
    assert_eq!(starts, expected.map(|(t, name)| (t.to_owned(), name.to_owned())));
    assert_eq!(seen.at("g-2", "stop"), ["26s"]);
}

#[test]
fn a_start_that_was_called_off_does_not_come_back_early() {
    // The first restart would start g-1 at 50 s; scaling down calls that off, scaling up starts it again, and the second
    // restart wants it down until 75 s.
    let two = Group { members: 2, partitions: 2, ..IDLE };
    let seen = two.run(&[
        r#"at = "20s", restart = "g-1", down-for = "30s""#,
        r#"at = "30s", scale = "g", to = 1"#,
        r#"at = "40s", scale = "g", to = 2"#,
        r#"at = "45s", restart = "g-1", down-for = "30s""#,
    ]);
    assert_eq!(seen.at("g-1", "start"), ["0s", "40s", "1m15s"]);
}

#[test]
fn with_holds_for_the_new_process_and_later_ones() {
    let seen = IDLE.run(&[
        r#"at = "20s", restart = "g-0", with = { session.timeout.ms = 10_000 }"#,
        r#"at = "40s", restart = "g-0""#,
    ]);
    let sessions: Vec<String> =
        seen.events("broker", &["member_added"]).map(|e| seen.field(e, "session_timeout_ms")).collect();
    assert_eq!(sessions, ["45000", "10000", "10000"]);
}

// ------------------------------------------------------------------------------------------------------------- pause

#[test]
fn pause_fires_no_timer_and_the_record_in_work_needs_its_remaining_time() {
    let slow = Group { per_record: "4s", batch: 1, ..ONE };
    let seen = slow.run(&[r#"at = "2s", pause = "g-0", for = "10s""#]);
    let around: Vec<String> = seen
        .events("g-0", &[])
        .filter(|e| (2_000..12_000).contains(&ms(e.t)))
        .map(|e| e.kind.name().to_owned())
        .collect();
    assert_eq!(around, ["pause"]);
    assert_eq!(seen.at("g-0", "resume"), ["12s"]);
    assert_eq!(seen.at("g-0", "process_done")[0], "14.014s");
    // The heartbeat of 3.006 s was overdue.
    assert_eq!(seen.at("g-0", "heartbeat_sent")[..2], ["12s", "15s"]);
}

#[test]
fn pause_applies_what_was_sent_and_reads_the_answer_on_resume() {
    let seen = ONE.run(&[r#"at = "10014500us", pause = "g-0", for = "7s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "10.015s");
    assert_eq!(seen.at("g-0", "commit_reply_seen")[0], "17.014500s");
}

#[test]
fn resume_takes_answers_in_order_on_a_connection_and_deadlines_in_drawn_order() {
    // The commit of 10.014 s and the heartbeat of 12.006 s go over the coordinator's connection; both answers wait.
    let asynchronous = Group { commit: r#"{ when = "after-batch", mode = "async" }"#, batch: 3, ..ONE };
    let mut orders = BTreeSet::new();
    for seed in 0..40 {
        let seen = asynchronous.seeded(seed, &[r#"at = "3014500us", pause = "g-0", for = "20s""#]);
        let at: Vec<(String, String)> = seen
            .events("g-0", &["commit_reply_seen", "heartbeat_sent", "heartbeat_reply_seen"])
            .filter(|e| ms(e.t) == 23_014)
            .map(|e| (e.t.to_string(), e.kind.name().to_owned()))
            .collect();
        assert!(at.iter().all(|(t, _)| t == "23.014500s"), "{at:?}");
        orders.insert(at.into_iter().map(|(_, kind)| kind).collect::<Vec<_>>());
    }
    let commit_first = vec!["commit_reply_seen".to_owned(), "heartbeat_sent".to_owned()];
    let heartbeat_first = vec!["heartbeat_sent".to_owned(), "commit_reply_seen".to_owned()];
    assert_eq!(orders, BTreeSet::from([commit_first, heartbeat_first]));
}

#[test]
fn pause_longer_than_the_session_costs_the_membership() {
    let seen = IDLE.run(&[r#"at = "10s", pause = "g-0", for = "60s""#]);
    assert_eq!(seen.broker_shows(&["member_removed"]), ["54.007s member_removed session"]);
    assert_eq!(seen.at("g-0", "resume"), ["1m10s"]);
    assert_eq!(seen.events("broker", &["member_added"]).count(), 2);
}

#[test]
fn pause_longer_than_max_poll_interval_is_noticed_on_resume() {
    let strict = Group { config: "max.poll.interval.ms = 20_000", ..ONE };
    let seen = strict.run(&[r#"at = "2s", pause = "g-0", for = "30s""#]);
    assert_eq!(seen.at("g-0", "poll_timeout")[0], "32s");
}

#[test]
fn overlapping_pauses_freeze_until_the_last_is_over() {
    let seen = IDLE.run(&[
        r#"at = "10s", pause = "g-0", for = "10s""#,
        r#"at = "15s", pause = "g-0", for = "15s""#,
        r#"at = "30s", pause = "g-0", for = "5s""#,
    ]);
    assert_eq!((seen.at("g-0", "pause"), seen.at("g-0", "resume")), (vec!["10s".into()], vec!["35s".into()]));
}

#[test]
fn pause_without_for_lasts_to_the_end() {
    let seen = ONE.run(&[r#"at = "10s", pause = "g-0""#, r#"at = "12s", pause = "g-0", for = "1s""#]);
    assert_eq!(seen.events("g-0", &[]).last().unwrap().t.to_string(), "10s");
}

#[test]
fn a_paused_process_can_be_killed_and_a_stop_waits_for_it_to_go_on() {
    let seen = ONE.run(&[r#"at = "2500ms", pause = "g-0""#, r#"at = "9s", crash = "g-0""#]);
    assert_eq!(
        seen.show("g-0", &HANDLER)[1..],
        ["2.500s process_done t-0 0 2", "9s interrupted t-0 2", "9s dropped t-0 3 10 ended", "9s crash"]
    );
    let seen = IDLE.run(&[r#"at = "10s", pause = "g-0", for = "20s""#, r#"at = "15s", stop = "g-0""#]);
    assert_eq!((seen.at("g-0", "stop"), seen.at("g-0", "killed")), (vec!["30s".into()], vec![]));
    let seen = IDLE.run(&[r#"at = "10s", pause = "g-0""#, r#"at = "15s", restart = "g-0", down-for = "2s""#]);
    assert_eq!(
        (seen.at("g-0", "killed"), seen.at("g-0", "start")[1..].to_vec()),
        (vec!["45s".into()], vec!["45s".into()])
    );
    // The new process is not frozen by the old one's pause.
    assert_eq!(seen.events("broker", &["member_added"]).count(), 2);
}

// --------------------------------------------------------------------------------------------------------------- cut

#[test]
fn cut_stalls_both_directions_and_what_is_on_its_way() {
    let seen = ONE.run(&[r#"at = "10014500us", cut = "g-0", for = "5s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "15.014500s");
    assert_eq!(seen.at("g-0", "commit_reply_seen")[0], "15.015500s");
    let seen = ONE.run(&[r#"at = "10015500us", cut = "g-0", for = "5s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "10.015s");
    assert_eq!(seen.at("g-0", "commit_reply_seen")[0], "15.015500s");
}

#[test]
fn bytes_of_a_healed_cut_arrive_in_order() {
    let asynchronous = Group { commit: r#"{ when = "after-record", mode = "async" }"#, ..ONE };
    for seed in 0..20 {
        let seen = asynchronous.seeded(seed, &[r#"at = "2500ms", cut = "g-0", for = "20s""#]);
        let offsets: Vec<i64> = seen
            .events("broker", &["commit_partition_applied"])
            .filter(|e| ms(e.t) == 22_500)
            .map(|e| seen.field(e, "offset").parse().unwrap())
            .collect();
        // One request at a time, so all that waited are applied at the instant of healing.
        assert_eq!(offsets, (3..=22).collect::<Vec<i64>>(), "seed {seed}");
    }
}

#[test]
fn cut_longer_than_the_request_timeout_drops_the_connection() {
    let mut applied = BTreeSet::new();
    for seed in 0..20 {
        let seen = ONE.seeded(seed, &[r#"at = "10014500us", cut = "g-0", for = "40s""#]);
        assert_eq!(seen.at("g-0", "commit_timeout")[0], "40.014s");
        assert!(seen.show("g-0", &["disconnected"]).contains(&"40.014s disconnected coordinator".to_owned()));
        let late = seen.broker("g-0", "commit_partition_applied").into_iter().find(|t| t == "50.014500s");
        applied.insert(late.is_some());
        let again = seen.events("g-0", &["commit_sent"]).nth(1).unwrap();
        assert_eq!(again.t.to_string(), "50.015500s", "it asks for the coordinator, then sends the commit again");
    }
    assert_eq!(applied, BTreeSet::from([false, true]), "whether the request was applied is drawn");
}

#[test]
fn cut_during_a_parked_join_delivers_the_answer_when_healed() {
    let seen = Group { delay: 3_000, ..IDLE }.run(&[r#"at = "1s", cut = "g-0", for = "9s""#]);
    assert_eq!(seen.broker("g-0", "join_applied"), ["3.005s"]);
    assert_eq!(seen.at("g-0", "join_reply_seen")[1], "10s");
}

#[test]
fn overlapping_cuts_hold_until_the_last_is_healed_and_one_to_the_end_for_ever() {
    let seen = ONE.run(&[r#"at = "10014500us", cut = "g-0", for = "5s""#, r#"at = "12s", cut = "g-0", for = "10s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "22s");
    let seen = ONE.run(&[r#"at = "10014500us", cut = "g-0""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied"), [""; 0]);
    assert!(seen.events("g-0", &["heartbeat_reply_seen"]).all(|e| ms(e.t) < 10_015));
}

#[test]
fn a_member_that_starts_while_cut_off_is_heard_when_healed() {
    let seen = IDLE.run(&[
        r#"at = "10s", cut = "g-0", for = "30s""#,
        r#"at = "20s", crash = "g-0""#,
        r#"at = "25s", start = "g-0""#,
    ]);
    let second = seen.events("g-0", &["find_coordinator_reply_seen"]).nth(1).unwrap();
    assert_eq!((second.t.to_string(), second.incarnation.0), ("40.001s".into(), 2));
}

#[test]
fn what_a_killed_process_had_sent_arrives_when_the_cut_is_healed() {
    for seed in 0..10 {
        let seen =
            ONE.seeded(seed, &[r#"at = "10014500us", cut = "g-0", for = "20s""#, r#"at = "11s", crash = "g-0""#]);
        assert_eq!(seen.broker("g-0", "commit_partition_applied"), ["30.014500s"]);
    }
}

// -------------------------------------------------------------------------------------------------------------- loss

#[test]
fn a_lost_message_is_late_and_nothing_vanishes_or_overtakes() {
    let lossy = Group { latency: r#"{ base = "1ms", loss = "30%" }"#, run_for: "1h", ..IDLE };
    let seen = lossy.run(&[]);
    let sent: Vec<&Event> = seen.events("g-0", &["heartbeat_sent"]).collect();
    let applied: Vec<&Event> = seen.events("broker", &["heartbeat_applied", "heartbeat_rejected"]).collect();
    assert!(sent.len() > 1_000 && sent.len() - applied.len() <= 1);
    let mut delays = BTreeSet::new();
    let mut last = Instant::ZERO;
    for (sent, applied) in sent.iter().zip(&applied) {
        assert_eq!(seen.field(sent, "request"), seen.field(applied, "request"));
        if last <= sent.t {
            delays.insert(applied.t.since(sent.t).as_ms());
        }
        last = applied.t;
    }
    let allowed: BTreeSet<u64> = [1].into_iter().chain((0..10).map(|k| (200 << k) + 1)).collect();
    assert!(delays.is_subset(&allowed), "{delays:?}");
    assert!(delays.is_superset(&BTreeSet::from([1, 201, 401, 801])), "{delays:?}");
}

// ---------------------------------------------------------------------------------------------------- slow and stuck

/// When each record of `t-0` was done.
fn done(seen: &Seen) -> Vec<String> {
    let mut times = Vec::new();
    let mut work: Option<(Instant, i64, i64)> = None;
    for event in seen.events("g-0", &["process_start", "process_done"]) {
        match event.kind {
            Kind::ProcessStart { from, per_record, .. } => work = Some((event.t, from.0, per_record.as_us() as i64)),
            Kind::ProcessDone { from, to, .. } => {
                let (start, first, each) = work.unwrap();
                for record in from.0..to.0 {
                    let end = start.as_us() as i64 + (record - first + 1).saturating_mul(each);
                    times.push(Instant::from_us(end as u64).min(event.t).to_string());
                }
            }
            _ => {}
        }
    }
    times
}

#[test]
fn slow_holds_for_records_started_in_the_window() {
    let seen = ONE.run(&[r#"at = "2500ms", slow = "g-0", per-record = "5s", for = "10s""#]);
    assert_eq!(done(&seen)[..7], ["1.014s", "2.014s", "3.014s", "8.014s", "13.014s", "14.014s", "15.014s"]);
}

#[test]
fn slow_holds_for_a_member_that_restarts_in_the_window() {
    let seen = ONE.run(&[
        r#"at = "2500ms", slow = "g-0", per-record = "5s", for = "60s""#,
        r#"at = "4s", crash = "g-0""#,
        r#"at = "50s", start = "g-0""#,
    ]);
    let second = seen.events("g-0", &["process_start"]).find(|e| e.incarnation.0 == 2).unwrap();
    assert_eq!(seen.field(second, "per_record"), "5000000");
}

#[test]
fn stuck_holds_the_record_started_last_while_heartbeats_go_on() {
    let seen = ONE.run(&[r#"at = "2500ms", stuck = "g-0", for = "10s""#]);
    let expected = [
        "14ms process_start t-0 0 10 1000000".to_owned(),
        "2.500s process_done t-0 0 2".to_owned(),
        format!("2.500s process_start t-0 2 3 {}", u64::MAX as i64),
        "12.500s process_done t-0 2 3".to_owned(),
        "12.500s process_start t-0 3 10 1000000".to_owned(),
        "19.500s process_done t-0 3 10".to_owned(),
    ];
    assert_eq!(seen.show("g-0", &HANDLER)[..6], expected);
    assert_eq!(seen.at("g-0", "heartbeat_sent")[..4], ["3.006s", "6.006s", "9.006s", "12.006s"]);
    // Lifted before the record's own time has passed: it ends when it would have.
    let seen = ONE.run(&[r#"at = "2500ms", stuck = "g-0", for = "100ms""#]);
    assert_eq!(seen.at("g-0", "process_done")[..2], ["2.500s", "3.014s"]);
    // To the end: the two that were done before are all.
    let seen = ONE.run(&[r#"at = "2500ms", stuck = "g-0""#, r#"at = "90s", crash = "g-0""#]);
    assert_eq!(seen.show("g-0", &HANDLER)[3..4], ["1m30s interrupted t-0 2"]);
}

#[test]
fn what_a_stuck_handler_has_not_done_is_not_counted() {
    let text =
        ONE.text(&[r#"at = "2500ms", stuck = "g-0""#, r#"at = "90s", crash = "g-0""#, r#"at = "91s", start = "g-0""#]);
    let scenario = parse("driver.toml", &text.replace("2m", "4m"), &[]).unwrap().scenario;
    let mut judge = groupsim::oracle::Judge::new(&scenario.expect, false, false);
    let end = run(&scenario, RunOptions::default(), &mut [&mut judge]);
    let outcome = judge.finish(&end.names, end.virtual_time);
    assert_eq!(outcome.total.numbers["duplicates"], 2, "records 0 and 1; record 2 was interrupted");
    assert_eq!(outcome.total.numbers["interrupted"], 1);
}

#[test]
fn stuck_is_not_lifted_by_another_window() {
    let seen = ONE.run(&[
        r#"at = "2500ms", stuck = "g-0", for = "20s""#,
        r#"at = "5s", slow = "g-0", per-record = "3s", for = "60s""#,
        r#"at = "6s", stuck = "g-0", for = "5s""#,
    ]);
    assert_eq!(
        seen.show("g-0", &HANDLER)[3..5],
        ["22.500s process_done t-0 2 3", "22.500s process_start t-0 3 10 3000000"]
    );
}

#[test]
fn nothing_is_handled_while_frozen_whatever_happens_to_the_handler() {
    let seen = ONE.run(&[
        r#"at = "2500ms", stuck = "g-0", for = "10s""#,
        r#"at = "8s", pause = "g-0", for = "20s""#,
        r#"at = "9s", slow = "g-0", per-record = "2s", for = "1s""#,
    ]);
    assert_eq!(seen.show("g-0", &HANDLER)[3..5], ["28s process_done t-0 2 3", "28s process_start t-0 3 10 1000000",]);
    // 514 ms of record 2 are left.
    let seen = ONE.run(&[
        r#"at = "2500ms", pause = "g-0", for = "20s""#,
        r#"at = "9s", slow = "g-0", per-record = "2s", for = "60s""#,
    ]);
    assert_eq!(
        seen.show("g-0", &HANDLER)[1..4],
        ["2.500s process_done t-0 0 2", "23.014s process_done t-0 2 3", "23.014s process_start t-0 3 10 2000000",]
    );
}

#[test]
fn a_stuck_handler_dies_with_its_process() {
    let seen =
        ONE.run(&[r#"at = "2500ms", stuck = "g-0""#, r#"at = "4s", crash = "g-0""#, r#"at = "50s", start = "g-0""#]);
    assert!(seen.events("g-0", &["process_done"]).any(|e| e.incarnation.0 == 2));
}

// ------------------------------------------------------------------------------------------------- the end, the clock

#[test]
fn at_the_end_nobody_is_closed_and_nothing_is_flushed() {
    let short = Group { run_for: "9s", ..ONE };
    let seen = short.run(&[]);
    assert_eq!(seen.show("g-0", &HANDLER), ["14ms process_start t-0 0 10 1000000"]);
    let last = seen.events.last().unwrap();
    assert_eq!(
        (last.kind, last.t, seen.end.virtual_time),
        (Kind::RunEnd {}, Instant::from_ms(9_000), Instant::from_ms(9_000))
    );
    assert_eq!(seen.events.iter().filter(|e| e.t == last.t).count(), 1);
}

#[test]
fn what_is_due_at_the_end_does_not_happen() {
    let text = "name = \"end\"\nrun-for = \"10s\"\n[topic.t]\nproduce = \"1/s\"\n[group.g]\nmembers = 0\n";
    let seen = Seen::of(text);
    assert_eq!(seen.at("producer-t", "append").len() + seen.at("broker", "append").len(), 10);
    let seen = Group { run_for: "10s", ..IDLE }.run(&[r#"at = "10s", crash = "g-0""#]);
    assert_eq!(seen.at("g-0", "crash"), [""; 0]);
}

#[test]
fn broker_and_client_see_milliseconds() {
    // Requests arrive 1.3 ms after they were sent; a session armed at x.y ms ends at floor(x.y) + 45 s.
    let odd = Group { latency: r#""1300us""#, ..IDLE };
    let seen = odd.run(&[r#"at = "10s", crash = "g-0""#]);
    let last = seen.events("broker", &["heartbeat_applied"]).last().unwrap();
    assert_ne!(last.t.as_us() % 1_000, 0);
    let removed = seen.events("broker", &["member_removed"]).next().unwrap();
    assert_eq!(removed.t, last.t.deadline_ms(45_000));
    // So does the client: heartbeats go out at whole milliseconds.
    assert!(seen.events("g-0", &["heartbeat_sent"]).all(|e| e.t.as_us() % 1_000 == 0));
}

// ---------------------------------------------------------------------------------------------------------- timeline

#[test]
fn any_of_draws_among_those_alive_at_that_instant() {
    let four = Group { members: 4, partitions: 4, ..IDLE };
    let mut victims = BTreeSet::new();
    for seed in 0..30 {
        let seen = four.seeded(seed, &[r#"at = "20s", crash = "g-2""#, r#"at = "30s", crash = "any 2 of g""#]);
        let crashed: Vec<String> = seen
            .events("driver", &["fault_start"])
            .filter(|e| ms(e.t) == 30_000)
            .map(|e| seen.field(e, "target"))
            .collect();
        assert_eq!(crashed.len(), 2);
        assert!(crashed[0] < crashed[1] && !crashed.contains(&"g-2".to_owned()), "{crashed:?}");
        victims.insert(crashed);
    }
    assert_eq!(victims.len(), 3, "each pair of three comes up: {victims:?}");
}

#[test]
fn selectors_go_by_group_then_number() {
    let text = "name = \"order\"\nrun-for = \"30s\"\n[topic.t]\npartitions = 12\n[group.b]\nmembers = 11\n[group.a]\nmembers = 2\n\
        [timeline]\nevents = [{ at = \"20s\", crash = \"*\" }, { at = \"25s\", start = \"all of b\" }]\n";
    let seen = Seen::of(text);
    let targets: Vec<String> = seen.events("driver", &["fault_start"]).map(|e| seen.field(e, "target")).collect();
    let b: Vec<String> = (0..11).map(|n| format!("b-{n}")).collect();
    let a = ["a-0".to_owned(), "a-1".to_owned()];
    assert_eq!(targets, [&b[..], &a[..], &b[..]].concat());
}

#[test]
fn at_ranges_every_times_and_until() {
    let mut instants = BTreeSet::new();
    for seed in 0..20 {
        let seen = IDLE.seeded(seed, &[r#"at = "20s..40s", crash = "g-0""#]);
        let at = seen.events("g-0", &["crash"]).next().unwrap().t;
        assert!((20_000..=40_000).contains(&ms(at)));
        instants.insert(at);
    }
    assert!(instants.len() > 15);
    let pulses =
        |rest: &str| IDLE.run(&[&format!(r#"at = "10s", pause = "g-0", for = "1s", {rest}"#)]).at("g-0", "pause");
    assert_eq!(pulses(r#"every = "10s", times = 3"#), ["10s", "20s", "30s"]);
    assert_eq!(pulses(r#"every = "10s", until = "40s""#), ["10s", "20s", "30s"]);
    assert_eq!(pulses(r#"every = "10s", until = "41s""#), ["10s", "20s", "30s", "40s"]);
}

#[test]
fn events_that_find_nobody_in_a_state_to_obey_are_listed() {
    let seen = IDLE.run(&[
        r#"at = "10s", crash = "g-0""#,
        r#"at = "11s", stop = "g-0""#,
        r#"at = "12s", pause = "any 1 of g", for = "1s""#,
        r#"at = "13s", start = "g-0", every = "1s", times = 3"#,
        r#"at = "20s", scale = "g", to = 1"#,
    ]);
    assert_eq!(
        seen.show("driver", &["event_ignored"]),
        [
            "11s event_ignored g-0 stop 1",
            "12s event_ignored driver pause 2",
            "14s event_ignored g-0 start 3",
            "15s event_ignored g-0 start 3",
            "20s event_ignored driver scale 4",
        ]
    );
    // `start` did something once.
    assert_eq!(seen.end.idle_lines, [1, 2, 4]);
}

#[test]
fn a_line_that_never_does_anything_fails_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("idle.toml");
    let run = |text: String, args: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_groupsim"));
        let output = command.arg("run").arg(&file).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let text = IDLE.text(&[r#"at = "10s", crash = "g-0""#, r#"at = "11s", pause = "g-0", every = "5s", times = 4"#]);
    let line = 1 + text.lines().position(|line| line.contains("pause")).unwrap();
    let (code, out) = run(text.clone(), &[]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(&format!("line {line}: `pause` does something")), "{out}");
    let (code, out) = run(text.replace("crash", "slow").replace("\"g-0\" },", "\"g-0\", per-record = \"1s\" },"), &[]);
    assert_ne!(code, Some(1), "{out}");
    assert_eq!(run(text, &["--until", "20s"]).0, Some(3), "a run that is cut short does not tell");
}

#[test]
fn a_member_starts_at_zero_unless_the_first_event_that_names_it_is_start() {
    let three = Group { members: 3, partitions: 3, ..IDLE };
    let seen = three.run(&[
        r#"at = "30s", start = "g-1""#,
        r#"at = "20s", crash = "g-0""#,
        r#"at = "40s", start = "g-0""#,
        r#"at = "50s", start = "g-7""#,
        r#"at = "60s", crash = "g-*""#,
    ]);
    let starts = |name| seen.at(name, "start");
    assert_eq!(starts("g-0"), ["0s", "40s"]);
    assert_eq!(starts("g-1"), ["30s"]);
    assert_eq!(starts("g-2"), ["0s"]);
    assert_eq!(starts("g-7"), ["50s"]);
    assert_eq!(seen.events.iter().filter(|e| e.kind == Kind::Crash {}).count(), 5);
}

#[test]
fn scale_stops_the_highest_and_starts_the_lowest() {
    let three = Group { members: 3, partitions: 3, ..IDLE };
    let seen = three.run(&[
        r#"at = "20s", scale = "g", to = 1"#,
        r#"at = "30s", crash = "g-0""#,
        r#"at = "40s", scale = "g", to = 4"#,
    ]);
    assert_eq!(
        (seen.at("g-2", "stop"), seen.at("g-1", "stop"), seen.at("g-0", "stop")),
        (vec!["20s".into()], vec!["20s".into()], vec![])
    );
    for (name, starts) in [("g-0", 2), ("g-1", 2), ("g-2", 2), ("g-3", 1)] {
        assert_eq!(seen.at(name, "start").len(), starts, "{name}");
        assert_eq!(seen.at(name, "start")[starts - 1], "40s", "{name}");
    }
}

// ----------------------------------------------------------------------------------------------------------- records

/// Records in the log by partition, and the instants of the appends.
fn appended(seen: &Seen) -> (BTreeMap<String, i64>, Vec<String>) {
    let mut ends = BTreeMap::new();
    let mut times = Vec::new();
    for event in &seen.events {
        if let Kind::Append { from, to, .. } = event.kind {
            let end: &mut i64 = ends.entry(seen.field(event, "partition")).or_default();
            assert_eq!(*end, from.0);
            *end = to.0;
            times.push(event.t.to_string());
        }
    }
    (ends, times)
}

#[test]
fn record_i_of_a_rate_is_in_the_log_at_from_plus_i_over_rate() {
    let text = "name = \"p\"\nrun-for = \"10s\"\n[topic.t]\npartitions = 2\n\
        produce = [{ rate = \"3/s\", from = \"1s\", until = \"3s\" }, { rate = \"1/4s\", from = \"500ms\" }]\n[group.g]\nmembers = 0\n";
    let (ends, times) = appended(&Seen::of(text));
    assert_eq!(times, ["500ms", "1s", "1.333333s", "1.666666s", "2s", "2.333333s", "2.666666s", "4.500s", "8.500s"]);
    assert_eq!(ends.values().sum::<i64>(), 9);
}

#[test]
fn preload_produce_and_new_partitions() {
    let seen = Group { partitions: 2, records: 5, ..IDLE }.run(&[
        r#"at = "10s", produce = "t", records = 4"#,
        r#"at = "20s", produce = "t", records = 7, partition = 1"#,
        r#"at = "30s", add-partitions = "t", to = 3"#,
        r#"at = "40s", produce = "t", records = 4"#,
    ]);
    let (ends, _) = appended(&seen);
    let expected = [("t-0", 3 + 2 + 2), ("t-1", 2 + 2 + 7 + 1), ("t-2", 1)];
    assert_eq!(ends, expected.map(|(name, end)| (name.to_owned(), end)).into());
}

#[test]
fn a_fast_stream_is_whole_and_in_time() {
    let text = "name = \"p\"\nrun-for = \"10s\"\n[topic.t]\npartitions = 3\n\
        produce = { rate = \"1000000/s\", keys = 100, until = \"2s\" }\n[group.g]\nmembers = 0\n";
    let seen = Seen::of(text);
    let (ends, _) = appended(&seen);
    assert_eq!(ends.values().sum::<i64>(), 2_000_000);
    assert!(seen.events.len() < 7_000);
}

// ------------------------------------------------------------------------------------------------- time always goes on

#[test]
fn loops_that_take_no_time_take_the_smallest_step() {
    // No latency and fetches that are answered at once: a round trip takes 2 us.
    let hasty = Group { latency: r#""0s""#, config: "fetch.max.wait.ms = 0", run_for: "100ms", ..IDLE };
    let seen = hasty.run(&[]);
    let fetches = seen.events("g-0", &["fetch_sent"]).count();
    assert!((49_000..50_100).contains(&fetches), "{fetches}");
    // Every pause of the client is 0: each takes a millisecond.
    for config in [
        "heartbeat.interval.ms = 1\nretry.backoff.ms = 0\nretry.backoff.max.ms = 0\nreconnect.backoff.ms = 0\nreconnect.backoff.max.ms = 0\nrequest.timeout.ms = 0\ndefault.api.timeout.ms = 0",
        "metadata.max.age.ms = 0\nretry.backoff.ms = 0\nfetch.min.bytes = 0",
        "max.poll.interval.ms = 1\nsession.timeout.ms = 2\nheartbeat.interval.ms = 1",
    ] {
        for latency in [r#""0s""#, r#""1ms""#, r#"{ base = "1us", jitter = "100%", loss = "90%" }"#] {
            let seen =
                Group { latency, config, run_for: "200ms", ..ONE }.run(&[r#"at = "50ms", cut = "g-0", for = "50ms""#]);
            assert_eq!(seen.end.virtual_time, Instant::from_ms(200), "{config} {latency}: {}", seen.end.events);
        }
    }
    let auto = Group { commit: r#"{ when = "auto", interval = "0s" }"#, latency: r#""0s""#, run_for: "100ms", ..ONE };
    let seen = Group { per_record: "0s", ..auto }.run(&[]);
    let commits = seen.events("g-0", &["commit_sent"]).count();
    assert!((90..=101).contains(&commits), "one a millisecond: {commits}");
}

#[test]
fn a_huge_backlog_at_no_time_a_record_does_not_stop_the_clock() {
    let backlog =
        Group { records: 1_000_000_000, per_record: "0s", latency: r#""0s""#, batch: 500, run_for: "2ms", ..ONE };
    let seen = backlog.run(&[]);
    assert_eq!(seen.end.virtual_time, Instant::from_ms(2));
}

mod random {
    use super::*;
    use proptest::prelude::*;

    fn instants() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("0s".to_owned()),
            Just("4ms".to_owned()),
            Just("3s".to_owned()),
            Just("0s..6s".to_owned()),
            (0u64..12_000_000).prop_map(|us| format!("{us}us")),
        ]
    }

    fn targets() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["g-0", "g-1", "g-7", "g-*", "*", "any 1 of g", "any 9 of g", "all of g", "r-0"])
    }

    fn verb() -> impl Strategy<Value = String> {
        let length = || prop::sample::select(vec!["", ", for = \"1us\"", ", for = \"700ms\"", ", for = \"40s\""]);
        let grace = || prop::sample::select(vec!["", ", grace = \"0s\"", ", grace = \"1ms\""]);
        let down = prop::sample::select(vec![
            "",
            ", down-for = \"0s\"",
            ", down-for = \"2s\", one-every = \"1ms\"",
            ", one-every = \"0s\"",
        ]);
        prop_oneof![
            targets().prop_map(|who| format!("start = \"{who}\"")),
            (targets(), grace()).prop_map(|(who, grace)| format!("stop = \"{who}\"{grace}")),
            targets().prop_map(|who| format!("crash = \"{who}\"")),
            (targets(), down, grace()).prop_map(|(who, down, grace)| format!("restart = \"{who}\"{down}{grace}")),
            (targets(), length()).prop_map(|(who, length)| format!("pause = \"{who}\"{length}")),
            (targets(), length()).prop_map(|(who, length)| format!("slow = \"{who}\", per-record = \"300ms\"{length}")),
            (targets(), length()).prop_map(|(who, length)| format!("slow = \"{who}\", per-record = \"0s\"{length}")),
            (targets(), length()).prop_map(|(who, length)| format!("stuck = \"{who}\"{length}")),
            (targets(), length()).prop_map(|(who, length)| format!("cut = \"{who}\"{length}")),
            (0u32..6, grace()).prop_map(|(to, grace)| format!("scale = \"g\", to = {to}{grace}")),
            (3u32..9).prop_map(|to| format!("add-partitions = \"t\", to = {to}")),
            (1u32..900).prop_map(|records| format!("produce = \"t\", records = {records}")),
        ]
    }

    fn event() -> impl Strategy<Value = String> {
        let every = prop::sample::select(vec![
            "",
            "",
            "",
            ", every = \"1ms\", times = 30",
            ", every = \"700ms\", until = \"9s\"",
            ", every = \"2s\", times = 4",
        ]);
        (instants(), verb(), every).prop_map(|(at, verb, every)| {
            let every = if at == "0s..6s" || at == "0s" || at == "4ms" || at == "3s" { every } else { "" };
            format!("at = \"{at}\", {verb}{every}")
        })
    }

    fn scenario() -> impl Strategy<Value = String> {
        let latency = prop::sample::select(vec![
            "\"0s\"",
            "\"1ms\"",
            "\"1300us\"",
            "{ base = \"1ms\", jitter = \"100%\", loss = \"90%\" }",
            "{ base = \"0s\", jitter = \"100%\", loss = \"5%\" }",
            "{ base = \"200ms\", jitter = \"20%\" }",
        ]);
        let config = prop::sample::select(vec![
            "",
            "session.timeout.ms = 1_000\nheartbeat.interval.ms = 1",
            "request.timeout.ms = 500\ndefault.api.timeout.ms = 700\nreconnect.backoff.ms = 0\nretry.backoff.ms = 0",
            "max.poll.interval.ms = 50\npartition.assignment.strategy = \"sticky\"",
            "max.poll.interval.ms = 900\nsession.timeout.ms = 700\nheartbeat.interval.ms = 100",
        ]);
        let commit = prop::sample::select(vec![
            "{ when = \"after-batch\", mode = \"sync\", on-revoke = true }",
            "{ when = \"after-record\", mode = \"async\" }",
            "{ when = \"auto\", interval = \"100ms\" }",
            "{ when = \"before-record\", mode = \"sync\" }",
            "{ when = \"every-n\", n = 3, mode = \"sync\" }",
        ]);
        let work = prop::sample::select(vec!["0s", "1ms", "70ms", "9s"]);
        let run_for = prop::sample::select(vec!["1us", "5ms", "4s", "15s", "15s"]);
        let group = (0u32..4, prop::sample::select(vec!["", "static = true"]), 0u32..2_000);
        let more = (latency, config, commit, work, run_for, group);
        (more, prop::collection::vec(event(), 0..9)).prop_map(|((latency, config, commit, work, run_for, group), events)| {
            let (members, fixed, delay) = group;
            let events = events.iter().map(|event| format!("  {{ {event} }},\n")).collect::<String>();
            format!(
                "name = \"random\"\nrun-for = \"{run_for}\"\n[broker.config]\ngroup.initial.rebalance.delay.ms = {delay}\n\
                 group.min.session.timeout.ms = 0\n[network]\nlatency = {latency}\n\
                 [topic.t]\npartitions = 2\nrecords = 400\nproduce = \"100/s\"\n\
                 [group.g]\nmembers = {members}\n{fixed}\nprocess = {{ per-record = \"{work}\", jitter = \"30%\" }}\n\
                 commit = {commit}\n[group.g.config]\nauto.offset.reset = \"earliest\"\nmax.poll.records = 7\n{config}\n\
                 [group.r]\nassign = [\"t:0\"]\nfrom = \"beginning\"\n[timeline]\nevents = [\n{events}]\n"
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 120, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever a timeline says, the run comes to its end, twice the same, and no invariant of ours breaks.
        #[test]
        fn timelines_end_and_break_nothing(text in scenario(), seed in 0u64..1_000) {
            // A file may be refused, with a sentence.
            if let Ok(loaded) = parse("random.toml", &text, &[]) {
                let scenario = loaded.scenario;
                let options = RunOptions { seed: Some(seed), event_budget: Some(400_000), ..RunOptions::default() };
                let mut judge = groupsim::oracle::Judge::new(&scenario.expect, false, false);
                let end = run(&scenario, options, &mut [&mut judge]);
                prop_assert_eq!(end.hash, run(&scenario, options, &mut []).hash);
                let outcome = judge.finish(&end.names, end.virtual_time);
                let broken: Vec<_> = outcome.findings.iter().filter(|f| f.class == groupsim::oracle::Class::Model).collect();
                prop_assert!(broken.is_empty(), "{:#?}\n{}", broken, text);
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------------- determinism

const BUSY: Group = Group {
    members: 3,
    partitions: 6,
    records: 300,
    per_record: "10ms",
    latency: r#"{ base = "1ms", jitter = "50%", loss = "1%" }"#,
    ..ONE
};
const TROUBLE: [&str; 3] = [
    r#"at = "20s..30s", crash = "any 1 of g""#,
    r#"at = "40s", cut = "g-1", for = "35s""#,
    r#"at = "50s", restart = "g-*", one-every = "10s", down-for = "1s""#,
];

#[test]
fn the_same_seed_gives_the_same_run_and_another_another() {
    let hash = |seed| BUSY.seeded(seed, &TROUBLE).end.hash;
    assert_eq!(hash(1), hash(1));
    let all: BTreeSet<u64> = (0..8).map(|seed| hash(seed).0).collect();
    assert_eq!(all.len(), 8);
}

/// What a reader did, without sequence numbers.
fn life(seen: &Seen, name: &str) -> Vec<String> {
    seen.show(name, &[])
}

#[test]
fn others_in_the_scenario_do_not_shift_the_draws_of_a_reader() {
    let reader =
        "[group.r]\nassign = [\"t:0\"]\nfrom = \"beginning\"\nprocess = { per-record = \"3ms\", jitter = \"50%\" }\n";
    let head = "name = \"luck\"\nrun-for = \"60s\"\n[network]\nlatency = { base = \"1ms\", jitter = \"50%\", loss = \"2%\" }\n\
        [topic.t]\nproduce = \"50/s\"\n";
    let others = "[group.q]\ntopics = [\"a\"]\nmembers = 3\n";
    let topics = "[topic.a]\npartitions = 4\nproduce = \"20/s\"\n";
    let alone = Seen::of(&format!("{head}{reader}"));
    let beside = Seen::of(&format!("{head}{topics}{others}{reader}"));
    let lives = (life(&alone, "r-0"), life(&beside, "r-0"));
    assert!(lives.0.len() > 1_000);
    for (one, two) in lives.0.iter().zip(&lives.1) {
        assert_eq!(one, two);
    }
    assert_eq!(lives.0.len(), lives.1.len());
}

#[test]
fn events_are_numbered_and_never_go_back_in_time() {
    let seen = BUSY.run(&TROUBLE);
    for (index, pair) in seen.events.windows(2).enumerate() {
        assert!(pair[0].t <= pair[1].t);
        assert_eq!(pair[1].seq, Seq(index as u64 + 2));
        assert!(pair[1].cause < pair[1].seq);
    }
}
