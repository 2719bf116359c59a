//! Scenarios played for real, several at once on one broker. What must come out whatever the machine is doing is exact; times
//! have room for a slow one.

use crate::kafka_broker::Broker;
use groupsim::kafka::cluster::Cluster;
use groupsim::kafka::real::{self, RealError, RealOptions, RealRun};
use groupsim::oracle::{Judge, Metrics, Outcome};
use groupsim::scenario::{self, Scenario};
use groupsim::time::Instant;
use groupsim::trace::{Event, Kind, Observer, RemovalReason, Trace};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn load(name: &str) -> Scenario {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "scenarios", name].iter().collect();
    scenario::load(&path, &[]).expect("a shipped scenario").scenario
}

fn parse(text: &str) -> Scenario {
    scenario::parse("test.toml", text, &[]).expect("a right scenario").scenario
}

fn options(address: &str) -> RealOptions {
    RealOptions {
        bootstrap: address.to_owned(),
        properties: Vec::new(),
        seed: None,
        program: PathBuf::from(env!("CARGO_BIN_EXE_groupsim")),
    }
}

fn connect(address: &str) -> Cluster {
    Cluster::connect(address, &[], Duration::from_secs(10)).expect("the broker answers")
}

/// Plays a scenario. With `GROUPSIM_TRACES=DIR` its trace is written there.
fn play(address: &str, scenario: &Scenario) -> RealRun {
    let cluster = connect(address);
    let run = real::run(scenario, &cluster, &options(address), &AtomicBool::new(false)).expect("it can be played");
    if let Ok(folder) = std::env::var("GROUPSIM_TRACES") {
        let name: String = scenario.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let mut csv = Vec::new();
        groupsim::trace::export::write_csv(&run.trace, &mut csv).expect("it can be written");
        std::fs::write(Path::new(&folder).join(format!("{name}.csv")), csv).expect("it can be written");
    }
    run
}

fn judge(scenario: &Scenario, trace: &Trace) -> Outcome {
    let promises = scenario.promises;
    let mut judge = Judge::new(&scenario.expect, promises.lost_mentioned, promises.skipped_mentioned).without_timers();
    trace.events.iter().for_each(|event| judge.observe(event, &trace.names));
    judge.finish(&trace.names, Instant::ZERO + scenario.run_for)
}

/// A scenario played and judged.
struct Played {
    run: RealRun,
    outcome: Outcome,
}

impl Played {
    fn new(address: &str, scenario: &Scenario) -> Played {
        let run = play(address, scenario);
        let outcome = judge(scenario, &run.trace);
        assert!(!outcome.model_broken(), "{}: {:#?}", scenario.name, outcome.findings);
        Played { run, outcome }
    }

    fn events(&self) -> &[Event] {
        &self.run.trace.events
    }

    /// Members that went, and when in milliseconds.
    fn removed(&self) -> Vec<(RemovalReason, u64)> {
        let removals = self.events().iter().filter_map(|event| match event.kind {
            Kind::MemberRemoved { reason, .. } => Some((reason, event.t.as_ms())),
            _ => None,
        });
        removals.collect()
    }

    fn reasons(&self) -> Vec<RemovalReason> {
        self.removed().into_iter().map(|(reason, _)| reason).collect()
    }

    fn count(&self, kind: &str) -> usize {
        self.events().iter().filter(|event| event.kind.name() == kind).count()
    }

    fn number(&self, metric: &str) -> i64 {
        number(&self.outcome.total, metric)
    }

    /// The longest sample of a distribution, in milliseconds.
    fn longest_ms(&self, metric: &str) -> i64 {
        let samples = self.outcome.total.samples.get(metric);
        samples.and_then(|samples| samples.values.iter().max()).copied().unwrap_or(0) / 1_000
    }

    fn committed(&self) -> i64 {
        self.run.committed.iter().map(|commit| commit.3).sum()
    }
}

fn number(metrics: &Metrics, metric: &str) -> i64 {
    metrics.numbers.get(metric).copied().unwrap_or_else(|| panic!("no metric {metric}"))
}

/// A scenario of the talk, and what must have come out.
type Case = (&'static str, fn(&Played));

/// Plays scenarios at once, each in a thread, and looks at each.
fn at_once(cases: &[Case]) {
    let Some(broker) = Broker::start(&[]) else { return };
    let address = broker.address();
    std::thread::scope(|scope| {
        for (name, check) in cases {
            scope.spawn(move || {
                let played = Played::new(address, &load(&format!("talk/{name}.toml")));
                assert_eq!(played.run.remarks.iter().filter(|r| r.contains("broke")).count(), 0, "{name}");
                assert_eq!(played.run.not_comparable, [""; 0], "{name}");
                check(&played);
            });
        }
    });
    assert_eq!(left_behind(address), [""; 0], "topics of these runs are deleted");
}

/// Topics of runs that are still there.
fn left_behind(address: &str) -> Vec<String> {
    use rdkafka::consumer::{BaseConsumer, Consumer};
    let mut config = rdkafka::ClientConfig::new();
    let consumer: BaseConsumer = config.set("bootstrap.servers", address).create().expect("a client");
    let metadata = consumer.fetch_metadata(None, Duration::from_secs(10)).expect("the broker answers");
    let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
    names.filter(|name| name.starts_with("groupsim-")).collect()
}

#[test]
fn scenarios_of_the_talk_are_played_at_once() {
    at_once(&[
        ("session-timeout", |played| {
            // Two crashes at 20 s; heartbeats every 2 s and 3 s of commits keep the ghosts alive for 6 s more.
            let removed = played.removed();
            assert_eq!(played.reasons(), [RemovalReason::Session; 2]);
            assert!(removed.iter().all(|&(_, ms)| (24_000..28_000).contains(&ms)), "{removed:?}");
            assert_eq!((played.number("rebalances"), played.number("members")), (2, 2));
            assert_eq!((played.number("duplicates"), played.number("lost")), (0, 0));
        }),
        ("redeploy", |played| {
            assert_eq!(played.reasons(), [RemovalReason::Leave; 3]);
            assert_eq!((played.number("rebalances"), played.number("members")), (6, 3));
            assert_eq!((played.number("duplicates"), played.number("lost")), (0, 0));
            assert!(played.longest_ms("partition_downtime") < 5_000);
            assert!(played.number("lag") < 20 && played.committed() > 980, "{:?}", played.run.committed);
        }),
        ("stuck-app", |played| {
            assert_eq!(played.reasons(), [RemovalReason::MaxPoll]);
            assert_eq!(played.count("poll_timeout"), 1);
            assert_eq!((played.number("rebalances"), played.number("members")), (2, 2));
            assert_eq!((played.number("zombie_records"), played.number("duplicates")), (1, 1));
            assert_eq!(played.outcome.total.duplicates_by_cause.get("zombie"), Some(&1));
            assert_eq!(played.outcome.total.commit_failures_by_code.get("UNKNOWN_MEMBER_ID"), Some(&1));
            assert!(played.longest_ms("client_overlap") > 5_000);
        }),
        ("two-consumers", |played| {
            assert_eq!((played.number("rebalances"), played.number("members")), (1, 2));
            assert_eq!((played.number("duplicates"), played.committed()), (0, 8));
            assert_eq!(played.count("delivered"), 8);
        }),
        ("high-level", |played| {
            assert_eq!(played.reasons(), [RemovalReason::Leave; 2]);
            assert_eq!((played.count("reached_end"), played.count("closed"), played.count("generation")), (6, 2, 4));
            assert_eq!((played.count("delivered"), played.committed()), (12, 12));
            assert_eq!(played.outcome.total.state, Some("Empty"));
        }),
        ("low-level", |played| {
            assert_eq!((played.count("reached_end"), played.count("closed")), (2, 2));
            assert_eq!((played.count("join_sent"), played.count("commit_sent")), (0, 0));
            assert_eq!((played.count("delivered"), played.number("lag")), (12, 12));
        }),
        ("scale-up", |played| {
            // Two, if a heartbeat of the old member falls between the JoinGroups of the new ones.
            assert!((1..=2).contains(&played.number("rebalances")));
            assert_eq!((played.number("members"), played.count("member_added")), (3, 3));
            assert_eq!((played.number("duplicates"), played.number("lost")), (0, 0));
        }),
    ]);
}

/// What the scenarios of the talk leave out.
const VERBS: &str = r#"
name     = "all verbs"
protocol = "classic"
run-for  = "34s"
seed     = 3

[topic.orders]
partitions = 4
records    = 40
produce    = "20/s"

[group.app]
topics  = ["orders"]
members = 3
process = { per-record = "2ms", jitter = "50%" }
commit  = { when = "every-n", n = 5, mode = "async", on-revoke = true }

[group.app.config]
auto.offset.reset             = "earliest"
session.timeout.ms            = 6_000
heartbeat.interval.ms         = 500
max.poll.interval.ms          = 20_000
metadata.max.age.ms           = 1_000
partition.assignment.strategy = "roundrobin"

[group.fixed]
topics  = ["orders"]
members = 1
static  = true
commit  = { when = "auto", interval = "1s" }

[group.fixed.config]
auto.offset.reset     = "earliest"
session.timeout.ms    = 8_000
heartbeat.interval.ms = 500

[timeline]
events = [
  { at = "8s",       pause = "app-0", for = "3s" },
  { at = "12s",      cut = "app-1", for = "9s" },
  { at = "8s..9s",   slow = "app-2", per-record = "30ms", for = "2s" },
  { at = "9s",       restart = "fixed-0", down-for = "1s" },
  { at = "23s",      add-partitions = "orders", to = 6 },
  { at = "26s",      produce = "orders", records = 12 },
  { at = "29s",      crash = "any 1 of app" },
  { at = "30s",      stop = "fixed-0" },
  { at = "31s",      stop = "fixed-0" },
]
"#;

#[test]
fn every_verb_is_done_for_real() {
    let Some(broker) = Broker::start(&["group.initial.rebalance.delay.ms=1000"]) else { return };
    let played = Played::new(broker.address(), &parse(VERBS));
    assert_eq!(
        played.run.not_comparable,
        ["group.initial.rebalance.delay.ms: the scenario has 3000, the cluster 1000"]
    );
    for (kind, count) in
        [("pause", 1), ("resume", 1), ("crash", 1), ("member_replaced", 1), ("event_ignored", 1), ("fault_end", 4)]
    {
        assert_eq!(played.count(kind), count, "{kind}");
    }
    // Cut off for longer than its session; static members do not leave, and nobody notices a restart.
    assert_eq!(played.reasons(), [RemovalReason::Session]);
    assert_eq!((played.number("lost"), played.number("skipped")), (0, 0));
    let topics = played.events().iter().filter_map(|event| match event.kind {
        Kind::MetaTopic { partitions, .. } => Some(partitions),
        _ => None,
    });
    assert_eq!(topics.collect::<Vec<_>>(), [4, 6]);
    let preloaded = played.events().iter().filter_map(|event| match event.kind {
        Kind::Append { from, to, .. } if event.t == Instant::ZERO => Some(to.0 - from.0),
        _ => None,
    });
    assert!(preloaded.sum::<i64>() >= 40);
    assert_eq!(left_behind(broker.address()), [""; 0]);
}

/// groupsim under a name of its own, so that its processes are told from those of other tests.
struct Own {
    folder: tempfile::TempDir,
}

impl Own {
    fn new() -> Own {
        let folder = tempfile::TempDir::with_prefix("groupsim-program-").expect("a folder");
        let own = Own { folder };
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_groupsim"), own.program()).expect("a link");
        own
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("groupsim")
    }

    fn options(&self, address: &str) -> RealOptions {
        RealOptions { program: self.program(), ..options(address) }
    }

    /// How many processes of it there are.
    fn processes(&self) -> usize {
        let program = self.program();
        let program = program.to_str().expect("a path of ASCII");
        let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
        let commands = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok());
        commands.filter(|command| command.starts_with(program)).count()
    }
}

#[test]
fn an_interrupted_run_and_a_lost_cluster_leave_no_process() {
    let Some(broker) = Broker::start(&[]) else { return };
    let scenario = load("talk/redeploy.toml");
    let cluster = connect(broker.address());
    let own = Own::new();
    let interrupt = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(9));
            assert_eq!(own.processes(), 3);
            interrupt.store(true, Ordering::Relaxed);
        });
        let run = real::run(&scenario, &cluster, &own.options(broker.address()), &interrupt);
        assert_eq!(run.err(), Some(RealError::Interrupted));
    });
    assert_eq!(own.processes(), 0);
    assert_eq!(left_behind(broker.address()), [""; 0], "cleaned up after an interrupt");

    let begin = std::time::Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(6));
            broker.stop();
        });
        let run = real::run(&scenario, &cluster, &own.options(broker.address()), &AtomicBool::new(false));
        let Err(RealError::ClusterLost(sentence)) = run else { panic!("{run:?}") };
        assert!(sentence.starts_with("the cluster at 127.0.0.1:"), "{sentence}");
    });
    assert_eq!(own.processes(), 0);
    assert!(begin.elapsed() < Duration::from_secs(45), "{:?}", begin.elapsed());
    let run = real::run(&scenario, &cluster, &own.options(broker.address()), &AtomicBool::new(false));
    assert!(matches!(run, Err(RealError::Unreachable(_))), "{run:?}");
}

#[test]
fn a_member_ends_with_its_parent() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_groupsim"))
        .arg("cross-check-member")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("groupsim runs");
    drop(child.stdin.take());
    let end = std::time::Instant::now() + Duration::from_secs(10);
    while child.try_wait().expect("it can be waited for").is_none() {
        assert!(std::time::Instant::now() < end, "it lives on without anybody to talk to");
        std::thread::sleep(Duration::from_millis(10));
    }
    let help = Command::new(env!("CARGO_BIN_EXE_groupsim")).arg("--help").output().expect("groupsim runs");
    assert!(!String::from_utf8_lossy(&help.stdout).contains("cross-check-member"), "it is nobody's business");
}

/// The scenarios (`talk/redeploy,oracles/o2-zombie`) of `GROUPSIM_PLAY`, all at once, with what the judges say. With
/// `GROUPSIM_BROKER=HOST:PORT` on that broker.
#[test]
fn play_what_is_asked_for() {
    let Ok(files) = std::env::var("GROUPSIM_PLAY") else { return };
    let own = std::env::var("GROUPSIM_BROKER");
    let broker = if own.is_ok() { None } else { Broker::start(&[]) };
    let Some(address) = own.ok().or(broker.as_ref().map(|broker| broker.address().to_owned())) else { return };
    std::thread::scope(|scope| {
        for file in files.split(',') {
            let address = &address;
            scope.spawn(move || {
                let scenario = load(&format!("{file}.toml"));
                let run = play(address, &scenario);
                let outcome = judge(&scenario, &run.trace);
                let mut text = format!("=== {file}: {} events\n{:?}\n", run.trace.events.len(), outcome.total.numbers);
                text += &format!("duplicates {:?}\n", outcome.total.duplicates_by_cause);
                text += &format!("committed {:?}\n", run.committed);
                text += &format!("not comparable {:?}\nremarks {:?}\n", run.not_comparable, run.remarks);
                for finding in &outcome.findings {
                    text +=
                        &format!("{:?} {} at {}: {}\n", finding.class, finding.oracle, finding.at, finding.sentence);
                }
                for e in outcome.expectations.iter().filter(|e| !e.held) {
                    text += &format!("not held: {} {} ({})\n", e.list, e.text, e.measured);
                }
                eprintln!("{text}");
            });
        }
    });
}
