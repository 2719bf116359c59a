//! Plays a scenario on a real cluster, in real time: a process for each member, and a trace in groupsim's own schema.
//!
//! `director` starts and ends processes at the instants of the timeline, `child` is one of them, `producing` writes
//! records; all that is told and seen is noted down in a `recording`, which `assemble` turns into a trace when the run
//! is over. `assemble` says what is seen and what is inferred.

mod assemble;
mod child;
mod comparable;
mod director;
mod names;
mod process;
mod producing;
mod recording;
mod timeline;

use crate::config::{AssignorKind, ClientKind};
use crate::kafka::cluster::{Cluster, ClusterError};
use crate::scenario::Scenario;
use crate::trace::Trace;
pub use comparable::impossible;
use director::Director;
pub use names::LONGEST_TOPIC;
use names::RunNames;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How to play a scenario for real.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RealOptions {
    /// Where the cluster is: `host:port`.
    pub bootstrap: String,
    /// librdkafka properties for every client (security, say).
    pub properties: Vec<(String, String)>,
    /// Beats the file's seed.
    pub seed: Option<u64>,
    /// The program that has the subcommand `cross-check-member`: groupsim itself.
    pub program: PathBuf,
}

/// What a run on a real cluster leaves behind.
#[derive(Clone, Debug)]
pub struct RealRun {
    /// What happened, in groupsim's own schema, with the scenario's names.
    pub trace: Trace,
    /// What of the scenario could not be done for real, a sentence each.
    pub not_comparable: Vec<String>,
    /// What the cluster says is committed at the end: group, topic, partition, offset.
    pub committed: Vec<(String, String, u32, i64)>,
    /// Errors that the trace has no kind for, and what could not be cleaned up.
    pub remarks: Vec<String>,
}

/// Why there is no run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RealError {
    /// The cluster cannot be reached or used at the start.
    Unreachable(String),
    /// The cluster was lost half-way.
    ClusterLost(String),
    /// Interrupted.
    Interrupted,
    /// Something else does not work.
    Failed(String),
}

impl fmt::Display for RealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RealError::Unreachable(text) | RealError::ClusterLost(text) | RealError::Failed(text) => f.write_str(text),
            RealError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for RealError {}

/// Plays `scenario` on a cluster, with librdkafka consumers, in the time that its `run-for` says, and a few seconds more.
///
/// Topics and groups have names of their own there and are deleted afterwards, also after an error.
///
/// # Errors
/// [`RealError`]; every process is gone then, and what could be cleaned up is.
pub fn run(
    scenario: &Scenario,
    cluster: &Cluster,
    options: &RealOptions,
    interrupt: &AtomicBool,
) -> Result<RealRun, RealError> {
    let scenario = &with_librdkafka(scenario);
    let settings = cluster.broker_settings().map_err(|error| at_start(&error))?;
    let not_comparable = comparable::not_comparable(scenario, &settings);
    let names = RunNames::unique();
    let mut stay = Stay { cluster, scenario, names: &names, over: false };
    let mut topics: Vec<(String, u32)> =
        scenario.topics.iter().map(|topic| (names.real(&topic.name), topic.partitions)).collect();
    topics.push((names.real(WARM_UP), 1));
    let topics: Vec<(&str, u32)> = topics.iter().map(|(name, partitions)| (name.as_str(), *partitions)).collect();
    cluster.create_topics(&topics).map_err(|error| at_start(&error))?;
    let mut director = Director::new(scenario, cluster, options, &names)?;
    // A cluster that has never had a group makes room for its offsets now, and not in the first seconds of the run.
    stay.committed(&director.topics(), &mut Vec::new());
    let mut played = director.play(interrupt);
    director.halt();
    if played.is_ok() && !cluster.is_alive() {
        // Gone in the last seconds: nobody had missed it long enough before the end.
        let why = format!("the cluster at {} stopped answering before the end of the run", options.bootstrap);
        played = Err(RealError::ClusterLost(why));
    }
    let lost = matches!(played, Err(RealError::ClusterLost(_)));
    let mut committed = Vec::new();
    if played.is_ok() {
        director.tell_late_records();
        committed = stay.committed(&director.topics(), &mut director.remarks);
    }
    if !lost {
        director.part();
    }
    played?;
    let trace = assemble::assemble(
        scenario,
        options.seed.unwrap_or(scenario.seed),
        &names,
        &director.recording,
        director.start,
    );
    let mut remarks = std::mem::take(&mut director.remarks);
    drop(director);
    stay.leave(&mut remarks);
    Ok(RealRun { trace, not_comparable, committed, remarks })
}

/// Whatever a member is said to run, here it runs librdkafka; the trace says so. librdkafka does not take eager and cooperative
/// assignors together: those that are not as the first one are left out (Java's default pair runs eager, as its first does).
fn with_librdkafka(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    for group in &mut scenario.groups {
        let configs = group.member_configs.iter_mut().chain(std::iter::once(&mut group.template));
        for client in configs.map(|config| &mut config.client) {
            client.kind = ClientKind::Librdkafka;
            let cooperative = |assignor: &AssignorKind| *assignor == AssignorKind::CooperativeSticky;
            let first = client.assignors.first().is_some_and(cooperative);
            client.assignors.retain(|assignor| cooperative(assignor) == first);
        }
    }
    scenario
}

fn at_start(error: &ClusterError) -> RealError {
    RealError::Unreachable(error.to_string())
}

/// What a run has on the cluster. It is taken away again whatever happens.
struct Stay<'a> {
    cluster: &'a Cluster,
    scenario: &'a Scenario,
    names: &'a RunNames,
    over: bool,
}

/// A topic of the run's own, for the first record of its producer: that one takes longer than those that follow.
const WARM_UP: &str = "warm-up";

/// How long to try to delete a group whose dead members have not expired yet.
const PATIENCE: Duration = Duration::from_secs(8);

impl Stay<'_> {
    fn groups(&self) -> Vec<String> {
        let managed = self.scenario.groups.iter().filter(|group| !group.standalone);
        managed.map(|group| self.names.real(&group.name)).collect()
    }

    /// What is committed now.
    fn committed(&self, partitions: &[(String, u32)], remarks: &mut Vec<String>) -> Vec<(String, String, u32, i64)> {
        let mut all = Vec::new();
        let topics: Vec<(String, u32)> =
            partitions.iter().map(|(topic, partitions)| (self.names.real(topic), *partitions)).collect();
        let topics: Vec<(&str, u32)> = topics.iter().map(|(name, partitions)| (name.as_str(), *partitions)).collect();
        for group in self.groups() {
            match self.cluster.committed(&group, &topics) {
                Ok(offsets) => all.extend(offsets.into_iter().map(|(topic, partition, offset)| {
                    let (group, topic) = (self.names.plain(&group), self.names.plain(&topic));
                    (group.to_owned(), topic.to_owned(), partition.unsigned_abs(), offset)
                })),
                Err(error) => remarks.push(error.to_string()),
            }
        }
        all
    }

    /// Deletes everything.
    fn leave(&mut self, remarks: &mut Vec<String>) {
        self.over = true;
        if !self.cluster.is_alive() {
            remarks.push("the cluster does not answer: topics and groups of this run may be left there".to_owned());
            return;
        }
        let topics = self.scenario.topics.iter().map(|topic| topic.name.as_str());
        let topics: Vec<String> = topics.chain([WARM_UP]).map(|topic| self.names.real(topic)).collect();
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        if let Err(error) = self.cluster.delete_topics(&topics) {
            remarks.push(error.to_string());
        }
        let groups = self.groups();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        for group in &groups {
            // Where that cannot be had, the dead have to expire.
            let _ = self.cluster.remove_members(group);
        }
        let end = Instant::now() + PATIENCE;
        while let Err(error) = self.cluster.delete_groups(&groups) {
            if Instant::now() > end || !self.cluster.is_alive() {
                remarks.push(error.to_string());
                return;
            }
            std::thread::sleep(Duration::from_millis(250));
        }
    }
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.leave(&mut Vec::new());
        }
    }
}
