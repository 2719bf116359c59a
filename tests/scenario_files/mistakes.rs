//! Every mistake has its code, its line and its help.

use super::*;

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
            ("GS013", 13, "at least 1, not 0"),
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
    (true, "commit = { when = \"auto\", retry = 2 }", &[("GS040", 9, "repeats its own commits")]),
    (
        true,
        "process = { workers = 4 }\ncommit = { when = \"before-record\" }",
        &[("GS040", 10, "`when = \"before-record\"` with several workers")],
    ),
    (true, "commit = { when = \"never\", on-revoke = true, mode = \"sync\" }", &[("GS040", 9, "nothing is committed")]),
    (
        true,
        "process = { jitter-per = \"record\", order = \"none\" }",
        &[("GS041", 9, "without `jitter`"), ("GS041", 9, "here is one")],
    ),
    (
        true,
        "process = { buffer = 5, when-revoked = \"drain\" }",
        &[("GS041", 9, "here is one worker"), ("GS041", 9, "nothing in hand")],
    ),
    (
        true,
        "client = \"kafka-go\"\nprocess = { workers = 2, when-revoked = \"ignore\" }",
        &[("GS041", 10, "kafka-go has no hook")],
    ),
    (
        true,
        "client = \"sarama\"\nprocess = { order = \"none\", when-revoked = \"ignore\" }",
        &[("GS041", 10, "`order` without `workers`"), ("GS041", 10, "every ConsumeClaim has returned")],
    ),
    (
        true,
        "process = { workers = 10_001, order = \"any\", buffer = 0, when-revoked = \"drop\" }",
        &[
            ("GS013", 9, "`workers`"),
            ("GS013", 9, "`order` cannot be"),
            ("GS041", 9, "here is one"),
            ("GS013", 9, "`buffer`"),
            ("GS041", 9, "here is one worker"),
            ("GS013", 9, "`when-revoked` cannot be"),
        ],
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
    // Retention.
    (
        true,
        "[timeline]\nevents = [\n{ at = \"1s\", delete-records = \"order\", before = 3 },\n\
         { at = \"1s\", delete-records = \"orders\" },\n{ at = \"1s\", delete-records = \"orders\", before = \"all\" },\n\
         { at = \"1s\", delete-records = \"orders\", before = 0, partition = 4 },\n\
         { at = \"1s\", add-partitions = \"orders\", to = 9 },\n\
         { at = \"2s\", delete-records = \"orders\", before = \"end\", partition = 9, records = 5 },\n]",
        &[
            ("GS020", 11, "did you mean `orders`"),
            ("GS011", 12, "`delete-records` needs `before`"),
            ("GS013", 13, "end"),
            ("GS013", 14, "at least 1, not 0"),
            ("GS020", 14, "`orders` has no partition 4: there are 4"),
            ("GS020", 16, "`orders` has no partition 9: there are 9"),
            ("GS052", 16, "`records` does not belong to `delete-records`"),
        ],
    ),
    // Topics that are created later.
    (
        true,
        "[group.tail]\nassign = [\"late:0\"]\n[timeline]\nevents = [\n{ at = \"1s\", create-topic = \"late\", partitions = 0 },\n\
         { at = \"1s\", create-topic = \"orders\" },\n{ at = \"1s\", create-topic = \"a b\", to = 3 },\n\
         { at = \"1s\", create-topic = \"wide\", partitions = 100_000 },\n{ at = \"2s\", produce = \"lat\", records = 1 },\n\
         { at = \"2s\", produce = \"late\", records = 1, partition = 1 },\n]",
        &[
            ("GS020", 10, "`late` is not there from the start"),
            ("GS013", 13, "at least 1, not 0"),
            ("GS013", 14, "`orders` is there from the start"),
            ("GS014", 15, "`a b` is no name for a topic"),
            ("GS052", 15, "`to` does not belong to `create-topic`"),
            ("GS071", 16, "partitions in all; the limit is 100,000"),
            ("GS020", 17, "did you mean `late`"),
            ("GS020", 18, "`late` has no partition 1: there are 1"),
        ],
    ),
    // Groups.
    (
        true,
        "[group.tail]\nassign = [\"orders:0\"]\n[timeline]\nevents = [\n{ at = \"1s\", expire-offsets = \"biling\" },\n\
         { at = \"1s\", expire-offsets = \"tail\" },\n{ at = \"1s\", expire-offsets = \"billing\", for = \"3s\" },\n\
         { at = \"1s\", reset-offsets = \"billing\" },\n{ at = \"1s\", reset-offsets = \"billing\", to = \"latst\" },\n\
         { at = \"1s\", reset-offsets = \"tail\", to = -1 },\n\
         { at = \"1s\", failover = \"bill*\", down-for = 5, for = \"1s\" },\n{ at = \"1s\", failover = \"tail\" },\n]",
        &[
            ("GS021", 13, "did you mean `billing`"),
            ("GS034", 14, "`tail` is no consumer group"),
            ("GS052", 15, "`for` does not belong to `expire-offsets`"),
            ("GS011", 16, "`reset-offsets` needs `to`"),
            ("GS013", 17, "did you mean `latest`"),
            ("GS034", 18, "`tail` is no consumer group"),
            ("GS013", 18, "`to`"),
            ("GS021", 19, "there is no group `bill*`"),
            ("GS012", 19, "write the unit"),
            ("GS052", 19, "`for` does not belong to `failover`"),
            ("GS034", 20, "`tail` is no consumer group"),
        ],
    ),
    // Planned.
    (
        true,
        "commit = { when = \"after-batch\", offset = \"stored\" }\n\
         [group.more]\ntopics = [\"^ord.*\"]\n\n[timeline]\nevents = [\n\
         { at = \"1s\", restart = \"more-0\", surge = true },\n]",
        &[
            ("GS040", 9, "`offset = \"stored\"`"),
            ("GS070", 11, "a pattern over topics"),
            ("GS013", 15, "`surge = true` under the same name"),
        ],
    ),
    // Commits of several workers, and of libraries that have not what they take.
    (
        true,
        "process = { workers = 2 }\ncommit = { when = \"never\", store = \"with-result\" }\n\
         [group.more]\ntopics = [\"orders\"]\nclient = \"sarama\"\ncommit = { when = \"after-record\", retry = 1 }",
        &[("GS070", 10, "with several workers"), ("GS040", 14, "whose Commit() returns no error")],
    ),
    // A handler that the rest of the group waits for.
    (
        true,
        "client = \"sarama\"\nprocess = { per-record = \"1s\", when-revoked = \"drain\" }",
        &[("GS089", 10, "4m17s > 1m")],
    ),
    // kafka-go's Reader.
    (
        true,
        "client = \"kafka-go\"\nstatic = true\nfrom = \"beginning\"\n\
         commit = { when = \"after-record\", mode = \"async\", offset = \"position\", on-revoke = true }\n\
         [group.billing.config]\nauto.offset.reset = \"none\"\npartition.assignment.strategy = \"sticky\"\n\
         enable.auto.commit = true\nmax.poll.interval.ms = 1_000\n\
         [group.billing.member.billing-0]\ncommit = { when = \"auto\" }\nconfig = { CommitInterval = -1 }",
        &[
            ("GS032", 10, "no static membership"),
            ("GS032", 11, "cannot be told where to start"),
            ("GS040", 12, "set CommitInterval"),
            ("GS040", 12, "tells no positions"),
            ("GS086", 12, "commits ahead of the work"),
            ("GS040", 12, "no revoke callback"),
            ("GS033", 14, "always starts somewhere"),
            ("GS033", 15, "no balancer `sticky`"),
            ("GS032", 16, "kafka-go has no `enable.auto.commit`"),
            ("GS032", 17, "kafka-go has no `max.poll.interval.ms`"),
            ("GS040", 19, "no auto-commit"),
            ("GS033", 20, "`CommitInterval` must be at least 0"),
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
        "process = { workers = 4, order = \"none\" }\ncommit = { when = \"after-record\", offset = \"done-max\" }",
        &[("GS090", 10, "no order among them")],
    ),
    (true, "[group.billing.member.\"billing-*\"]\nstatic = \"a\"", &[("GS091", 5, "fences the first one")]),
    (
        true,
        "[group.billing.member.billing-1]\ncommit = { when = \"never\", store = \"with-result\" }",
        &[("GS092", 5, "only some of its members")],
    ),
    (
        true,
        "[producer.p]\ntopic = \"orders\"\nclient = \"kafka-go\"\nsend = { rate = \"1/s\", size = \"2MB\" }",
        &[("GS093", 12, "larger than BatchBytes")],
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

#[test]
fn every_mistake_has_its_code_its_line_and_its_help() {
    let mut silent = Vec::new();
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
                silent.push(format!("{code}: {words:?} is not in {all:?}"));
            }
        }
    }
    assert_eq!(silent, [""; 0]);
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
