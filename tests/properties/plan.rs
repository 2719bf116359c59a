//! Random small scenarios, as the text of their files.

use groupsim::scenario::{self, Scenario};
use proptest::prelude::*;
use std::fmt::Write;

/// Commit policies that never get ahead of the work.
pub const AFTER: &[&str] = &[
    r#"{ when = "after-record", mode = "sync" }"#,
    r#"{ when = "after-record", mode = "async" }"#,
    r#"{ when = "after-batch", mode = "sync", on-revoke = true }"#,
    r#"{ when = "after-batch", mode = "async" }"#,
    r#"{ when = "every-n", n = 7, mode = "sync", on-revoke = true }"#,
    r#"{ when = "interval", interval = "2s", mode = "async" }"#,
    r#"{ when = "never", on-revoke = true }"#,
    r#"{ when = "never" }"#,
    r#"{ when = "auto", interval = "1s" }"#,
    r#"{ when = "after-batch", offset = "done-max" }"#,
];

/// Every commit policy of one worker.
pub const ALL: &[&str] = &[
    AFTER[0],
    AFTER[1],
    AFTER[2],
    AFTER[3],
    AFTER[4],
    AFTER[5],
    AFTER[6],
    AFTER[7],
    AFTER[8],
    AFTER[9],
    r#"{ when = "auto", interval = "2s" }"#,
    r#"{ when = "before-record" }"#,
    r#"{ when = "before-batch" }"#,
    r#"{ when = "before-batch", mode = "async", on-revoke = true }"#,
    r#"{ when = "after-record", offset = "position" }"#,
];

const VERBS: &[&str] = &[
    "restart",
    "staggered",
    "stop",
    "crash",
    "pause",
    "slow",
    "stuck",
    "cut",
    "scale",
    "add-partitions",
    "with",
    "produce",
    "delete-records",
    "expire-offsets",
    "reset-offsets",
    "failover",
    "create-topic",
    "blips",
    "reborn",
];

/// One line of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    at_ms: u32,
    verb: &'static str,
    who: u32,
    how: u32,
    for_ms: u32,
}

/// Which libraries the members of a group run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cast {
    Java,
    Librdkafka,
    /// The last member is librdkafka's, the others are Java's.
    Mixed,
}

/// A group of members.
#[derive(Clone, Debug)]
pub struct Crew {
    cast: Cast,
    members: u32,
    is_static: bool,
    assignor: &'static str,
    commit: &'static str,
    reset: &'static str,
    session_ms: u32,
    heartbeat_ms: u32,
    max_poll_interval_ms: u32,
    max_poll_records: u32,
    per_record_ms: u32,
    metadata_ms: u32,
    request_timeout_ms: u32,
    /// The last member's own session timeout.
    other_session_ms: Option<u32>,
}

/// What a random scenario is made from.
#[derive(Clone, Debug)]
pub struct Plan {
    partitions: u32,
    rate: u32,
    preload: u32,
    run_for_s: u32,
    delay_ms: u32,
    max_size: Option<u32>,
    jitter_percent: u32,
    loss_percent: u32,
    reader: bool,
    crews: Vec<Crew>,
    events: Vec<Event>,
}

impl Crew {
    fn write(&self, text: &mut String, name: char, topics: &str) {
        write!(
            text,
            "[group.{name}]\ntopics = [{topics}]\nmembers = {}\nstatic = {}\n\
             process = {{ per-record = \"{}ms\", jitter = \"20%\" }}\ncommit = {}\n\
             client = \"{}\"\n\
             [group.{name}.config]\nauto.offset.reset = \"{}\"\nsession.timeout.ms = {}\nheartbeat.interval.ms = {}\n\
             max.poll.interval.ms = {}\npartition.assignment.strategy = \"{}\"\n",
            self.members,
            self.is_static,
            self.per_record_ms,
            self.commit,
            if self.cast == Cast::Librdkafka { "librdkafka" } else { "java" },
            self.reset,
            self.session_ms,
            self.heartbeat_ms,
            // librdkafka does not start with less than its session timeout, and has no such assignor as sticky.
            if self.cast == Cast::Java { self.max_poll_interval_ms } else { self.max_poll_interval_ms.max(20_000) },
            if self.cast != Cast::Java && self.assignor == "sticky" { "range" } else { self.assignor },
        )
        .expect("text");
        let Crew { max_poll_records, metadata_ms, request_timeout_ms, .. } = self;
        match self.cast {
            Cast::Librdkafka => write!(
                text,
                "topic.metadata.refresh.interval.ms = {metadata_ms}\nsocket.timeout.ms = {request_timeout_ms}\n\
                 queued.min.messages = {max_poll_records}\n"
            ),
            _ => write!(
                text,
                "metadata.max.age.ms = {metadata_ms}\nrequest.timeout.ms = {request_timeout_ms}\n\
                 max.poll.records = {max_poll_records}\n"
            ),
        }
        .expect("text");
        let last = self.members - 1;
        let mut own = String::new();
        // As librdkafka stores before the work, only this keeps its auto-commit behind it.
        let stores = if self.commit.contains("\"1s\"") { "enable.auto.offset.store = false\n" } else { "" };
        match self.cast {
            Cast::Java => {}
            Cast::Librdkafka => text.push_str(stores),
            Cast::Mixed => {
                write!(text, "[group.{name}.member.{name}-{last}]\nclient = \"librdkafka\"\n").expect("text");
                own.push_str(stores);
            }
        }
        if let Some(ms) = self.other_session_ms {
            writeln!(own, "session.timeout.ms = {ms}").expect("text");
        }
        if !own.is_empty() {
            write!(text, "[group.{name}.member.{name}-{last}.config]\n{own}").expect("text");
        }
    }
}

impl Plan {
    /// The file.
    pub fn text(&self) -> String {
        let mut text = format!(
            "name = \"random\"\nrun-for = \"{}s\"\n[broker.config]\ngroup.initial.rebalance.delay.ms = {}\n",
            self.run_for_s, self.delay_ms
        );
        if let Some(size) = self.max_size {
            writeln!(text, "group.max.size = {size}").expect("text");
        }
        write!(
            text,
            "[network]\nlatency = {{ base = \"1ms\", jitter = \"{}%\", loss = \"{}%\" }}\n\
             [topic.t]\npartitions = {}\nrecords = {}\n",
            self.jitter_percent, self.loss_percent, self.partitions, self.preload
        )
        .expect("text");
        if self.rate > 0 {
            writeln!(text, "produce = \"{}/s\"", self.rate).expect("text");
        }
        for (crew, name) in self.crews.iter().zip('a'..) {
            let late = self.events.iter().any(|event| event.verb == "create-topic");
            crew.write(&mut text, name, if late { "\"t\", \"late\"" } else { "\"t\"" });
        }
        if self.reader {
            text.push_str("[group.reader]\nassign = [\"t:0\"]\nfrom = \"beginning\"\n");
        }
        text.push_str("[timeline]\nevents = [\n");
        for event in &self.events {
            writeln!(text, "  {},", self.line(event)).expect("text");
        }
        text.push_str("]\n");
        text
    }

    fn line(&self, event: &Event) -> String {
        let &Event { at_ms, verb, who, how, for_ms } = event;
        let place = (who / 8) as usize % self.crews.len();
        let (crew, name) = (&self.crews[place], (b'a' + place as u8) as char);
        let member = format!("{name}-{}", who % crew.members);
        let some = match how % 8 {
            0 => format!("any 2 of {name}"),
            1 => format!("{name}-*"),
            2 => format!("all of {name}"),
            3 => format!("any 1 of {name}"),
            _ => member.clone(),
        };
        match verb {
            "restart" => format!("{{ at = \"{at_ms}ms\", restart = \"{some}\", down-for = \"{for_ms}ms\" }}"),
            "staggered" => format!(
                "{{ at = \"{at_ms}ms\", restart = \"{name}-*\", one-every = \"{}ms\", down-for = \"{for_ms}ms\" }}",
                how * 37 % 5_000
            ),
            "reborn" => format!(
                "{{ at = \"{at_ms}ms\", restart = \"{some}\", as = \"new\", surge = {}, one-every = \"{}ms\", \
                 down-for = \"{for_ms}ms\" }}",
                how % 2 == 0,
                how * 37 % 5_000,
            ),
            "stop" | "crash" => format!(
                "{{ at = \"{at_ms}ms\", {verb} = \"{some}\" }},\n  {{ at = \"{}ms\", start = \"{name}-*\" }}",
                at_ms + for_ms
            ),
            "with" => format!(
                "{{ at = \"{at_ms}ms\", restart = \"{member}\", down-for = \"{for_ms}ms\", with = {{ session.timeout.ms = {}, \
                 {} }} }}",
                6_000 + how * 11,
                if crew.cast == Cast::Java {
                    format!("max.poll.records = {}", 1 + how % 30)
                } else {
                    "fetch.min.bytes = 1".to_owned()
                },
            ),
            "slow" => format!(
                "{{ at = \"{at_ms}ms\", slow = \"{some}\", per-record = \"{}ms\", for = \"{for_ms}ms\" }}",
                100 + how * 3
            ),
            "scale" => format!("{{ at = \"{at_ms}ms\", scale = \"{name}\", to = {} }}", how % 6),
            "add-partitions" => {
                format!(
                    "{{ at = \"{at_ms}ms\", add-partitions = \"t\", to = {} }}",
                    self.partitions + 1 + at_ms / 12_000
                )
            }
            "produce" => format!("{{ at = \"{at_ms}ms\", produce = \"t\", records = {how} }}"),
            "delete-records" => format!("{{ at = \"{at_ms}ms\", delete-records = \"t\", before = {how} }}"),
            "create-topic" => format!(
                "{{ at = \"{at_ms}ms\", create-topic = \"late\", partitions = {} }},\n  \
                 {{ at = \"{}ms\", produce = \"late\", records = {how} }}",
                1 + how % 3,
                at_ms + for_ms
            ),
            "failover" => {
                format!("{{ at = \"{at_ms}ms\", failover = \"{name}\", down-for = \"{}ms\" }}", for_ms * (how % 3) / 2)
            }
            "expire-offsets" | "reset-offsets" => {
                let to = ["\"earliest\"", "\"latest\"", "3", "200"][(how / 2 % 4) as usize];
                let to = if verb == "reset-offsets" { format!(", to = {to}") } else { String::new() };
                let event = format!("{verb} = \"{name}\"{to}");
                if how % 2 == 0 {
                    return format!("{{ at = \"{at_ms}ms\", {event} }}");
                }
                // When nobody is there, in all likelihood.
                format!(
                    "{{ at = \"{at_ms}ms\", scale = \"{name}\", to = 0 }},\n  {{ at = \"{}ms\", {event} }},\n  \
                     {{ at = \"{}ms\", scale = \"{name}\", to = {} }}",
                    at_ms + for_ms * 9 / 10,
                    at_ms + for_ms,
                    1 + how % 4
                )
            }
            "blips" => format!(
                "{{ at = \"{at_ms}ms\", {} = \"{some}\", for = \"{}ms\", every = \"{}ms\", times = {} }}",
                ["pause", "cut", "stuck"][(who % 3) as usize],
                for_ms % 2_000 + 1,
                500 + how * 5,
                2 + how % 5
            ),
            _ => format!("{{ at = \"{at_ms}ms\", {verb} = \"{some}\", for = \"{for_ms}ms\" }}"),
        }
    }

    /// The file, read.
    pub fn scenario(&self) -> Scenario {
        let text = self.text();
        match scenario::parse("random.toml", &text, &[]) {
            Ok(loaded) => loaded.scenario,
            Err(errors) => panic!("the generator wrote a wrong file: {errors:?}\n{text}"),
        }
    }
}

fn crew(commits: &'static [&'static str]) -> impl Strategy<Value = Crew> {
    let cast = prop::sample::select(vec![Cast::Java, Cast::Java, Cast::Librdkafka, Cast::Librdkafka, Cast::Mixed]);
    let members = (1u32..5, prop::bool::weighted(0.25), prop::option::weighted(0.3, 6_000u32..20_000));
    let words = (
        prop::sample::select(vec!["range", "roundrobin", "sticky", "cooperative-sticky"]),
        prop::sample::select(commits),
        prop::sample::select(vec!["earliest", "earliest", "earliest", "latest"]),
    );
    let timeouts = (6_000u32..12_000, 500u32..3_000, 1u32..60, 0u32..40);
    let poll = prop_oneof![4 => 2_000u32..20_000, 1 => 1u32..2_000, 1 => Just(300_000u32)];
    let client = (
        prop::sample::select(vec![300_000u32, 5_000, 1_000]),
        prop::sample::select(vec![30_000u32, 30_000, 5_000, 1_000]),
    );
    (cast, members, words, timeouts, poll, client).prop_map(
        |(cast, members, words, timeouts, max_poll_interval_ms, client)| Crew {
            cast,
            members: members.0,
            is_static: members.1,
            assignor: words.0,
            commit: words.1,
            reset: words.2,
            session_ms: timeouts.0,
            heartbeat_ms: timeouts.1,
            max_poll_interval_ms,
            max_poll_records: timeouts.2,
            per_record_ms: timeouts.3,
            metadata_ms: client.0,
            request_timeout_ms: client.1,
            other_session_ms: members.2,
        },
    )
}

/// Random scenarios whose groups commit in one of these ways.
pub fn plans(commits: &'static [&'static str]) -> impl Strategy<Value = Plan> {
    let event = (3_000u32..60_000, prop::sample::select(VERBS), 0u32..16, 1u32..800, 1u32..20_000)
        .prop_map(|(at_ms, verb, who, how, for_ms)| Event { at_ms, verb, who, how, for_ms });
    let events = prop::collection::vec(event, 0..6);
    let size = (1u32..6, prop_oneof![1 => Just(0u32), 3 => 1u32..60], 0u32..400, 20u32..90);
    let network = (prop::sample::select(vec![0u32, 1, 500, 3_000]), 0u32..60, prop_oneof![0u32..4, 0u32..11]);
    let extras = (prop::option::weighted(0.15, 1u32..4), prop::bool::weighted(0.2));
    let crews = prop_oneof![
        4 => prop::collection::vec(crew(commits), 1..2),
        1 => prop::collection::vec(crew(commits), 2..3)
    ];
    (size, network, extras, crews, events).prop_map(|(size, network, extras, crews, mut events)| {
        events.sort_unstable();
        let run_for_s = size.3;
        events.retain(|event| event.at_ms + event.for_ms < run_for_s * 1_000);
        Plan {
            partitions: size.0,
            rate: size.1,
            preload: size.2,
            run_for_s,
            delay_ms: network.0,
            max_size: extras.0,
            jitter_percent: network.1,
            loss_percent: network.2,
            reader: extras.1,
            crews,
            events,
        }
    })
}
