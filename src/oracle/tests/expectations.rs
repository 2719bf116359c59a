use crate::config::expect::*;
use crate::oracle::forge::{Forge, check};
use crate::oracle::{Judge, Judged, Outcome};
use crate::time::Instant;
use crate::trace::RemovalReason;

fn judged<'o>(outcome: &'o Outcome, list: &str) -> &'o Judged {
    outcome.expectations.iter().find(|judged| judged.list == list).unwrap()
}

fn run(expect: Expectations) -> Outcome {
    let mut forge = Forge::running_with(Judge::new(&expect, false, false));
    forge.at(2_000).handles(0, 0, 0, 20).commits(0, 0, 8).at(3_000).crash(0);
    forge.at(45_000).removed(0, RemovalReason::Session).at(45_003).pass_on([8, 0, 0]).handles(1, 0, 8, 20);
    forge.at(50_000);
    forge.end(60_000)
}

fn number(metric: MetricName, comparison: Comparison, value: i64) -> Check {
    check(metric, None, comparison, Literal::Number(value))
}

#[test]
fn never_breaks_at_the_first_instant_that_it_happens() {
    use Comparison::*;
    for (check, held, broken, measured) in [
        (number(MetricName::Lag, Greater, 299), false, Some(1_000), "300"),
        (number(MetricName::Lag, Greater, 300), true, None, "292"),
        (number(MetricName::Duplicates, GreaterOrEqual, 12), false, Some(45_003), "12"),
        (number(MetricName::OwnersPerPartition, Greater, 1), true, None, "1"),
        (number(MetricName::Members, Equal, 1), false, Some(1_000), "1"),
    ] {
        let text = check.text.clone();
        let outcome = run(Expectations { never: vec![check], ..Expectations::default() });
        let judged = judged(&outcome, "never");
        assert_eq!(
            (judged.held, judged.first_broken, judged.measured.as_str()),
            (held, broken.map(Instant::from_ms), measured),
            "{text}"
        );
    }
}

#[test]
fn at_the_end_looks_at_the_end_alone() {
    use Comparison::*;
    for (check, held, measured) in [
        (number(MetricName::Lag, Equal, 292), true, "292"),
        (number(MetricName::Members, Equal, 2), false, "1"),
        (check(MetricName::State, None, Equal, Literal::State("Stable".to_owned())), true, "Stable"),
        (check(MetricName::State, None, NotEqual, Literal::State("Stable".to_owned())), false, "Stable"),
        (check(MetricName::FirstStable, None, Less, Literal::Time(2_000_000)), true, "1s"),
    ] {
        let text = check.text.clone();
        let outcome = run(Expectations { at_the_end: vec![check], ..Expectations::default() });
        let judged = judged(&outcome, "at-the-end");
        assert_eq!((judged.held, judged.measured.as_str()), (held, measured), "{text}");
    }
}

#[test]
fn overall_sums_up_distributions_and_gauges() {
    use Comparison::*;
    for (check, held, measured) in [
        (check(MetricName::PartitionDowntime, Some(Op::Max), Less, Literal::Time(42_000_000)), false, "42.003s"),
        (check(MetricName::PartitionDowntime, Some(Op::Count), Equal, Literal::Number(3)), true, "3"),
        (check(MetricName::ClientOverlap, Some(Op::P99), Greater, Literal::Time(1)), true, "0s"),
        (check(MetricName::Lag, Some(Op::Max), Equal, Literal::Number(300)), true, "300"),
        (check(MetricName::Members, Some(Op::P50), Equal, Literal::Number(2)), true, "2"),
        (check(MetricName::Members, Some(Op::Min), Equal, Literal::Number(1)), true, "1"),
        (number(MetricName::Rebalances, Equal, 1), true, "1"),
    ] {
        let text = check.text.clone();
        let outcome = run(Expectations { overall: vec![check], ..Expectations::default() });
        let judged = judged(&outcome, "overall");
        assert_eq!((judged.held, judged.measured.as_str()), (held, measured), "{text}");
    }
}

#[test]
fn a_distribution_of_nothing_holds_with_a_note() {
    let nothing = check(MetricName::ClientOverlap, Some(Op::Max), Comparison::Greater, Literal::Time(1));
    let outcome = run(Expectations { overall: vec![nothing], ..Expectations::default() });
    assert_eq!(judged(&outcome, "overall").note.as_deref(), Some("no sample"));
}

#[test]
fn filters_narrow_a_metric() {
    let of = |filter: Filter| {
        let mut check = number(MetricName::Duplicates, Comparison::Equal, 12);
        check.query.filter = filter;
        let outcome = run(Expectations { overall: vec![check], ..Expectations::default() });
        judged(&outcome, "overall").measured.clone()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(of(Filter { cause: text("crash"), ..Filter::default() }), "12");
    assert_eq!(of(Filter { cause: text("zombie"), ..Filter::default() }), "0");
    assert_eq!(of(Filter { member: text("billing-1"), group: text("billing"), ..Filter::default() }), "12");
    assert_eq!(of(Filter { member: text("billing-0"), ..Filter::default() }), "0");
    assert_eq!(of(Filter { topic: text("orders"), partition: Some(0), ..Filter::default() }), "12");
    assert_eq!(of(Filter { partition: Some(1), ..Filter::default() }), "0");
}

#[test]
fn must_see_counts_kinds_labels_and_what_oracles_found() {
    let see = |kind: &str, label: Option<&str>, count| MustSee {
        text: kind.to_owned(),
        kind: kind.to_owned(),
        label: label.map(str::to_owned),
        comparison: Comparison::GreaterOrEqual,
        count,
    };
    let marks = vec![
        see("member_removed", Some("session"), 1),
        see("member_removed", Some("leave"), 1),
        see("rebalance", None, 1),
        see("duplicate", Some("crash"), 12),
        see("lost", None, 1),
        see("commit_rejected", None, 1),
    ];
    let outcome = run(Expectations { must_see: marks, ..Expectations::default() });
    let marks: Vec<_> = outcome.expectations.iter().filter(|judged| judged.list == "must-see").collect();
    assert_eq!(marks.iter().map(|mark| mark.held).collect::<Vec<_>>(), vec![true, false, true, true, false, false]);
    assert_eq!(marks[1].note.as_deref(), Some("1 member_removed were seen: session 1"));
    assert_eq!(marks[4].note.as_deref(), Some("no lost was seen"));
    assert!(marks[5].note.as_deref().unwrap().starts_with("no commit_rejected was seen, but 1 commit_applied"));
    assert!(!outcome.held());
}

#[test]
fn default_promises_are_replaced_when_they_are_mentioned() {
    let lists = |lost, skipped| {
        let outcome = Forge::running_with(Judge::new(&Expectations::default(), lost, skipped)).end(2_000);
        outcome.expectations.iter().map(|judged| judged.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(lists(false, false), vec!["lost == 0", "skipped == 0"]);
    assert_eq!(lists(true, false), vec!["skipped == 0"]);
    assert_eq!(lists(true, true), Vec::<String>::new());
}

#[test]
fn a_broken_counter_tells_when_and_why() {
    let few = number(MetricName::Duplicates, Comparison::LessOrEqual, 10);
    let outcome = run(Expectations { overall: vec![few], ..Expectations::default() });
    let judged = judged(&outcome, "overall");
    assert_eq!((judged.held, judged.first_broken), (false, Some(Instant::from_ms(45_003))));
    assert!(judged.note.as_deref().unwrap().contains("because billing-0 crashed before its next commit"));
}
