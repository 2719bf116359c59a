//! The canonical example, field by field.

use super::*;
use groupsim::config::expect::*;
use groupsim::config::*;
use groupsim::scenario::*;
use groupsim::time::{Duration, Instant};

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
    let orders = Topic {
        name: "orders".into(),
        partitions: 12,
        from_start: true,
        preload: 0,
        preload_size: 1_024,
        produce: vec![produce],
    };
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
            ..CommitPolicy::default()
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
        reborn: Reborn::Same,
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
