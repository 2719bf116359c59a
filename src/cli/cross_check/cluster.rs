//! The cluster that scenarios are held against.

use super::play::{Played, Player, Unplayed};
use crate::cli::exit::{Exit, Failure};
use crate::cli::load::Loaded;
use crate::cli::terminal::talk;
use crate::config::BrokerConfig;
use crate::kafka::cluster::{Cluster, ClusterError};
use crate::kafka::real::{self, RealError, RealOptions};
use crate::scenario::Scenario;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The longest wait for any one answer of the cluster.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of it.
pub struct About {
    bootstrap: String,
    settings: BrokerConfig,
}

impl About {
    /// Takes over the cluster's settings: the simulated broker is to be the one that the real members meet.
    pub fn apply(&self, scenario: &mut Scenario) {
        scenario.broker = self.settings.clone();
    }

    /// Says what of the files does not count: what librdkafka does not have, and what the cluster has otherwise.
    pub fn tell<'a>(&self, scenarios: impl Iterator<Item = &'a Loaded> + Clone) {
        let dropped: BTreeSet<&str> =
            scenarios.clone().flat_map(|loaded| &loaded.dropped_keys).map(String::as_str).collect();
        if !dropped.is_empty() {
            let dropped = dropped.into_iter().collect::<Vec<_>>().join(", ");
            talk(&format!("note: librdkafka plays all clients and does not have {dropped}: left out on both sides"));
        }
        for loaded in scenarios {
            for (key, file, cluster) in differences(&loaded.scenario.broker, &self.settings) {
                talk(&format!(
                    "note: {}: {key} = {file} in the file, {cluster} on the cluster, which counts on both sides",
                    loaded.file
                ));
            }
        }
    }

    /// For the table.
    pub fn line(&self) -> String {
        format!("cluster {}", self.bootstrap)
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let settings: serde_json::Map<String, Value> =
            numbers(&self.settings).into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
        json!({ "bootstrap_servers": self.bootstrap, "settings": settings })
    }
}

fn numbers(settings: &BrokerConfig) -> [(&'static str, i64); 7] {
    [
        ("group.min.session.timeout.ms", settings.group_min_session_timeout_ms.into()),
        ("group.max.session.timeout.ms", settings.group_max_session_timeout_ms.into()),
        ("group.initial.rebalance.delay.ms", settings.group_initial_rebalance_delay_ms.into()),
        ("group.max.size", settings.group_max_size.into()),
        ("offset.metadata.max.bytes", settings.offset_metadata_max_bytes.into()),
        ("offsets.retention.minutes", settings.offsets_retention_minutes.into()),
        ("offsets.retention.check.interval.ms", settings.offsets_retention_check_interval_ms),
    ]
}

fn differences(file: &BrokerConfig, cluster: &BrokerConfig) -> Vec<(&'static str, i64, i64)> {
    let both = numbers(file).into_iter().zip(numbers(cluster));
    both.filter(|(file, cluster)| file.1 != cluster.1).map(|(file, cluster)| (file.0, file.1, cluster.1)).collect()
}

/// Looks for the cluster and asks for its settings.
///
/// # Errors
/// Exit 69 with one sentence; exit 2 if a property is wrong.
pub fn connect(bootstrap: &str, properties: &[(String, String)]) -> Result<(Box<dyn Player>, About), Failure> {
    let failure = |error: ClusterError| match error {
        ClusterError::Setting { .. } => Failure::usage(error.to_string()),
        _ => Failure::new(Exit::NoCluster, error.to_string()),
    };
    let cluster = Cluster::connect(bootstrap, properties, PATIENCE).map_err(failure)?;
    let settings = cluster.broker_settings().map_err(failure)?;
    // The first group of a fresh cluster waits until the topic of committed offsets is made, which may take seconds. Nothing is
    // committed here, and no such group or topic comes to be.
    cluster.committed("groupsim-warm-up", &[("groupsim-warm-up", 1)]).map_err(failure)?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Exit::Broken, format!("groupsim does not find its own program: {error}")))?;
    let options = RealOptions { bootstrap: bootstrap.to_owned(), properties: properties.to_vec(), seed: None, program };
    let about = About { bootstrap: bootstrap.to_owned(), settings };
    Ok((Box::new(OnCluster { cluster, options }), about))
}

/// Plays on the cluster.
struct OnCluster {
    cluster: Cluster,
    options: RealOptions,
}

impl Player for OnCluster {
    fn play(&self, scenario: &Scenario, seed: u64, interrupt: &AtomicBool) -> Result<Played, Unplayed> {
        let options = RealOptions { seed: Some(seed), ..self.options.clone() };
        match real::run(scenario, &self.cluster, &options, interrupt) {
            Ok(run) => Ok(Played {
                trace: run.trace,
                not_comparable: run.not_comparable,
                remarks: run.remarks,
                committed: run.committed,
            }),
            Err(RealError::Unreachable(why)) => Err(Unplayed::Unusable(why)),
            Err(RealError::ClusterLost(why)) => Err(Unplayed::Lost(why)),
            Err(RealError::Interrupted) => Err(Unplayed::Interrupted),
            Err(RealError::Failed(why)) => Err(Unplayed::Broken(why)),
        }
    }
}
