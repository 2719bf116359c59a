//! What of a scenario a real cluster does otherwise.

use crate::config::{BrokerConfig, OffsetStore, Workers};
use crate::scenario::{Action, Reborn, Scenario};
use crate::time::Duration;
use crate::trace::Verb;

/// Up to this a simulated network is like a real one near by, one way.
const NEAR: Duration = Duration::from_ms(5);

/// Why a scenario as a whole cannot be played for real, in one sentence: what its network or such a verb does changes
/// everything else.
///
/// Loss and latency move every commit, heartbeat and rebalance of the simulated run; no row would be left that a real network
/// without them could be held against.
pub fn impossible(scenario: &Scenario) -> Option<String> {
    let only_simulated = |verb| {
        matches!(
            verb,
            Verb::DeleteRecords | Verb::CreateTopic | Verb::ExpireOffsets | Verb::ResetOffsets | Verb::Failover
        )
    };
    if let Some(verb) = scenario.timeline.iter().map(|event| event.action.verb()).find(|&verb| only_simulated(verb)) {
        return Some(format!("`{verb}` in the timeline is not done to a real cluster in this version"));
    }
    let new_names = |action: &Action| matches!(action, Action::Restart { reborn, .. } if *reborn != Reborn::Same);
    if scenario.timeline.iter().any(|event| new_names(&event.action)) {
        return Some("restarts `as = \"new\"` are not done to real processes in this version".to_owned());
    }
    if !scenario.producers.is_empty() {
        return Some("producers with a client of their own are not played by real ones in this version".to_owned());
    }
    let members = || scenario.groups.iter().flat_map(|group| &group.member_configs);
    if members().any(|member| member.commit.store == OffsetStore::WithResult) {
        return Some(
            "real members keep their offsets in Kafka: `store = \"with-result\"` is simulated only".to_owned(),
        );
    }
    if members().any(|member| member.commit.retry > 0) {
        return Some("real members do not repeat commits by themselves: `retry` is simulated only".to_owned());
    }
    if members().any(|member| member.process.workers != Workers::PollThread) {
        return Some(
            "several workers beside the poll thread are not played by real members in this version".to_owned(),
        );
    }
    let network = &scenario.network;
    let (base, jitter, loss) = (network.base, network.jitter_percent, network.loss_per_10_000);
    let longest_us = u128::from(base.as_us()) * u128::from(100 + jitter) / 100;
    if loss > 0 {
        let percent = format!("{}.{:02}", loss / 100, loss % 100);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        return Some(format!(
            "[network] loses {percent} % of all messages; between real processes nothing is lost on purpose"
        ));
    }
    (longest_us > u128::from(NEAR.as_us())).then(|| {
        let jitter = if jitter > 0 { format!(" with {jitter} % jitter") } else { String::new() };
        format!("[network] has a latency of {base}{jitter}; the real network has its own")
    })
}

/// A sentence for everything that cannot be done for real, or that the cluster does otherwise than the scenario says.
pub fn not_comparable(scenario: &Scenario, cluster: &BrokerConfig) -> Vec<String> {
    let mut all = Vec::new();
    let ours = &scenario.broker;
    for (key, ours, theirs) in [
        (
            "group.min.session.timeout.ms",
            i64::from(ours.group_min_session_timeout_ms),
            i64::from(cluster.group_min_session_timeout_ms),
        ),
        (
            "group.max.session.timeout.ms",
            ours.group_max_session_timeout_ms.into(),
            cluster.group_max_session_timeout_ms.into(),
        ),
        (
            "group.initial.rebalance.delay.ms",
            ours.group_initial_rebalance_delay_ms.into(),
            cluster.group_initial_rebalance_delay_ms.into(),
        ),
        ("group.max.size", ours.group_max_size.into(), cluster.group_max_size.into()),
        ("offset.metadata.max.bytes", ours.offset_metadata_max_bytes.into(), cluster.offset_metadata_max_bytes.into()),
        ("offsets.retention.minutes", ours.offsets_retention_minutes.into(), cluster.offsets_retention_minutes.into()),
    ] {
        if ours != theirs {
            all.push(format!("{key}: the scenario has {ours}, the cluster {theirs}"));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cluster_does_otherwise_is_said() {
        let scenario = crate::scenario::parse(
            "x.toml",
            r#"
            name = "x"
            protocol = "classic"
            run-for = "1s"
            [broker.config]
            group.initial.rebalance.delay.ms = 0
            [topic.orders]
            [group.app]
            "#,
            &[],
        );
        let scenario = scenario.expect("the scenario is right").scenario;
        let all = not_comparable(&scenario, &BrokerConfig::default());
        assert_eq!(all, ["group.initial.rebalance.delay.ms: the scenario has 0, the cluster 3000"]);
    }

    #[test]
    fn verbs_that_are_only_simulated_are_named() {
        let why = |event: &str| {
            let text = format!(
                "run-for = \"9s\"\n[topic.orders]\n[group.app]\n[timeline]\nevents = [{{ at = \"1s\", {event} }}]\n"
            );
            impossible(&crate::scenario::parse("x.toml", &text, &[]).expect("the scenario is right").scenario)
        };
        let said = "`failover` in the timeline is not done to a real cluster in this version";
        assert_eq!(why(r#"failover = "app""#).as_deref(), Some(said));
        assert_eq!(why(r#"crash = "app-0""#), None);
        assert_eq!(why(r#"restart = "app-0""#), None);
        let said = "restarts `as = \"new\"` are not done to real processes in this version";
        assert_eq!(why(r#"restart = "app-0", as = "new", surge = true"#).as_deref(), Some(said));
    }

    #[test]
    fn what_real_members_do_not_do_is_named() {
        let why = |more: &str| {
            let text = format!("run-for = \"9s\"\n[topic.orders]\n[group.app]\n{more}\n");
            impossible(&crate::scenario::parse("x.toml", &text, &[]).expect("the scenario is right").scenario)
        };
        let names = |said: Option<String>, word: &str| said.is_some_and(|said| said.contains(word));
        assert!(names(why("commit = { when = \"after-batch\", retry = 2 }"), "`retry`"));
        assert!(names(why("commit = { when = \"after-batch\", store = \"with-result\" }"), "with-result"));
        assert!(names(why("process = { workers = 3 }"), "several workers"));
        assert!(names(why("[producer.p]\ntopic = \"orders\"\nsend = { calls = 3 }"), "producers"));
        assert_eq!(why("commit = { when = \"after-batch\" }"), None);
    }

    #[test]
    fn a_network_that_loses_or_takes_its_time_cannot_be_had() {
        let why = |latency: &str| {
            let text = format!("run-for = \"1s\"\n[network]\nlatency = {latency}\n[topic.orders]\n[group.app]\n");
            impossible(&crate::scenario::parse("x.toml", &text, &[]).expect("the scenario is right").scenario)
        };
        let loss = "of all messages; between real processes nothing is lost on purpose";
        assert_eq!(why(r#"{ base = "1ms", loss = "20%" }"#), Some(format!("[network] loses 20 % {loss}")));
        assert_eq!(why(r#"{ base = "1ms", loss = "0.5%" }"#), Some(format!("[network] loses 0.5 % {loss}")));
        assert_eq!(
            why(r#"{ base = "5ms", jitter = "10%" }"#).unwrap(),
            "[network] has a latency of 5ms with 10 % jitter; the real network has its own"
        );
        assert_eq!(why(r#""20ms""#).unwrap(), "[network] has a latency of 20ms; the real network has its own");
        // As good as none: within every tolerance.
        assert_eq!(why(r#""5ms""#), None);
        assert_eq!(why(r#"{ base = "4ms", jitter = "25%" }"#), None);
    }
}
