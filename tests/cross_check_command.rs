//! `groupsim cross-check` from outside: everything that can be wrong with a command line, a file and a cluster.
//!
//! What needs a broker starts one of its own: `GROUPSIM_KAFKA_BROKER=1 cargo test --features kafka --test cross_check_command`.

#[cfg(feature = "kafka")]
mod kafka_broker;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const GOOD: &str = r#"
run-for = "5s"

[topic.orders]

[group.billing]
"#;

struct Place(tempfile::TempDir);

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        place.file("good.toml", GOOD);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn cross_check(&self, args: &[&str]) -> Ended {
        run_in(self.0.path(), args)
    }
}

fn run_in(place: &Path, args: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_groupsim"))
        .arg("cross-check")
        .args(args)
        .current_dir(place)
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ended {
    /// Ends with this code and says so in one line that has `why`; nothing goes to stdout.
    #[track_caller]
    fn fails(self, code: i32, why: &str) {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        assert!(self.err.contains(why), "{}", self.err);
        assert_eq!(self.out, "");
    }
}

#[cfg(not(feature = "kafka"))]
#[test]
fn without_the_feature_it_says_how_to_build_it() {
    let place = Place::new();
    for args in [&["good.toml", "--bootstrap-servers", "localhost:9092"][..], &[], &["--anything"]] {
        place.cross_check(args).fails(2, "cargo build --release --features kafka");
    }
}

#[cfg(unix)]
fn broker_script(verb: &str, folder: &Path, settings: &[&str]) -> std::process::Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/broker/broker.sh");
    Command::new("bash").arg(script).arg(verb).arg(folder).args(settings).output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_broker_that_is_gone_is_stopped_without_harm_to_who_has_its_pid_now() {
    let place = Place::new();
    let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
    place.file("pid", &stranger.id().to_string());
    let stopped = broker_script("stop", place.0.path(), &[]);
    let alive = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(stopped.status.success(), "{stopped:?}");
    assert!(alive, "the stranger is killed");
    assert!(!place.path("pid").exists());

    let restarted = broker_script("restart", place.0.path(), &[]);
    assert_eq!(restarted.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&restarted.stderr).contains("no broker was ever started in"), "{restarted:?}");
}

#[cfg(feature = "kafka")]
mod with_librdkafka {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    /// Nobody listens there: it is reserved, and needs rights that nobody has by accident.
    const NOBODY: &str = "127.0.0.1:1";

    #[test]
    fn a_wrong_command_line_is_exit_2() {
        let place = Place::new();
        let at = ["--bootstrap-servers", NOBODY];
        for (args, why) in [
            (&["good.toml"][..], "--bootstrap-servers"),
            (&["--bootstrap-servers", NOBODY], "FILE"),
            (&["good.toml", "--bootstrap-servers", "localhost"], "HOST:PORT"),
            (&["good.toml", "--bootstrap-servers", "localhost:99999"], "HOST:PORT"),
            (&["good.toml", "--bootstrap-servers", ":9092"], "HOST:PORT"),
            (&["good.toml", "--bootstrap-servers", "a:1,,b:2"], "HOST:PORT"),
            (&[&["good.toml", "-X", "novalue"], &at[..]].concat(), "KEY=VALUE"),
            (&[&["good.toml", "-X", "no.such.property=1"], &at[..]].concat(), "no.such.property"),
            (&[&["good.toml", "-X", "socket.timeout.ms=soon"], &at[..]].concat(), "socket.timeout.ms"),
            (&[&["good.toml", "-X", "bootstrap.servers=localhost:2"], &at[..]].concat(), "bootstrap.servers"),
            (&[&["good.toml", "-X", "group.id=mine"], &at[..]].concat(), "group.id"),
            (&[&["good.toml", "-X", "session.timeout.ms=7000"], &at[..]].concat(), "the scenario says it"),
            (&[&["good.toml", "--repeat", "0"], &at[..]].concat(), "--repeat"),
            (&[&["good.toml", "--seeds", "0"], &at[..]].concat(), "--seeds"),
            (&[&["good.toml", "--jobs", "0"], &at[..]].concat(), "--jobs"),
            (&[&["good.toml", "--set", "novalue"], &at[..]].concat(), "KEY=VALUE"),
            (&[&["good.toml", "--set", "group.billing.surprise=1"], &at[..]].concat(), "surprise"),
            (&[&["absent.toml"], &at[..]].concat(), "absent.toml"),
        ] {
            place.cross_check(args).fails(2, why);
        }
    }

    #[test]
    fn a_wrong_file_among_right_ones_is_exit_2_before_any_cluster_is_looked_for() {
        let place = Place::new();
        place.file("wrong.toml", "run-for = \"5s\"\nsurprise = 1\n");
        let began = Instant::now();
        let args = ["good.toml", "wrong.toml", "--bootstrap-servers", NOBODY];
        place.cross_check(&args).fails(2, "1 of 2 scenario files are wrong; nothing was run");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }

    #[test]
    fn a_topic_name_that_leaves_no_room_for_the_prefix_is_exit_2_before_any_cluster_is_looked_for() {
        let place = Place::new();
        let with = |length| GOOD.replace("orders", &"t".repeat(length));
        place.file("fits.toml", &with(231));
        place.file("long.toml", &with(232));
        place.cross_check(&["fits.toml", "--bootstrap-servers", NOBODY]).fails(69, "no Kafka cluster");
        place.cross_check(&["long.toml", "--bootstrap-servers", NOBODY]).fails(2, "at most 231 characters");
    }

    #[test]
    fn a_directory_without_scenarios_is_exit_4() {
        let place = Place::new();
        std::fs::create_dir(place.path("empty")).unwrap();
        place.cross_check(&["empty", "--bootstrap-servers", NOBODY]).fails(4, "");
    }

    #[test]
    fn traces_that_cannot_be_written_are_exit_73_before_any_cluster_is_looked_for() {
        let place = Place::new();
        let args = ["good.toml", "--bootstrap-servers", NOBODY, "--trace", "good.toml"];
        place.cross_check(&args).fails(73, "it is not a directory");
        assert_eq!(std::fs::read_to_string(place.path("good.toml")).unwrap(), GOOD);
    }

    #[test]
    fn nobody_there_is_exit_69_within_seconds() {
        let place = Place::new();
        let began = Instant::now();
        place.cross_check(&["good.toml", "--bootstrap-servers", NOBODY]).fails(69, "no Kafka cluster at 127.0.0.1:1");
        let unknown = ["good.toml", "--bootstrap-servers", "no-such-host.invalid:9092"];
        place.cross_check(&unknown).fails(69, "no Kafka cluster at no-such-host.invalid:9092");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    }

    /// Somebody who answers everybody with `greeting`, or not at all.
    fn somebody(greeting: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut guests = Vec::new();
            for guest in listener.incoming() {
                let Ok(mut guest) = guest else { return };
                let mut request = [0; 64];
                if !greeting.is_empty() && guest.read(&mut request).is_ok() {
                    let _ = guest.write_all(greeting);
                }
                guests.push(guest);
            }
        });
        address
    }

    #[test]
    fn a_port_where_something_else_listens_is_exit_69_within_bounds() {
        let place = Place::new();
        for greeting in [&b""[..], b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x04abcd"] {
            let address = somebody(greeting);
            let began = Instant::now();
            let why = format!("no Kafka cluster at {address}");
            place.cross_check(&["good.toml", "--bootstrap-servers", &address]).fails(69, &why);
            assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        }
    }

    #[test]
    fn help_shows_examples_and_exit_codes() {
        let help = Place::new().cross_check(&["--help"]);
        assert_eq!(help.code, 0);
        for word in ["--bootstrap-servers", "--repeat", "Exit codes", "69", "security.protocol=sasl_plaintext"] {
            assert!(help.out.contains(word), "{word}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn settings_that_a_broker_does_not_restart_with_are_not_kept() {
        if std::env::var("GROUPSIM_KAFKA_BROKER").as_deref() != Ok("1") {
            return eprintln!("SKIPPED: no real Kafka");
        }
        let place = Place::new();
        let codes = [("start", &[][..]), ("restart", &["num.io.threads=many"]), ("restart", &[]), ("stop", &[])]
            .map(|(verb, settings)| broker_script(verb, place.0.path(), settings).status.code());
        assert_eq!(codes, [Some(0), Some(1), Some(0), Some(0)]);
    }

    /// Groupsim at work, beside the test.
    fn begin(place: &Place, args: &[&str]) -> std::process::Child {
        Command::new(env!("CARGO_BIN_EXE_groupsim"))
            .arg("cross-check")
            .args(args)
            .current_dir(place.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Topics that groupsim has there.
    fn topics(address: &str) -> Vec<String> {
        use rdkafka::consumer::{BaseConsumer, Consumer};
        let consumer: BaseConsumer =
            rdkafka::ClientConfig::new().set("bootstrap.servers", address).create().expect("a client");
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(10)).expect("the broker answers");
        let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
        names.filter(|name| name.starts_with("groupsim-")).collect()
    }

    fn wait_for_topics(address: &str) {
        let began = Instant::now();
        while topics(address).is_empty() {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing is made there");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    const QUIET: &str = r#"
run-for = "12s"
[topic.orders]
partitions = 2
produce    = "5/s"
[group.billing]
members = 2
commit  = { when = "after-record", mode = "sync" }
[group.billing.config]
auto.offset.reset     = "earliest"
session.timeout.ms    = 6_000
heartbeat.interval.ms = 1_000
max.poll.interval.ms  = 10_000
max.poll.records      = 3
"#;

    #[test]
    fn what_agrees_is_exit_0_and_what_differs_exit_5() {
        let Some(broker) = kafka_broker::Broker::start(&[]) else { return };
        let place = Place::new();
        place.file("quiet.toml", QUIET);
        // Records that no broker takes with its own settings; the simulated one takes any.
        place.file("big.toml", &QUIET.replace("\"5/s\"", "{ rate = \"5/s\", size = \"2MiB\" }"));
        // Two seconds to the coordinator and two back: not to be had on this machine.
        place.file("far.toml", &format!("{QUIET}[network]\nlatency = \"2s\"\n"));
        let at = ["--bootstrap-servers", broker.address()];
        let args = [&["quiet.toml", "big.toml", "far.toml", "--json", "--trace", "traces"], &at[..]].concat();
        let both = place.cross_check(&args);
        assert_eq!(both.code, 5, "{}", both.err);
        assert!(both.err.contains("does not have max.poll.records"), "{}", both.err);
        let document: serde_json::Value = serde_json::from_str(&both.out).unwrap();
        assert_eq!(document["cluster"]["settings"]["group.initial.rebalance.delay.ms"], 3_000);
        let verdicts: Vec<_> = [0, 1, 2].map(|n| document["scenarios"][n]["verdict"].as_str().unwrap()).to_vec();
        assert_eq!(verdicts, ["agrees", "differs", "not comparable"], "{document:#}");
        let far = &document["scenarios"][2];
        assert!(far["not_comparable"][0].as_str().unwrap().contains("latency"), "{far:#}");
        let mut traces: Vec<_> =
            std::fs::read_dir(place.path("traces")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        traces.sort();
        let names = ["big.real-1.jsonl", "big.simulated.jsonl", "quiet.real-1.jsonl", "quiet.simulated.jsonl"];
        assert_eq!(traces, names);
        let quiet = place.cross_check(&[&["quiet.toml", "--quiet", "--repeat", "2"], &at[..]].concat());
        assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (0, "", ""));
        assert_eq!(topics(broker.address()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn ctrl_c_is_exit_130_and_leaves_no_topic() {
        let Some(broker) = kafka_broker::Broker::start(&[]) else { return };
        let place = Place::new();
        place.file("long.toml", &QUIET.replace("12s", "20m"));
        // Records that are there from the start, and take a day to be written.
        place.file("more.toml", &QUIET.replace("produce    = \"5/s\"", "records = 10_000_000_000"));
        for file in ["long.toml", "more.toml"] {
            let child = begin(&place, &[file, "--bootstrap-servers", broker.address()]);
            wait_for_topics(broker.address());
            std::thread::sleep(Duration::from_secs(2));
            let began = Instant::now();
            assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
            let output = child.wait_with_output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(130), "{err}");
            assert!(err.contains("interrupted: 0 of 1 scenarios are complete"), "{err}");
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
            assert_eq!(topics(broker.address()), [""; 0]);
        }
    }

    #[test]
    fn what_the_timeline_begins_and_never_ends_is_over_with_the_run() {
        let Some(broker) = kafka_broker::Broker::start(&[]) else { return };
        let place = Place::new();
        let paused = r#"[timeline]
events = [{ at = "5s", pause = "billing-0", for = "1h" }, { at = "5s", cut = "billing-1", for = "1h" }]
"#;
        place.file("paused.toml", &format!("{QUIET}{paused}"));
        let produced = r#"[timeline]
events = [{ at = "1s", produce = "orders", records = 10_000_000_000 }]
"#;
        let produced = format!("{QUIET}{produced}").replace("12s", "2s").replace("members = 2", "members = 0");
        place.file("produced.toml", &produced);
        let at = ["--bootstrap-servers", broker.address()];
        let ended = place.cross_check(&[&["paused.toml", "-q", "--json"], &at[..]].concat());
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
        assert!(!ended.out.contains("acted while it was frozen"), "{}", ended.out);
        let began = Instant::now();
        place.cross_check(&[&["produced.toml", "-q", "--seeds", "1"], &at[..]].concat());
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
        assert_eq!(topics(broker.address()), [""; 0]);
    }

    #[test]
    fn a_cluster_that_goes_half_way_is_exit_3() {
        let Some(broker) = kafka_broker::Broker::start(&[]) else { return };
        let place = Place::new();
        place.file("long.toml", &QUIET.replace("12s", "20m"));
        // Over before three questions have gone without an answer.
        place.file("short.toml", QUIET);
        let children = ["long.toml", "short.toml"].map(|file| {
            let child = begin(&place, &[file, "--bootstrap-servers", broker.address()]);
            (file, child)
        });
        wait_for_topics(broker.address());
        std::thread::sleep(Duration::from_secs(5));
        broker.stop();
        let began = Instant::now();
        for (file, child) in children {
            let output = child.wait_with_output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(3), "{err}");
            assert!(err.contains(&format!("error: {file}: ")), "{err}");
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
    }
}
