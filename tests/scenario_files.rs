//! Scenario files: what loads to what, and what each mistake says.

use groupsim::config::expect::*;
use groupsim::config::*;
use groupsim::scenario::*;
use groupsim::time::{Duration, Instant};

const CANONICAL: &str = r#"name     = "rolling deploy of 4 pods, then one is killed"
protocol = "classic"                    # "classic" | "consumer" (KIP-848)
run-for  = "5m"
seed     = 42

[broker.config]
group.initial.rebalance.delay.ms = 3_000

[network]
latency = "1ms"                         # one way; or { base = "1ms", jitter = "20%", loss = "0%" }

[topic.orders]
partitions = 12
produce    = "200/s"

[group.billing]
topics  = ["orders"]
members = 4                             # billing-0 .. billing-3, started at t=0
client  = "java"                        # java | librdkafka | sarama | kafka-go | franz-go
process = { per-record = "5ms", jitter = "20%" }
commit  = { when = "after-batch", mode = "sync", on-revoke = true }

[group.billing.config]
auto.offset.reset             = "earliest"
session.timeout.ms            = 45_000
heartbeat.interval.ms         = 3_000
max.poll.interval.ms          = 300_000
max.poll.records              = 500
partition.assignment.strategy = "range"

[timeline]
events = [
  { at = "60s",   restart = "billing-*", one-every = "20s", down-for = "8s" },
  { at = "2m50s", slow = "billing-2", per-record = "900ms", for = "40s" },
  { at = "3m45s", crash = "billing-1" },
]

[expect]
must-see   = ["rebalance >= 9", "member_removed(session)"]
never      = ["owners_per_partition > 1"]
at-the-end = ["state == Stable", "members == 3", "lag < 100"]
overall    = ["lost == 0", "duplicates <= 10", "rebalances == 9", "max(partition_downtime) < 49s"]
"#;

fn query(metric: MetricName, op: Option<Op>) -> MetricQuery {
    MetricQuery { metric, filter: Filter::default(), op }
}

fn check(text: &str, metric: MetricName, op: Option<Op>, comparison: Comparison, literal: Literal) -> Check {
    Check { text: text.to_string(), query: query(metric, op), comparison, literal }
}

#[test]
fn the_canonical_example_loads_with_every_value() {
    let loaded = parse("canonical.toml", CANONICAL, &[]).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(loaded.lints, []);
    assert_eq!(loaded.ignored_keys, []);
    let s = loaded.scenario;
    assert_eq!(s.name, "rolling deploy of 4 pods, then one is killed");
    assert_eq!((s.seed, s.run_for), (42, Duration::from_secs(300)));
    assert_eq!(s.broker, BrokerConfig::default());
    assert_eq!(s.network, Network { base: Duration::from_ms(1), jitter_percent: 0, loss_per_10_000: 0 });
    let produce = Produce {
        count: 200,
        per: Duration::from_secs(1),
        size: 1_024,
        keys: None,
        from: Instant::ZERO,
        until: Instant::MAX,
    };
    let orders =
        Topic { name: "orders".into(), partitions: 12, preload: 0, preload_size: 1_024, produce: vec![produce] };
    assert_eq!(s.topics, [orders]);

    let member = |name: &str, host: &str| MemberConfig {
        name: name.into(),
        scope: "billing".into(),
        host: host.into(),
        membership: Membership::Subscribe { group: "billing".into(), instance: None, topics: vec!["orders".into()] },
        client: ClientConfig {
            client_id: "consumer-billing-1".into(),
            auto_offset_reset: AutoOffsetReset::Earliest,
            assignors: vec![AssignorKind::Range],
            ..ClientConfig::default()
        },
        process: ProcessPolicy { per_record: Duration::from_ms(5), jitter_percent: 20, ..ProcessPolicy::default() },
        commit: CommitPolicy {
            when: CommitWhen::AfterBatch,
            offset: CommitOffset::DoneContiguous,
            mode: CommitMode::Sync,
            on_revoke: true,
            also_auto_ms: None,
        },
        from: StartAt::Committed,
        until_end: false,
    };
    assert_eq!(s.groups.len(), 1);
    let group = &s.groups[0];
    assert_eq!((group.name.as_str(), group.standalone, group.members), ("billing", false, 4));
    let expected: Vec<_> = (0..4).map(|n| member(&format!("billing-{n}"), &format!("/10.0.0.{}", n + 1))).collect();
    assert_eq!(group.member_configs, expected);
    assert_eq!(group.template, member("billing", ""));
    assert_eq!(group.starts_at_zero, [true; 4]);

    let at = |seconds: u64| (Instant::from_ms(seconds * 1_000), None);
    let name = |n: &str| Selector::Name(n.to_string());
    let restart = Action::Restart {
        who: Selector::Glob("billing-*".into()),
        one_every: Some(Duration::from_secs(20)),
        down_for: Duration::from_secs(8),
        grace: Duration::from_secs(30),
        with: vec![],
    };
    let slow = Action::Slow {
        who: name("billing-2"),
        per_record: Duration::from_ms(900),
        duration: Some(Duration::from_secs(40)),
    };
    let event = |at, action, line| TimelineEvent { at, repeat: None, action, line };
    assert_eq!(
        s.timeline,
        [
            event(at(60), restart, 33),
            event(at(170), slow, 34),
            event(at(225), Action::Crash { who: name("billing-1") }, 35)
        ]
    );

    use Comparison::*;
    let mark = |text: &str, kind: &str, label: Option<&str>, count| MustSee {
        text: text.into(),
        kind: kind.into(),
        label: label.map(str::to_string),
        comparison: GreaterOrEqual,
        count,
    };
    let expect = Expectations {
        must_see: vec![
            mark("rebalance >= 9", "rebalance", None, 9),
            mark("member_removed(session)", "member_removed", Some("session"), 1),
        ],
        never: vec![check(
            "owners_per_partition > 1",
            MetricName::OwnersPerPartition,
            None,
            Greater,
            Literal::Number(1),
        )],
        at_the_end: vec![
            check("state == Stable", MetricName::State, None, Equal, Literal::State("Stable".into())),
            check("members == 3", MetricName::Members, None, Equal, Literal::Number(3)),
            check("lag < 100", MetricName::Lag, None, Less, Literal::Number(100)),
        ],
        overall: vec![
            check("lost == 0", MetricName::Lost, None, Equal, Literal::Number(0)),
            check("duplicates <= 10", MetricName::Duplicates, None, LessOrEqual, Literal::Number(10)),
            check("rebalances == 9", MetricName::Rebalances, None, Equal, Literal::Number(9)),
            check(
                "max(partition_downtime) < 49s",
                MetricName::PartitionDowntime,
                Some(Op::Max),
                Less,
                Literal::Time(49_000_000),
            ),
        ],
    };
    assert_eq!(s.expect, expect);
    assert_eq!(s.promises, Promises { lost_mentioned: true, skipped_mentioned: false });
}

/// A file that loads, to which cases add their lines: topic orders with 4 partitions, group billing with 2 members.
/// Lines of a case's own text start at 9.
const SMALL: &str = r#"run-for = "1m"
[topic.orders]
partitions = 4
[topic.refunds]
[group.billing]
topics = ["orders"]
members = 2
### the case's own lines follow
"#;

/// What one diagnostic must be: code, line, and words of its message or help.
type Expected = (&'static str, usize, &'static str);

/// Name, whether SMALL goes before it, text, every diagnostic in the file's order.
type Case = (bool, &'static str, &'static [Expected]);

const CASES: &[Case] = &[
    // The file as a whole.
    (false, "", &[("GS004", 1, "nothing in it")]),
    (false, "# nothing but a comment\n", &[("GS004", 1, "nothing in it")]),
    (false, "run-for = 5m", &[("GS005", 1, "must be quoted")]),
    (false, "run-for = \"1m\"\nrun-for = \"2m\"", &[("GS005", 2, "duplicate key")]),
    (false, "a = 1\u{0}", &[("GS003", 1, "NUL bytes")]),
    // Structure.
    (false, "run-for = \"1m\"", &[("GS011", 1, "no group"), ("GS011", 1, "no topic")]),
    (
        true,
        "membrs = 3\nprocess = { per-recrod = \"1s\" }\n[grup.x]\n[topic.orders.v2]",
        &[
            ("GS010", 9, "did you mean `members`"),
            ("GS010", 10, "did you mean `per-record`"),
            ("GS010", 11, "did you mean `group`"),
            ("GS010", 12, "quote it: [topic.\"orders.v2\"]"),
        ],
    ),
    (
        true,
        "client = 3\nprocess = \"fast\"\nstatic = \"yes\"\n[timeline]\nevents = \"none\"\n[network]\nlatency = 5",
        &[
            ("GS012", 9, "`client` must be text in quotes, not a whole number"),
            ("GS012", 10, "`process` must be a table, not text"),
            ("GS012", 11, "`static` must be true or false, not text"),
            ("GS012", 13, "`events` must be a list, not text"),
            ("GS012", 15, "write the unit: \"5s\" or \"5ms\""),
        ],
    ),
    (
        true,
        "process = { per-record = \"fast\", jitter = \"20\" }\n[topic.a]\nproduce = \"200\"\nsize = \"big\"\npartitions = 0\n\
         [topic.b]\nproduce = { rate = \"5/s\", from = \"20s\", until = \"10s\" }\n[network]\nlatency = { loss = \"95%\" }",
        &[
            ("GS013", 9, "`fast` is not a duration"),
            ("GS013", 9, "not a share such as \"20%\""),
            ("GS013", 11, "not a rate: `200`"),
            ("GS013", 12, "not a size"),
            ("GS013", 13, "from 1 to"),
            ("GS013", 15, "`until` must be after `from`, 20s"),
            ("GS013", 17, "at most 90%"),
        ],
    ),
    (true, "[topic.\"a b\"]\n[group.\"*\"]\ntopics = [\"orders\"]", &[("GS014", 9, "topic"), ("GS014", 10, "group")]),
    (
        true,
        "[group.audit]\n[group.reader]\nassign = [\"ordrs:0\", \"orders:4\", \"orders\"]\n[group.x]\ntopics = [\"order\"]",
        &[
            ("GS011", 9, "needs `topics`: there are 2 topics"),
            ("GS020", 11, "did you mean `orders`"),
            ("GS020", 11, "no partition 4: there are 4"),
            ("GS013", 11, "write topic:number"),
            ("GS020", 13, "did you mean `orders`"),
        ],
    ),
    // Kafka's properties.
    (
        true,
        "[group.billing.config]\nsesion.timeout.ms = 6000\ngroup.id = \"x\"\nenable.auto.offset.store = false\n\
         max.poll.records = 0\nauto.offset.reset = \"first\"\npartition.assignment.strategy = \"rang\"\n\
         session.timeout.ms = \"6s\"\ngroup.max.size = 3\ngroup.protocol = \"consumer\"\nclient.id = 7",
        &[
            ("GS030", 10, "did you mean `session.timeout.ms`"),
            ("GS031", 11, "its name in the file"),
            ("GS032", 12, "java has no `enable.auto.offset.store`"),
            ("GS033", 13, "must be at least 1, not 0"),
            ("GS033", 14, "`earliest`, `latest`, `none`"),
            ("GS033", 15, "did you mean `range`"),
            ("GS012", 16, "here of milliseconds: 6000"),
            ("GS030", 17, "write it under [broker.config]"),
            ("GS031", 18, "write `protocol`"),
            ("GS012", 19, "must be text in quotes"),
        ],
    ),
    (
        true,
        "[broker.config]\nsession.timeout.ms = 6000\ngroup.max.size = 0\ngroup.max.sise = 1",
        &[
            ("GS030", 10, "[group.NAME.config]"),
            ("GS033", 11, "at least 1"),
            ("GS030", 12, "did you mean `group.max.size`"),
        ],
    ),
    (
        true,
        "[group.billing.config]\nsession.timeout.ms = 7000\nheartbeat.interval.ms = 7000",
        &[("GS033", 11, "not below session.timeout.ms 7000")],
    ),
    (
        true,
        "[group.reader]\nassign = [\"orders:0\"]\ntopics = [\"orders\"]\ncommit = { when = \"never\" }\n\
         [group.reader.config]\nsession.timeout.ms = 6000\nenable.auto.commit = false",
        &[("GS034", 11, "`topics`"), ("GS034", 12, "`commit`"), ("GS034", 14, "about membership")],
    ),
    // process and commit.
    (
        true,
        "commit = { when = \"auto\", interval = \"1s\" }\n[group.billing.config]\nenable.auto.commit = false\nauto.commit.interval.ms = 2000",
        &[("GS035", 9, "the same switch"), ("GS035", 9, "against auto.commit.interval.ms = 2000")],
    ),
    (true, "commit = { when = \"every-n\" }", &[("GS040", 9, "`every-n` needs `n`")]),
    (true, "commit = { when = \"interval\" }", &[("GS040", 9, "needs `interval`")]),
    (
        true,
        "commit = { when = \"after-batch\", n = 3, interval = \"1s\" }",
        &[("GS040", 9, "belongs to every-n"), ("GS040", 9, "belongs to interval and auto")],
    ),
    (
        true,
        "commit = { when = \"auto\", mode = \"sync\", offset = \"position\", on-revoke = false }",
        &[("GS040", 9, "`mode`"), ("GS040", 9, "`offset`"), ("GS040", 9, "cannot be kept from committing")],
    ),
    (true, "commit = { when = \"never\", on-revoke = true, mode = \"sync\" }", &[("GS040", 9, "nothing is committed")]),
    (
        true,
        "process = { jitter-per = \"record\", order = \"none\" }",
        &[("GS041", 9, "without `jitter`"), ("GS041", 9, "here is one")],
    ),
    // The timeline.
    (
        true,
        "[timeline]\nevents = [\n{ at = \"1s\" },\n{ at = \"1s\", crash = \"billing-0\", stop = \"billing-0\" },\n\
         { at = \"1s\", crash = \"billing-0\", for = \"3s\" },\n{ at = \"9s..3s\", crash = \"billing-0\" },\n\
         { crash = \"billing-0\" },\n{ at = \"1s\", slow = \"billing-0\" },\n{ at = \"1s\", crahs = \"billing-0\" },\n]",
        &[
            ("GS050", 11, "one of start, stop"),
            ("GS051", 12, "`crash` and `stop`"),
            ("GS052", 13, "belongs to `pause`, `slow`, `stuck`, `cut`"),
            ("GS013", 14, "ends before it begins"),
            ("GS011", 15, "needs `at`"),
            ("GS011", 16, "needs `per-record`"),
            ("GS010", 17, "did you mean `crash`"),
        ],
    ),
    (
        true,
        "[timeline]\nevents = [\n{ at = \"1s\", every = \"1s\", crash = \"billing-0\" },\n\
         { at = \"1s\", every = \"1s\", times = 2, until = \"9s\", crash = \"billing-0\" },\n\
         { at = \"1s\", times = 2, crash = \"billing-0\" },\n{ at = \"5s\", every = \"1s\", until = \"5s\", crash = \"billing-0\" },\n]",
        &[
            ("GS053", 11, "needs `times` or `until`"),
            ("GS053", 12, "beside `times`"),
            ("GS053", 13, "`times` without `every`"),
            ("GS053", 14, "must be after `at`, 5s"),
        ],
    ),
    (
        true,
        "[timeline]\nevents = [\n{ at = \"1s\", crash = \"billing-2\" },\n{ at = \"1s\", crash = \"biling-1\" },\n\
         { at = \"1s\", crash = \"billing\" },\n{ at = \"1s\", crash = \"all of biling\" },\n{ at = \"1s\", crash = \"any x of billing\" },\n\
         { at = \"1s\", crash = \"the first two\" },\n{ at = \"1s\", scale = \"biling\", to = 3 },\n{ at = \"1s\", produce = \"orders\", records = 5, partition = 9 },\n\
         { at = \"1s\", add-partitions = \"orders\", to = 4 },\n]\n[group.billing.member.billing-7]\nclient = \"java\"",
        &[
            ("GS022", 11, "billing-0 to billing-1"),
            ("GS022", 12, "did you mean `billing-1`"),
            ("GS022", 13, "all of billing"),
            ("GS021", 14, "did you mean `billing`"),
            ("GS023", 15, "a number from 1"),
            ("GS023", 16, "is no selector"),
            ("GS021", 17, "did you mean `billing`"),
            ("GS020", 18, "no partition 9"),
            ("GS013", 19, "can only be added"),
            ("GS022", 21, "no member `billing-7`"),
        ],
    ),
    // Expectations; the caret is under the wrong word inside the text.
    (
        true,
        "[expect]\noverall = [\n\"max(partition_downtme) < 10s\",\n\"lost = 0\",\n\"p99(partition_downtime) < 10\",\n\
         \"duplicates(crsh) <= 10\",\n\"partition_downtime < 10s\",\n\"lag < 10\",\n\"max(lost) == 0\",\n\
         \"max(lag) < 5s\",\n\"lost == 0 and more\",\n\"duplicates(group=biling) == 0\",\n\"commit_failures(REBALANCE) == 0\",\n\
         \"max(partition_downtime) < 1.5s\",\n\"max(lag(partition=4)) < 5\",\n\"max(lag(member=billing-5)) < 5\",\n]",
        &[
            ("GS061", 11, "did you mean `partition_downtime`"),
            ("GS060", 12, "equality is written `==`"),
            ("GS062", 13, "write a unit: 10s, 10ms"),
            ("GS060", 14, "did you mean `crash`"),
            ("GS062", 15, "max(partition_downtime)"),
            ("GS062", 16, "its last value goes to `at-the-end`"),
            ("GS062", 17, "write `lost`"),
            ("GS062", 18, "a number, not a time"),
            ("GS060", 19, "expected the end"),
            ("GS021", 20, "did you mean `billing`"),
            ("GS060", 21, "no error code `REBALANCE`"),
            ("GS060", 22, "90s, not 1m30s or 1.5s"),
            ("GS020", 23, "no partition 4"),
            ("GS022", 24, "no member `billing-5`"),
        ],
    ),
    (
        true,
        "[expect]\nnever = [\"partition_downtime > 1s\", \"max(lag) > 5\"]\nat-the-end = [\"state == Stabel\", \"state < Stable\"]\n\
         must-see = [\"rebalence\", \"member_removed(sesion)\", \"poll(x)\", \"rebalance >= many\"]",
        &[
            ("GS062", 10, "cannot stand in `never`"),
            ("GS062", 10, "`max(lag)` in `overall`"),
            ("GS060", 11, "did you mean `Stable`"),
            ("GS062", 11, "states have no order"),
            ("GS063", 12, "did you mean `rebalance`"),
            ("GS063", 12, "did you mean `session`"),
            ("GS063", 12, "`poll` has no labels"),
            ("GS060", 12, "no whole number"),
        ],
    ),
    // Planned.
    (
        true,
        "client = \"sarama\"\nprocess = { workers = 3, order = \"none\", buffer = 5, when-revoked = \"drain\" }\n\
         commit = { when = \"after-batch\", offset = \"stored\", store = \"with-result\", retry = 3 }\n\
         [group.more]\ntopics = [\"^ord.*\"]\n[group.more.config]\npartition.assignment.strategy = [\"cooperative-sticky\"]\n[timeline]\nevents = [\n\
         { at = \"1s\", failover = \"billing\" },\n{ at = \"1s\", restart = \"more-0\", as = \"new\", surge = true },\n\
         { at = \"1s\", delete-records = \"orders\", before = 3 },\n{ at = \"1s\", expire-offsets = \"billing\" },\n\
         { at = \"1s\", reset-offsets = \"billing\", to = \"latest\" },\n{ at = \"1s\", create-topic = \"x\" },\n]",
        &[
            ("GS070", 9, "client = \"sarama\": planned, not in this version"),
            ("GS070", 10, "several workers"),
            ("GS070", 10, "`order`"),
            ("GS070", 10, "`buffer`"),
            ("GS070", 10, "`when-revoked`"),
            ("GS070", 11, "stored"),
            ("GS070", 11, "with-result"),
            ("GS070", 11, "`retry`"),
            ("GS070", 13, "a pattern over topics"),
            ("GS070", 15, "cooperative"),
            ("GS070", 18, "`failover`"),
            ("GS070", 19, "`as = \"new\"`"),
            ("GS070", 19, "`surge = true`"),
            ("GS070", 20, "`delete-records`"),
            ("GS070", 21, "`expire-offsets`"),
            ("GS070", 22, "`reset-offsets`"),
            ("GS070", 23, "`create-topic`"),
        ],
    ),
    // Limits.
    (
        false,
        "run-for = \"11years\"\n[topic.a]\npartitions = 1000001\nrecords = 1000000000000001\n[group.g]\nmembers = 10000000",
        &[
            ("GS071", 1, "the limit is 10 years"),
            ("GS071", 3, "the limit is 100,000"),
            ("GS071", 4, "the limit is 1,000,000,000,000,000"),
            ("GS071", 6, "10,000,000; the limit is 10,000"),
        ],
    ),
    (
        false,
        "run-for = \"1h\"\n[topic.a]\nproduce = \"1000000/s\"\n[group.g]\n[timeline]\nevents = [\n\
         { at = \"0\", every = \"1ms\", times = 9_000_000_000, crash = \"g-0\" },\n]",
        &[("GS071", 3, "3,600,000,000 records are produced"), ("GS071", 7, "3,600,000 events")],
    ),
    (
        false,
        "run-for = \"1h\"\n[topic.a]\n[group.g]\nmembers = 6_000\n[group.h]\nmembers = 6_000",
        &[("GS071", 5, "12,000 members in all")],
    ),
    (
        false,
        "run-for = \"1h\"\n[topic.a]\npartitions = 60_000\n[group.g]\n[group.h]",
        &[("GS071", 5, "all groups together read 120,000 partitions; the limit is 100,000")],
    ),
    (
        true,
        "[timeline]\nevents = [\n{ at = \"1s\", every = \"1s\", times = 50, produce = \"orders\", records = 90_000_000_000_000 },\n\
         { at = \"1s\", start = \"billing-10000\" },\n]",
        &[("GS071", 11, "4,500,000,000,000,000 records"), ("GS071", 12, "member number 10,000; the limit is 10,000")],
    ),
    // Lints.
    (
        true,
        "[timeline]\nevents = [\n{ at = \"50s..70s\", crash = \"billing-0\" },\n\
         { at = \"1s\", restart = \"billing-1\", with = { session.timeout.ms = 6000 } },\n\
         { at = \"1s\", restart = \"billing-1\", with = { session.timeout.ms = 5000, heartbeat.interval.ms = 100 } },\n]",
        &[
            ("GS084", 11, "on some seeds"),
            ("GS080", 12, "6000 / 3 = 2000"),
            ("GS081", 13, "outside the broker's range"),
        ],
    ),
    (
        true,
        "process = { per-record = \"1s\" }\n[group.billing.config]\nsession.timeout.ms = 3_001\n\
         heartbeat.interval.ms = 2_000\n[timeline]\nevents = [\n{ at = \"60s\", crash = \"billing-0\" },\n\
         { at = \"1s\", crash = \"bill-*\" },\n{ at = \"1s\", slow = \"billing-1\", per-record = \"20s\", for = \"30s\" },\n]",
        &[
            ("GS082", 9, "500 records x 1s = 8m20s > 5m"),
            ("GS081", 11, "outside the broker's range, 6000 to 1800000"),
            ("GS080", 12, "heartbeat.interval.ms 2000 > session.timeout.ms 3001 / 3 = 1000"),
            ("GS084", 15, "in a run that ends at 1m"),
            ("GS083", 16, "`bill-*` matches nobody"),
            ("GS082", 17, "2 records x 20s + 498 x 1s = 8m58s > 5m"),
        ],
    ),
    (
        true,
        "commit = { when = \"every-n\", n = 10, offset = \"position\" }\n[group.billing.config]\nenable.auto.commit = true\n\
         [group.billing.member.billing-1.config]\npartition.assignment.strategy = \"sticky\"",
        &[
            ("GS085", 5, "[range, cooperative-sticky] and [sticky]"),
            ("GS086", 9, "ahead of the work"),
            ("GS087", 11, "both commit"),
        ],
    ),
];

fn diagnostics(text: &str, sets: &[(&str, &str)]) -> Vec<Diagnostic> {
    match parse("case.toml", text, sets) {
        Ok(loaded) => loaded.lints,
        Err(errors) => errors.diagnostics,
    }
}

#[test]
fn every_mistake_has_its_code_its_line_and_its_help() {
    for (with_small, text, expected) in CASES {
        let text = if *with_small { format!("{SMALL}{text}") } else { text.to_string() };
        let found = diagnostics(&text, &[]);
        let codes: Vec<_> = found.iter().map(|d| (d.code.name(), d.line_and_column().0)).collect();
        let wanted: Vec<_> = expected.iter().map(|e| (e.0, e.1)).collect();
        let told: Vec<_> = found.iter().map(|d| format!("{} | {:?}", d.one_line(), d.help)).collect();
        assert_eq!(codes, wanted, "\n{text}\n{}", told.join("\n"));
        for (diagnostic, (code, _, words)) in found.iter().zip(*expected) {
            let all = format!("{} {}", diagnostic.message, diagnostic.help.as_deref().unwrap_or_default());
            if !all.contains(words) {
                println!("=== {code}: {words:?} is not in {all:?}");
            }
        }
    }
}

#[test]
fn every_code_is_explained_and_triggered() {
    let mut seen: Vec<&str> = CASES.iter().flat_map(|case| case.2.iter().map(|e| e.0)).collect();
    // These three need a file, or a `--set`; see the tests below.
    seen.extend(["GS001", "GS002", "GS006"]);
    for code in Code::ALL {
        let text = explain_code(code.name()).unwrap();
        assert!(text.starts_with(code.name()) && text.len() > 120, "{text}");
        assert!(seen.contains(&code.name()), "no case triggers {}", code.name());
    }
    assert_eq!(explain_code("gs010"), explain_code("GS010"));
    assert_eq!(explain_code("GS999"), None);
    let mut names: Vec<_> = Code::ALL.iter().map(|c| c.name()).collect();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
    assert!(names.is_sorted());
}

fn loads(text: &str, sets: &[(&str, &str)]) -> Loaded {
    parse("case.toml", text, sets).unwrap_or_else(|e| panic!("{e}"))
}

fn small(more: &str) -> Scenario {
    let loaded = loads(&format!("{SMALL}{more}"), &[]);
    assert_eq!(loaded.lints, []);
    loaded.scenario
}

#[test]
fn the_longest_message_and_the_caret_render_in_plain_text() {
    let text = "run-for = \"1m\"\n[topic.orders]\n[group.billing]\nmembrs = 3\n[expect]\noverall = [\"lost == 0\", \"p99(lost) < 3\"]\n";
    let found = diagnostics(text, &[]);
    let rendered: Vec<_> = found.iter().map(|d| d.render(false)).collect();
    assert_eq!(
        rendered.concat(),
        "GS010

  × unknown key `membrs` in [group.billing]
   ╭─[case.toml:4:1]
 3 │ [group.billing]
 4 │ membrs = 3
   · ──────
 5 │ [expect]
   ╰────
  help: did you mean `members`? Valid are `topics`, `members`, `client`, `process`, `commit`, `static`,
        `config`, `from`, `until`, `assign`, `member`
GS062

  × `lost` is one number, there is nothing to take `p99` of
   ╭─[case.toml:6:26]
 5 │ [expect]
 6 │ overall = [\"lost == 0\", \"p99(lost) < 3\"]
   ·                          ───
   ╰────
  help: write `lost`
"
    );
    assert_eq!(found[0].one_line(), "case.toml:4:1: error[GS010]: unknown key `membrs` in [group.billing]");
    assert!(found[0].render(true).contains("\u{1b}["));
}

#[test]
fn a_lint_renders_as_a_warning_with_its_arithmetic() {
    let text = format!("{SMALL}[group.billing.config]\nsession.timeout.ms = 6000\n");
    let lints = loads(&text, &[]).lints;
    assert_eq!(
        lints[0].render(false),
        "GS080

  ⚠ heartbeat.interval.ms 3000 > session.timeout.ms 6000 / 3 = 2000
    ╭─[case.toml:10:22]
  9 │ [group.billing.config]
 10 │ session.timeout.ms = 6000
    ·                      ────
    ╰────
  help: one or two late heartbeats cost the membership
"
    );
    assert_eq!(lints[0].severity, Severity::Warning);
}

#[test]
fn sets_change_the_document_before_it_is_checked() {
    let two = format!("{SMALL}[group.audit]\ntopics = [\"refunds\"]\n[group.reader]\nassign = [\"orders:1\"]\n");
    let set = |key: &str, value: &str| loads(&two, &[(key, value)]).scenario;
    let sessions =
        |s: &Scenario| -> Vec<i32> { s.groups.iter().map(|g| g.template.client.session_timeout_ms).collect() };
    assert_eq!(sessions(&set("session.timeout.ms", "9s")), [9_000, 9_000, 45_000]);
    assert_eq!(sessions(&set("group.billing.config.session.timeout.ms", "9000")), [9_000, 45_000, 45_000]);
    let s = set("group.billing.member.billing-1.config.max.poll.records", "7");
    assert_eq!(s.groups[0].member_configs[1].client.max_poll_records, 7);
    assert_eq!(s.groups[0].member_configs[0].client.max_poll_records, 500);
    assert_eq!(set("members", "3").groups.iter().map(|g| g.members).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(set("run-for", "5m").run_for, Duration::from_secs(300));
    assert_eq!(set("seed", "7").seed, 7);
    assert_eq!(set("topic.orders.produce", "100/s").topics[0].produce[0].count, 100);
    assert_eq!(set("partitions", "9").topics.iter().map(|t| t.partitions).collect::<Vec<_>>(), [9, 9]);
    assert_eq!(set("process.per-record", "3ms").groups[1].template.process.per_record, Duration::from_ms(3));
    assert_eq!(set("latency", "4ms").network.base, Duration::from_ms(4));
    assert_eq!(set("group.max.size", "5").broker.group_max_size, 5);
    assert_eq!(set("broker.config.group.max.size", "6").broker.group_max_size, 6);
    assert_eq!(set("expect.overall", "[\"lost == 0\"]").expect.overall.len(), 1);
    let crash = format!("{SMALL}[timeline]\nevents = [{{ at = \"1s\", crash = \"billing-0\" }}]");
    let s = loads(&crash, &[("timeline.events.0.at", "2s")]).scenario;
    assert_eq!(s.timeline[0].at.0, Instant::from_ms(2_000));
    let text = format!(
        "{SMALL}[timeline]\nevents = [{{ at = \"1s\", restart = \"billing-0\", with = {{ max.poll.records = 5 }} }}]"
    );
    let with = |sets: &[(&str, &str)]| match &loads(&text, sets).scenario.timeline[0].action {
        Action::Restart { with, .. } => with.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(with(&[]), [("max.poll.records".to_string(), "5".to_string())]);
    assert_eq!(
        with(&[("timeline.events.0.with.max.poll.records", "6")]),
        [("max.poll.records".to_string(), "6".to_string())]
    );
    assert_eq!(sessions(&set("config.session.timeout.ms", "9s")), [9_000, 9_000, 45_000]);
    // Later arguments beat earlier ones, and the file.
    assert_eq!(loads(SMALL, &[("members", "3"), ("group.billing.members", "4")]).scenario.groups[0].members, 4);
}

#[test]
fn mistakes_of_a_set_name_the_argument() {
    let case = |key: &str, value: &str, line: &str, help: &str| {
        let found = diagnostics(SMALL, &[(key, value)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].one_line(), line);
        assert!(found[0].help.as_deref().unwrap_or_default().contains(help), "{:?}", found[0].help);
    };
    case(
        "sesion.timeout.ms",
        "6s",
        "--set sesion.timeout.ms=6s: error[GS006]: nothing to set under `sesion.timeout.ms`",
        "did you mean `session.timeout.ms`",
    );
    case(
        "group.biling.members",
        "6",
        "--set group.biling.members=6: error[GS006]: nothing to set under `group.biling.members`",
        "did you mean `billing`",
    );
    case("members", "many", "--set members=many: error[GS012]: `members` must be a whole number, not text", "");
    case(
        "session.timeout.ms",
        "6x",
        "--set session.timeout.ms=6x: error[GS012]: `session.timeout.ms` must be a whole number, not `6x`",
        "",
    );
    case(
        "group.billing.membrs",
        "6",
        "--set group.billing.membrs=6: error[GS010]: unknown key `membrs` in [group.billing]",
        "did you mean `members`",
    );
    case("topic", "6", "--set topic=6: error[GS006]: nothing to set under `topic`", "a whole table");
    let found = diagnostics(SMALL, &[("run-for", "soon")]);
    assert_eq!(found[0].span, "run-for=".len().."run-for=soon".len());
    assert!(found[0].render(false).contains("run-for=soon"));
}

#[test]
fn members_take_the_settings_of_their_group_and_then_their_own() {
    let s = small(
        "client = \"java\"\nstatic = true\n[group.billing.config]\nmax.poll.records = 10\nclient.id = \"app\"\n\
         [group.billing.member.\"billing-*\"]\nprocess = { per-record = \"2ms\" }\n[group.billing.member.\"billing-*\".config]\nmax.poll.records = 20\n\
         [group.billing.member.billing-1]\ntopics = [\"refunds\"]\ncommit = { when = \"never\" }\n\
         [group.billing.member.billing-1.config]\nmax.poll.records = 30\nclient.id = \"one\"\n\
         [timeline]\nevents = [{ at = \"5s\", start = \"billing-7\", with = { max.poll.records = 40, session.timeout.ms = \"9000\" } },\n\
         { at = \"9s\", scale = \"billing\", to = 4 }, { at = \"2s\", start = \"billing-1\" }, { at = \"3s\", crash = \"billing-1\" }]",
    );
    let group = &s.groups[0];
    let names: Vec<_> = group.member_configs.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["billing-0", "billing-1", "billing-2", "billing-3", "billing-7"]);
    assert_eq!(group.starts_at_zero, [true, false, false, false, false]);
    let records: Vec<_> = group.member_configs.iter().map(|m| m.client.max_poll_records).collect();
    assert_eq!(records, [20, 30, 20, 20, 20]);
    assert_eq!(group.template.client.max_poll_records, 10);
    let one = &group.member_configs[1];
    assert_eq!((one.client.client_id.as_str(), group.member_configs[0].client.client_id.as_str()), ("one", "app"));
    assert_eq!(one.process.per_record, Duration::from_ms(2));
    assert_eq!(one.commit.when, CommitWhen::Never);
    let wanted = Membership::Subscribe {
        group: "billing".into(),
        instance: Some("billing-1".into()),
        topics: vec!["refunds".into()],
    };
    assert_eq!(one.membership, wanted);
    assert_eq!(group.member_configs[4].host, "/10.0.0.5");
    let Action::Start { with, .. } = &s.timeline[0].action else { panic!() };
    let with: Vec<_> = with.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(with, [("max.poll.records", "40"), ("session.timeout.ms", "9000")]);
    let with = with.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let started = apply_with(&group.member_configs[4], &with);
    assert_eq!((started.client.max_poll_records, started.client.session_timeout_ms), (40, 9_000));
    let beyond = group.member_beyond(9, host(70_000));
    assert_eq!((beyond.name.as_str(), beyond.host.as_str()), ("billing-9", "/10.1.17.112"));
    assert!(matches!(beyond.membership, Membership::Subscribe { instance: Some(i), .. } if i == "billing-9"));
}

#[test]
fn the_default_client_id_is_that_of_the_java_client() {
    let s = small(
        "[group.fixed]\nstatic = true\ntopics = [\"orders\"]\n[group.reader]\nassign = [\"orders:3\", \"refunds:0\"]\nfrom = 17\nuntil = \"end\"",
    );
    let ids: Vec<_> = s.groups.iter().map(|g| g.member_configs[0].client.client_id.as_str()).collect();
    assert_eq!(ids, ["consumer-billing-1", "consumer-fixed-fixed-0", "consumer-null-1"]);
    let reader = &s.groups[2];
    assert!(reader.standalone);
    let member = &reader.member_configs[0];
    assert_eq!(member.membership, Membership::Assign(vec![("orders".into(), 3), ("refunds".into(), 0)]));
    assert_eq!((member.from, member.until_end), (StartAt::Offset(17), true));
    assert_eq!((member.commit.when, member.commit.on_revoke), (CommitWhen::Never, false));
    assert_eq!(s.groups[1].member_beyond(5, String::new()).client.client_id, "consumer-fixed-fixed-5");
}

#[test]
fn commit_and_the_auto_commit_switch_are_one() {
    let commit = |more: &str| small(more).groups[0].template.commit.clone();
    let auto = CommitPolicy::default();
    assert_eq!(commit(""), auto);
    assert_eq!(commit("commit = { when = \"auto\" }"), auto);
    let every_2s = CommitPolicy { when: CommitWhen::Auto { interval_ms: 2_000 }, ..auto.clone() };
    assert_eq!(commit("commit = { when = \"auto\", interval = \"2s\" }"), every_2s);
    assert_eq!(commit("[group.billing.config]\nauto.commit.interval.ms = 2000"), every_2s);
    let never = CommitPolicy {
        when: CommitWhen::Never,
        offset: CommitOffset::DoneContiguous,
        mode: CommitMode::Sync,
        on_revoke: false,
        also_auto_ms: None,
    };
    assert_eq!(commit("[group.billing.config]\nenable.auto.commit = false"), never);
    assert_eq!(
        commit("commit = { when = \"never\", on-revoke = true }"),
        CommitPolicy { on_revoke: true, ..never.clone() }
    );
    let before = CommitPolicy {
        when: CommitWhen::BeforeBatch,
        offset: CommitOffset::AboutToHandle,
        mode: CommitMode::Async,
        ..never.clone()
    };
    assert_eq!(commit("commit = { when = \"before-batch\", mode = \"async\" }"), before);
    let every = CommitPolicy { when: CommitWhen::EveryN(9), offset: CommitOffset::DoneMax, ..never.clone() };
    assert_eq!(commit("commit = { when = \"every-n\", n = 9, offset = \"done-max\" }"), every);
    let text =
        format!("{SMALL}commit = {{ when = \"after-batch\" }}\n[group.billing.config]\nenable.auto.commit = \"true\"");
    let both = loads(&text, &[]).scenario.groups[0].template.commit.clone();
    assert_eq!(both, CommitPolicy { when: CommitWhen::AfterBatch, also_auto_ms: Some(5_000), ..never });
}

#[test]
fn events_repeat_and_ranges_are_kept() {
    let s = small(
        "[timeline]\nevents = [\n{ at = \"10s..20s\", every = \"10s\", times = 3, pause = \"any 1 of billing\", for = \"2s\" },\n\
         { at = \"10s\", every = \"20s\", until = \"50s\", cut = \"all of billing\" },\n\
         { at = \"10s\", every = \"1s\", times = 1_000_000_000_000, stuck = \"billing-0\" },\n\
         { at = \"1s\", produce = \"orders\", records = 5, partition = 3, size = \"2KiB\" },\n\
         { at = \"1s\", add-partitions = \"orders\", to = 8 },\n{ at = \"1s\", stop = \"billing-1\", grace = \"5s\" },\n]",
    );
    let t = &s.timeline;
    assert_eq!(t[0].at, (Instant::from_ms(10_000), Some(Instant::from_ms(20_000))));
    assert_eq!(t[0].repeat, Some((Duration::from_secs(10), 3)));
    let who = Selector::AnyOf(1, "billing".into());
    assert_eq!(t[0].action, Action::Pause { who, duration: Some(Duration::from_secs(2)) });
    assert_eq!(t[1].repeat, Some((Duration::from_secs(20), 2)));
    assert_eq!(t[1].action, Action::Cut { who: Selector::AllOf("billing".into()), duration: None });
    // Not beyond the end of the run, which is at 60 s.
    assert_eq!(t[2].repeat, Some((Duration::from_secs(1), 50)));
    assert_eq!(t[3].action, Action::Produce { topic: "orders".into(), records: 5, size: 2_048, partition: Some(3) });
    assert_eq!(t[4].action, Action::AddPartitions { topic: "orders".into(), to: 8 });
    let who = Selector::Name("billing-1".into());
    assert_eq!(t[5].action, Action::Stop { who, grace: Duration::from_secs(5) });
    assert_eq!(t.iter().map(|e| e.line).collect::<Vec<_>>(), [11, 12, 13, 14, 15, 16]);
}

#[test]
fn producers_topics_and_network_read() {
    let s = small(
        "[topic.bulk]\nrecords = 1_000_000_000_000_000\nsize = \"2kB\"\nproduce = [{ rate = \"3/m\", keys = 10, partitioner = \"murmur2\", until = \"9s\" }, { rate = \"0/s\" }, { rate = \"1/10s\", size = 7, from = \"5s\" }]\n\
         [network]\nlatency = { base = \"2ms\", jitter = \"20%\", loss = \"0.05%\" }",
    );
    assert_eq!(s.network, Network { base: Duration::from_ms(2), jitter_percent: 20, loss_per_10_000: 5 });
    let bulk = &s.topics[2];
    assert_eq!((bulk.partitions, bulk.preload, bulk.preload_size), (1, 1_000_000_000_000_000, 2_000));
    let first = Produce {
        count: 3,
        per: Duration::from_secs(60),
        size: 2_000,
        keys: Some(10),
        from: Instant::ZERO,
        until: Instant::from_ms(9_000),
    };
    let second = Produce {
        count: 1,
        per: Duration::from_secs(10),
        size: 7,
        keys: None,
        from: Instant::from_ms(5_000),
        until: Instant::MAX,
    };
    assert_eq!(bulk.produce, [first, second]);
}

#[test]
fn properties_without_effect_are_listed_once_and_class_names_are_taken() {
    let text = format!(
        "{SMALL}[group.billing.config]\nbootstrap.servers = \"a:9092\"\nsecurity.protocol = \"SSL\"\ngroup.protocol = \"CLASSIC\"\n\
         partition.assignment.strategy = [\"org.apache.kafka.clients.consumer.StickyAssignor\", \"range\"]\n\
         [group.audit]\ntopics = [\"refunds\"]\n[group.audit.config]\n\"bootstrap.servers\" = \"a:9092\"\nmax.poll.records = \"7\"\n\
         [broker.config]\nnum.io.threads = 8"
    );
    let loaded = loads(&text, &[]);
    let ignored: Vec<_> = loaded.ignored_keys.iter().map(|k| (k.owner, k.key.as_str())).collect();
    assert_eq!(ignored, [("broker", "num.io.threads"), ("java", "bootstrap.servers"), ("java", "security.protocol")]);
    let client = &loaded.scenario.groups[0].template.client;
    assert_eq!(client.assignors, [AssignorKind::Sticky, AssignorKind::Range]);
    assert_eq!(loaded.scenario.groups[1].template.client.max_poll_records, 7);
}

#[test]
fn expectations_read_filters_and_literals() {
    let s = small(
        "[expect]\nnever = [\"lag( group = billing,topic=orders , partition=3) > 1_000\", \"skipped > 0\"]\n\
         at-the-end = [\"state != Dead\", \"count(time_to_stable) >= 2\", 'first_stable<=7s']\n\
         overall = [\"duplicates(crash) == 0\", \"commit_failures(code=ILLEGAL_GENERATION, member=billing-1) < 2\"]\n\
         must-see = [\"duplicate(commit-rejected) == 0\", \"commit_rejected( ILLEGAL_GENERATION )\", \"group_state(member left)\"]",
    );
    let e = &s.expect;
    let filter =
        Filter { group: Some("billing".into()), topic: Some("orders".into()), partition: Some(3), ..Filter::default() };
    assert_eq!(e.never[0].query, MetricQuery { metric: MetricName::Lag, filter, op: None });
    assert_eq!((e.never[0].comparison, &e.never[0].literal), (Comparison::Greater, &Literal::Number(1_000)));
    assert_eq!(e.at_the_end[0].literal, Literal::State("Dead".into()));
    let count = check(
        "count(time_to_stable) >= 2",
        MetricName::TimeToStable,
        Some(Op::Count),
        Comparison::GreaterOrEqual,
        Literal::Number(2),
    );
    assert_eq!(e.at_the_end[1], count);
    assert_eq!(e.at_the_end[2].literal, Literal::Time(7_000_000));
    assert_eq!(e.overall[0].query.filter.cause.as_deref(), Some("crash"));
    assert_eq!(e.overall[1].query.filter.code.as_deref(), Some("ILLEGAL_GENERATION"));
    assert_eq!(e.overall[1].query.filter.member.as_deref(), Some("billing-1"));
    let marks: Vec<_> =
        e.must_see.iter().map(|m| (m.kind.as_str(), m.label.as_deref(), m.comparison, m.count)).collect();
    let wanted = [
        ("duplicate", Some("commit-rejected"), Comparison::Equal, 0),
        ("commit_rejected", Some("ILLEGAL_GENERATION"), Comparison::GreaterOrEqual, 1),
        ("group_state", Some("member left"), Comparison::GreaterOrEqual, 1),
    ];
    assert_eq!(marks, wanted);
    assert_eq!(s.promises, Promises { lost_mentioned: false, skipped_mentioned: true });
}

#[test]
fn templates_load_without_lints() {
    let names: Vec<_> = templates().iter().map(|t| t.name).collect();
    assert_eq!(names, ["rolling-deploy", "crash", "slow-consumer", "scale-up", "static-members", "kcat-reader"]);
    for template in templates() {
        let loaded = parse(template.name, template.text, &[]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(loaded.lints, [], "{}", template.name);
        assert!(template.text.starts_with('#') && !template.about.is_empty());
    }
}

#[test]
fn the_schema_knows_every_key_and_kafkas_defaults() {
    let schema = schema();
    assert_eq!(schema["properties"]["run-for"]["type"], "string");
    assert_eq!(schema["additionalProperties"], false);
    let consumer = &schema["$defs"]["consumer-properties"]["properties"];
    assert_eq!(consumer["session.timeout.ms"]["default"], 45_000);
    assert_eq!(consumer["session"]["properties"]["timeout"]["properties"]["ms"]["default"], 45_000);
    let broker = &schema["$defs"]["broker-properties"]["properties"];
    assert_eq!(broker["group.initial.rebalance.delay.ms"]["default"], 3_000);
    let event = &schema["properties"]["timeline"]["properties"]["events"]["items"]["properties"];
    for verb in ["start", "stop", "crash", "restart", "pause", "slow", "stuck", "cut", "scale"] {
        assert_eq!(event[verb]["type"], "string", "{verb}");
    }
}

#[test]
fn files_are_found_read_and_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::create_dir_all(path("b/c")).unwrap();
    std::fs::create_dir_all(path("empty")).unwrap();
    for name in ["z.toml", "a.toml", "b/c/x.toml", "b/readme.md", ".hidden.toml"] {
        std::fs::write(path(name), SMALL).unwrap();
    }
    let found = find_files(&[path("z.toml"), dir.path().to_path_buf()]).unwrap();
    assert_eq!(found, [path("z.toml"), path("a.toml"), path("b/c/x.toml")]);
    assert!(matches!(find_files(&[path("empty")]), Err(FindError::NothingToRun)));
    let missing = find_files(&[path("a.toml"), path("nowhere")]);
    assert!(matches!(missing, Err(FindError::Unreadable { path: p, .. }) if p == path("nowhere")));

    assert_eq!(load(&path("a.toml"), &[]).unwrap().scenario.name, "a");
    let code = |name: &str| load(&path(name), &[]).unwrap_err().diagnostics[0].code.name();
    assert_eq!(code("nowhere"), "GS001");
    assert_eq!(code("b"), "GS001");
    std::fs::write(path("big.toml"), " ".repeat((1 << 20) + 1)).unwrap();
    assert_eq!(code("big.toml"), "GS002");
    std::fs::write(path("latin.toml"), b"name = \"caf\xe9\"").unwrap();
    assert_eq!(code("latin.toml"), "GS003");
    std::fs::write(path("zip.toml"), b"PK\x03\x04\0\0\0").unwrap();
    assert_eq!(code("zip.toml"), "GS003");
    std::fs::write(path("none.toml"), "").unwrap();
    assert_eq!(code("none.toml"), "GS004");
    // A byte order mark and Windows line ends are no mistakes.
    std::fs::write(path("bom.toml"), format!("\u{feff}{}", SMALL.replace('\n', "\r\n"))).unwrap();
    assert!(load(&path("bom.toml"), &[]).is_ok());
}

/// Whatever the text: an answer, in bounded time and memory, whose every diagnostic can be printed.
fn answers(text: &str) {
    let found = match parse("fuzz.toml", text, &[]) {
        Ok(loaded) => loaded.lints,
        Err(errors) => {
            assert!(errors.diagnostics.iter().any(|d| d.severity == Severity::Error));
            errors.diagnostics
        }
    };
    assert!(found.len() <= 100);
    for diagnostic in found {
        assert!(!diagnostic.one_line().is_empty() && !diagnostic.render(false).is_empty());
    }
}

/// Words that scenario files are made of, and some that they are not.
const TOKENS: &[&str] = &[
    "run-for",
    "\"1m\"",
    "=",
    "=",
    "=",
    "\n",
    "\n",
    "\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "[topic.orders]",
    "[group.billing]",
    "[group.billing.config]",
    "[timeline]",
    "events",
    "at",
    "\"9s\"",
    "crash",
    "\"billing-0\"",
    "\"billing-*\"",
    "[expect]",
    "never",
    "\"lost == 0\"",
    "\"max(lag) < 5\"",
    "members",
    "3",
    "-1",
    "99999999999999999999",
    "1e9",
    "true",
    "inf",
    "session.timeout.ms",
    "\"\"",
    "'\u{e9}\u{1f600}'",
    "\"\"\"",
    "2026-01-01",
    "process",
    "commit",
    "when",
    "\"every-n\"",
    "every",
    "times",
    "until",
    "\"0\"",
    "assign",
    "[\"orders:0\"]",
    "topics",
    "static",
    "\"all of billing\"",
    "\"(((((\"",
    "#",
];

/// Values that replace a value of the canonical example.
const VALUES: &[&str] = &[
    "0",
    "-1",
    "9223372036854775807",
    "\"\"",
    "\"0\"",
    "\"99999999999999y\"",
    "true",
    "[]",
    "{}",
    "[[]]",
    "1.5",
    "\"*\"",
    "\"-\"",
    "\"/\"",
    "\"%\"",
    "\"\u{1f600}\"",
    "{ a = { b = [ { c = 1 } ] } }",
    "\"18446744073709551615s\"",
    "\"9s..\"",
    "\"..\"",
    "\"any 99999999999 of billing\"",
    "\"((\"",
    "\"max(\"",
    "\"lag(partition=)\"",
    "\"lag() == \"",
    "\"9999999999999999999/1us\"",
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes_get_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        if let Err(errors) = parse_bytes("fuzz.toml", &bytes, &[]) {
            assert!(!errors.to_string().is_empty());
        }
        answers(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn token_soup_gets_an_answer(picks in proptest::collection::vec(0..TOKENS.len(), 0..60)) {
        let words: Vec<&str> = picks.iter().map(|&i| TOKENS[i]).collect();
        answers(&words.join(" "));
        answers(&format!("{SMALL}{}", words.join(" ")));
    }

    #[test]
    fn mutants_of_the_canonical_example_get_an_answer(
        edits in proptest::collection::vec((0..CANONICAL.len(), 0..6usize, proptest::char::any()), 1..6),
    ) {
        let mut text = CANONICAL.to_string();
        for (at, delete, insert) in edits {
            let mut at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let end = text[at..].char_indices().nth(delete).map_or(text.len(), |(i, _)| at + i);
            text.replace_range(at..end, insert.encode_utf8(&mut [0; 4]));
        }
        answers(&text);
    }

    #[test]
    fn wrong_values_in_the_canonical_example_get_an_answer(line in 0..45usize, value in 0..VALUES.len(), set in 0..VALUES.len()) {
        let lines: Vec<String> = CANONICAL
            .lines()
            .enumerate()
            .map(|(i, text)| match text.split_once('=') {
                Some((key, _)) if i == line && !text.trim_start().starts_with('{') => format!("{key}= {}", VALUES[value]),
                _ => text.replace("\"billing-2\"", if i == line { VALUES[value] } else { "\"billing-2\"" }),
            })
            .collect();
        answers(&lines.join("\n"));
        for key in ["members", "run-for", "session.timeout.ms", "timeline.events.0.at", "topic.orders.produce", "expect.never", VALUES[value]] {
            if let Err(errors) = parse("set.toml", CANONICAL, &[(key, VALUES[set])]) {
                errors.diagnostics.iter().for_each(|d| assert!(!d.render(false).is_empty()));
            }
        }
    }
}

#[test]
fn deep_nesting_and_large_junk_are_refused_in_bounded_time() {
    let started = std::time::Instant::now();
    for junk in [
        "[".repeat(200_000),
        format!("a = {}", "[".repeat(500_000)),
        format!("a = {}", "{a=".repeat(200_000)),
        format!("[{}]", vec!["a"; 100_000].join(".")),
        format!("{}=1", vec!["a"; 100_000].join(".")),
        (0..60_000).map(|i| format!("k{i} = {i}\n")).collect(),
        format!("{SMALL}[timeline]\nevents = [{}]", "{ at = \"1s\", crash = \"b*\" },".repeat(20_000)),
        format!(
            "{SMALL}[group.billing.member]\n{}",
            (0..20_000).map(|i| format!("\"b*{i}\" = {{}}\n")).collect::<String>()
        ),
        format!("{SMALL}[expect]\nnever = [\"{}\"]", "max(".repeat(200_000)),
        format!("name = \"{}\"", "x".repeat(1_000_000)),
    ] {
        let case = std::time::Instant::now();
        answers(&junk);
        assert!(case.elapsed().as_secs() < 20, "{:?}: {}", case.elapsed(), &junk[..60]);
    }
    let crowd = SMALL.replace("members = 2", "members = 10_000");
    let globs: String = (0..15_000).map(|i| format!("{{ at = \"1s\", crash = \"b*-{i}?\" }},")).collect();
    answers(&format!("{crowd}[timeline]\nevents = [{globs}]"));
    assert_eq!(loads(&crowd, &[]).scenario.groups[0].member_configs.len(), 10_000);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
