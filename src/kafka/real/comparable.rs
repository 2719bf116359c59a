//! What of a scenario a real cluster does otherwise.

use crate::config::{AssignorKind, BrokerConfig};
use crate::scenario::Scenario;
use crate::time::Duration;
use crate::trace::Verb;

/// Up to this a simulated network is like a real one near by, one way.
const NEAR: Duration = Duration::from_ms(5);

/// A sentence for everything that cannot be done for real, or that the cluster does otherwise than the scenario says.
pub fn not_comparable(scenario: &Scenario, cluster: &BrokerConfig) -> Vec<String> {
    let mut all = Vec::new();
    let network = &scenario.network;
    if network.base > NEAR || network.jitter_percent > 0 {
        all.push(format!(
            "[network] latency: the real network has its own, not {} with {} % jitter",
            network.base, network.jitter_percent
        ));
    }
    if network.loss_per_10_000 > 0 {
        all.push("[network] loss: nothing is lost on purpose between real processes".to_owned());
    }
    for event in &scenario.timeline {
        let verb = event.action.verb();
        if matches!(
            verb,
            Verb::DeleteRecords | Verb::CreateTopic | Verb::ExpireOffsets | Verb::ResetOffsets | Verb::Failover
        ) {
            let sentence = format!("`{verb}` is not done to a real cluster");
            if !all.contains(&sentence) {
                all.push(sentence);
            }
        }
    }
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
    for config in scenario.groups.iter().flat_map(|group| &group.member_configs) {
        if config.client.assignors.contains(&AssignorKind::Sticky) {
            let sentence = "partition.assignment.strategy: librdkafka has no `sticky`".to_owned();
            if !all.contains(&sentence) {
                all.push(sentence);
            }
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
            [network]
            latency = { base = "1ms", loss = "1%" }
            [topic.orders]
            [group.app]
            "#,
            &[],
        );
        let scenario = scenario.expect("the scenario is right").scenario;
        let all = not_comparable(&scenario, &BrokerConfig::default());
        assert_eq!(
            all,
            [
                "[network] loss: nothing is lost on purpose between real processes",
                "group.initial.rebalance.delay.ms: the scenario has 0, the cluster 3000"
            ]
        );
    }
}
