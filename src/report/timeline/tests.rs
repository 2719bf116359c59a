use super::forged::{Forge, rolling_deploy};
use super::model::*;
use super::{TimelineBuilder, svg};
use crate::protocol::GroupState;
use crate::time::{Duration, Instant};
use crate::trace::{Kind, Observer, StateReason, Trace, Verb};

fn window(from_s: u64, until_s: u64) -> Window {
    Window { from: Instant::from_ms(from_s * 1_000), until: Instant::from_ms(until_s * 1_000) }
}

fn build(trace: &Trace, window: Window, options: Options) -> Timeline {
    let mut builder = TimelineBuilder::new(window, options);
    for event in &trace.events {
        builder.observe(event, &trace.names);
    }
    builder.finish()
}

#[test]
fn a_crashed_owner_keeps_its_partitions_hatched_until_the_session_expires() {
    let trace = rolling_deploy(4, 12);
    let timeline = build(&trace, window(0, 300), Options::default());
    assert_eq!(timeline.title, "rolling deploy of pods, then one is killed, seed 42");
    assert_eq!(timeline.members.len(), 4);
    let lane = timeline.partitions.iter().find(|lane| lane.label.starts_with("orders-3")).unwrap();
    let halted: Vec<_> = lane.spans.iter().filter(|span| matches!(span.what, Owner::Halted(1))).collect();
    assert_eq!(halted.len(), 1);
    assert_eq!((halted[0].from, halted[0].to), (Instant::from_ms(225_000), Instant::from_ms(270_000)));
    let after: Vec<_> = lane.spans.iter().filter(|span| span.from >= halted[0].to).collect();
    assert_eq!(after[0].from, Instant::from_ms(272_502), "blank while nobody has it");
    assert_eq!(timeline.coordinators[0].reasons.last().unwrap().1, "session expired");
}

#[test]
fn the_window_clips_and_filters_choose() {
    let trace = rolling_deploy(4, 12);
    let options = Options { members: vec!["billing-1".into()], ..Options::default() };
    let timeline = build(&trace, window(220, 280), options);
    assert_eq!(timeline.members.len(), 1);
    let down: Vec<_> = timeline.members[0].spans.iter().filter(|s| s.what == Activity::Down).collect();
    assert_eq!((down[0].from, down[0].to), (Instant::from_ms(224_980), Instant::from_ms(280_000)), "to the pixel");
    for lane in &timeline.partitions {
        assert!(lane.spans.iter().all(|s| s.from >= timeline.window.from && s.to <= timeline.window.until));
        assert!(lane.spans.iter().any(|s| s.what == Owner::Halted(0)), "billing-1 is the only member, so number 0");
    }
    let nobody = build(&trace, window(0, 300), Options { groups: vec!["other".into()], ..Options::default() });
    assert!(nobody.coordinators.is_empty() && nobody.members.is_empty() && nobody.partitions.is_empty());
}

#[test]
fn a_day_of_rebalances_stays_small_and_says_what_is_missing() {
    let mut forge = Forge::new("storm", Duration::from_secs(86_400));
    forge.members("billing", 3);
    for number in 0..3 {
        forge.emit(Forge::member_actor(number), Kind::Start {});
        forge.added("billing", number);
    }
    let mut generation = 0;
    while forge.now < 86_000_000 {
        generation += 1;
        forge.rebalance("billing", generation, &[0, 1, 2], 6, 2_000, StateReason::LeaderRejoined);
        forge.fault(generation as u32 % 3, Verb::Restart, 0);
        forge.now += 10_000;
    }
    let timeline = build(&forge.trace, window(0, 86_400), Options::default());
    for lane in &timeline.partitions {
        assert!(lane.spans.len() <= 2 * PIXELS + 2, "{} spans", lane.spans.len());
    }
    assert!(timeline.left_out.iter().any(|note| note.contains("merged")), "{:?}", timeline.left_out);
    let drawn = svg::draw(&timeline);
    assert!(drawn.contains("rebalances without a reason written out"));
    assert!(drawn.len() < 1_500_000, "{} bytes", drawn.len());
}

#[test]
fn drawing_is_the_same_every_time_and_names_what_it_shows() {
    let trace = rolling_deploy(4, 12);
    let options = Options { mark: Some(trace.events.len() as u64), ..Options::default() };
    let (a, b) = (build(&trace, window(0, 300), options.clone()), build(&trace, window(0, 300), options));
    let drawn = svg::draw(&a);
    assert_eq!(drawn, svg::draw(&b));
    for text in [
        "<title>",
        "crash billing-1",
        "slow billing-2",
        "session expired",
        "orders-0..2",
        "billing-3",
        "polls not drawn",
    ] {
        assert!(drawn.contains(text), "{text}");
    }
    assert!(drawn.trim_end().ends_with("</svg>"));
}

#[test]
fn an_empty_trace_and_odd_windows_are_drawn_too() {
    let empty = build(&Trace::default(), window(0, 10), Options::default());
    assert!(svg::draw(&empty).contains("</svg>"));
    let trace = rolling_deploy(3, 3);
    let point = Window { from: Instant::from_ms(60_000), until: Instant::from_us(60_000_001) };
    assert!(svg::draw(&build(&trace, point, Options::default())).contains("</svg>"));
}

#[test]
fn states_are_spans_with_generations() {
    let trace = rolling_deploy(4, 12);
    let timeline = build(&trace, window(0, 300), Options::default());
    let lane = &timeline.coordinators[0];
    let stable: Vec<_> =
        lane.spans.iter().filter(|s| matches!(s.what, StateSpan::One(GroupState::Stable, _))).collect();
    assert_eq!(stable.len(), 10, "the first, two for each restart, one after the crash");
    assert_eq!(stable[9].what, StateSpan::One(GroupState::Stable, 10));
}
