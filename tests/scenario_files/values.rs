//! What loads to what.

use super::*;
use groupsim::config::expect::*;
use groupsim::config::*;
use groupsim::scenario::*;
use groupsim::time::{Duration, Instant};

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
        ..CommitPolicy::default()
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
fn a_restart_switches_auto_commit() {
    let restarted = |more: &str, with: &str| {
        let text =
            format!("{more}[timeline]\nevents = [{{ at = \"1s\", restart = \"billing-0\", with = {{ {with} }} }}]");
        let group = small(&text).groups.remove(0);
        let scenario = small(&text);
        let Action::Restart { with, .. } = &scenario.timeline[0].action else { panic!("a restart") };
        apply_with(&group.member_configs[0], with).commit
    };
    let off = restarted("", "enable.auto.commit = false");
    assert_eq!((off.when, off.on_revoke), (CommitWhen::Never, false));
    let off = "[group.billing.config]\nenable.auto.commit = false\n";
    let on = restarted(off, "enable.auto.commit = true, auto.commit.interval.ms = 700");
    assert_eq!((on.when, on.on_revoke), (CommitWhen::Auto { interval_ms: 700 }, true));
    let both = restarted("commit = { when = \"after-batch\" }\n", "enable.auto.commit = true");
    assert_eq!((both.when, both.also_auto_ms), (CommitWhen::AfterBatch, Some(5_000)));
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
