//! The texts of a report, of outcomes made by hand.

use super::*;
use crate::config::expect::{Check, Comparison, Expectations, Filter, Literal, MetricName, MetricQuery};
use crate::ids::{Offset, Seq};
use crate::oracle::{Class, Finding, Judged, Outcome, Samples};
use crate::time::{Duration, Instant};
use crate::trace::hash::TraceHash;

fn check(text: &str, metric: MetricName, comparison: Comparison, literal: i64) -> Check {
    let query = MetricQuery { metric, filter: Filter::default(), op: None };
    Check { text: text.into(), query, comparison, literal: Literal::Number(literal) }
}

fn expect() -> Expectations {
    Expectations {
        overall: vec![
            check("duplicates <= 10", MetricName::Duplicates, Comparison::LessOrEqual, 10),
            check("rebalances == 9", MetricName::Rebalances, Comparison::Equal, 9),
        ],
        ..Expectations::default()
    }
}

fn judged(list: &'static str, text: &str, measured: &str, broken: Option<(u64, u64)>) -> Judged {
    Judged {
        list,
        text: text.into(),
        held: broken.is_none(),
        measured: measured.into(),
        first_broken: broken.map(|b| Instant::from_us(b.0)),
        seq: broken.map(|b| Seq(b.1)),
        note: broken.map(|_| "orders-3 passed from billing-0 to billing-2 with 7 finished, uncommitted records".into()),
    }
}

fn outcome() -> Outcome {
    let mut outcome = Outcome::default();
    outcome.total.numbers =
        [("duplicates", 17), ("rebalances", 9), ("first_stable", 6_007_250), ("lag", 2), ("commit_failures", 1)].into();
    outcome.total.samples.insert("partition_downtime", Samples { values: vec![3_000_000, 1_500, 45_071_046] });
    outcome.total.duplicates_by_cause = [("crash", 5), ("revoked", 12)].into();
    outcome.total.commit_failures_by_code = [("ILLEGAL_GENERATION", 1)].into();
    outcome.total.state = Some("Stable");
    outcome.total.processed = 60_000;
    outcome.scopes.insert("billing".into(), outcome.total.clone());
    outcome.expectations = vec![
        judged("never", "owners_per_partition > 1", "1", None),
        judged("at-the-end", "state == Stable", "Stable", None),
        judged("overall", "duplicates <= 10", "17", Some((83_412_345, 4711))),
        judged("overall", "rebalances == 9", "9", None),
    ];
    outcome
}

fn report(outcome: Outcome, stopped: Stopped) -> RunReport {
    RunReport {
        file: "my deploy.toml".into(),
        sets: vec!["group.billing.members=6".into()],
        name: "deploy".into(),
        seed: 42,
        hash: TraceHash(0xabc),
        events: 1_234,
        virtual_time: Instant::from_ms(300_000),
        run_for: Duration::from_secs(300),
        stopped,
        wall: std::time::Duration::from_millis(12),
        expectations: Expectation::all(&outcome, &expect(), stopped),
        outcome,
        breakage: None,
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn the_summary_says_the_verdict_first_and_then_what_was_measured() {
    let report = report(outcome(), Stopped::AtTheEnd);
    assert_eq!(
        plain(&summary::verdict_line(&report)),
        "FAILED    [   0.012s]  my deploy.toml  seed 42  hash 0000000000000abc"
    );
    let expected = "  ✓ never       owners_per_partition > 1  1
  ✓ at-the-end  state == Stable           Stable
  ✗ overall     duplicates <= 10          17   first broken at t=1m23.412345s  e4711
  ✓ overall     rebalances == 9           9
  run  1234 events in 5m of virtual time, 60000 records processed
  records  lost 0, skipped 0, duplicates 17 = 5 crash + 12 revoked
  group  rebalances 9, first stable at 6.007250s, commit failures 1 = 1 ILLEGAL_GENERATION, lag 2, Stable at the end
                              count          min          p50          p90          p99          max
  partition_downtime              3      1.500ms           3s   45.071046s   45.071046s   45.071046s
";
    assert_eq!(plain(&summary::details(&report)), expected);
    assert_eq!(summary::tally(&[report]), "1 scenarios: 1 failed");
}

#[test]
fn the_epilogue_ends_with_commands_that_a_shell_takes() {
    let report = report(outcome(), Stopped::AtTheEnd);
    let expected = "\
FAIL  my deploy.toml  seed 42
  overall     duplicates <= 10  got 17   first broken at t=1m23.412345s  e4711
      orders-3 passed from billing-0 to billing-2 with 7 finished, uncommitted records
  reproduce:  groupsim run 'my deploy.toml' --seed 42 --set group.billing.members=6 --until 1m24s
  state:      groupsim describe 'my deploy.toml' --seed 42 --set group.billing.members=6 --at 1m23.412345s
  picture:    groupsim chart 'my deploy.toml' --seed 42 --set group.billing.members=6 --around e4711 -o fail.svg
";
    assert_eq!(plain(&epilogue::epilogue(&report).unwrap()), expected);
}

#[test]
fn what_broke_only_at_the_end_is_not_reproduced_with_until() {
    let mut outcome = outcome();
    outcome.expectations = vec![judged("overall", "rebalances == 9", "8", Some((299_000_000, 99)))];
    let text = plain(&epilogue::epilogue(&report(outcome, Stopped::AtTheEnd)).unwrap());
    assert!(
        text.contains("reproduce:  groupsim run 'my deploy.toml' --seed 42 --set group.billing.members=6\n"),
        "{text}"
    );
}

#[test]
fn a_shortened_run_fails_only_by_what_can_no_longer_be_mended() {
    let fates = |stopped| report(outcome(), stopped).expectations.iter().map(|e| e.fate).collect::<Vec<_>>();
    use Fate::*;
    assert_eq!(fates(Stopped::AtTheEnd), [Held, Held, Broken, Held]);
    assert_eq!(fates(Stopped::Until), [Held, Undecided, Broken, Undecided]);
    let mut good = outcome();
    good.expectations[2] = judged("overall", "rebalances == 9", "3", Some((1, 1)));
    let report = report(good, Stopped::Until);
    assert_eq!(report.expectations[2].fate, Undecided, "the other six may still come");
    assert_eq!(report.verdict(), Verdict::Undecided);
    assert_eq!(epilogue::epilogue(&report), None);
}

#[test]
fn a_fault_of_groupsim_is_broken_and_never_failed() {
    let mut outcome = outcome();
    outcome.findings.push(Finding {
        oracle: "O1d",
        class: Class::Model,
        what: "generation went down",
        cause: None,
        scope: "billing".into(),
        partition: Some("orders-3".into()),
        records: Some((Offset(5), Offset(9))),
        at: Instant::from_ms(90_500),
        seq: Seq(17),
        sentence: "generation 4 after 5".into(),
    });
    let report = report(outcome, Stopped::AtTheEnd);
    assert_eq!(report.verdict(), Verdict::Broken);
    let text = plain(&epilogue::epilogue(&report).unwrap());
    assert!(text.starts_with("BROKEN  my deploy.toml  seed 42\n  this is a fault of groupsim"), "{text}");
    assert!(text.contains("O1d generation went down   at t=1m30.500s  e17\n      generation 4 after 5\n"), "{text}");
    assert!(text.contains("--until 1m31s\n"), "{text}");
    let junit = junit::document(&[report]);
    assert!(junit.contains("<error message=\"groupsim broke, seed 42: generation 4 after 5\""), "{junit}");
}

#[test]
fn json_gives_durations_in_milliseconds_and_every_metric_by_its_name() {
    let document = json::document(&[report(outcome(), Stopped::AtTheEnd)]);
    let scenario = &document["scenarios"][0];
    assert_eq!(scenario["verdict"], "failed");
    assert_eq!(scenario["trace_hash"], "0000000000000abc");
    assert_eq!(scenario["metrics"]["first_stable"], 6007.25);
    let downtime = &scenario["metrics"]["partition_downtime"];
    assert_eq!(
        downtime.to_string(),
        r#"{"count":3,"min":1.5,"p50":3000,"p90":45071.046,"p99":45071.046,"max":45071.046}"#
    );
    assert_eq!(scenario["metrics"]["lost"], 0);
    assert_eq!(scenario["metrics"]["duplicates_by_cause"].to_string(), r#"{"crash":5,"revoked":12}"#);
    for (_, name, _) in MetricName::ALL {
        assert!(scenario["groups"]["billing"].get(name).is_some(), "{name}");
    }
    let broken = &scenario["expectations"][2];
    assert_eq!((&broken["held"], &broken["first_broken_ms"]), (&false.into(), &83_412.345.into()));
    assert!(!document.to_string().contains("wall"), "nothing that differs between equal runs");
}

#[test]
fn junit_has_a_case_for_each_expectation() {
    let text = junit::document(&[report(outcome(), Stopped::Until)]);
    assert!(
        text.contains(r#"<testsuite name="my deploy.toml" tests="4" skipped="2" errors="0" failures="1">"#),
        "{text}"
    );
    assert!(text.contains(r#"<testcase name="overall: duplicates &lt;= 10" classname="my deploy.toml">"#), "{text}");
    assert!(text.contains("got 17, first broken at t=1m23.412345s, seed 42"), "{text}");
}
