//! Scenario files: what loads to what, and what each mistake says.

mod canonical;
mod defaults;
mod hostile;
mod libraries;
mod mistakes;
mod values;

use groupsim::config::expect::*;
use groupsim::scenario::*;

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

fn diagnostics(text: &str, sets: &[(&str, &str)]) -> Vec<Diagnostic> {
    match parse("case.toml", text, sets) {
        Ok(loaded) => loaded.lints,
        Err(errors) => errors.diagnostics,
    }
}

fn loads(text: &str, sets: &[(&str, &str)]) -> Loaded {
    parse("case.toml", text, sets).unwrap_or_else(|e| panic!("{e}"))
}

fn small(more: &str) -> Scenario {
    let loaded = loads(&format!("{SMALL}{more}"), &[]);
    assert_eq!(loaded.lints, []);
    loaded.scenario
}
