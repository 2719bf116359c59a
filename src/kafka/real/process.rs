//! A process of the scenario across its lives, as the director keeps it.

use super::child::Running;
use crate::config::MemberConfig;
use crate::ids::{ActorId, Incarnation};
use crate::kafka::member::Fault;
use crate::kafka::wire::Stamp;
use crate::scenario::With;

/// A start to come.
pub struct PendingStart {
    /// Not before this.
    pub at: Stamp,
    /// Line of the timeline, if a restart is to be reported as over.
    pub restart_of: Option<u32>,
    /// Kafka keys to change, for this life and the later ones.
    pub with: With,
}

/// A process of the scenario.
pub struct Process {
    /// Its actor.
    pub actor: ActorId,
    /// Its name in the scenario.
    pub name: String,
    /// Index of its group.
    pub group: usize,
    /// What its next life is started with, by the scenario's names.
    pub config: MemberConfig,
    /// Which life it is in; 0 before the first.
    pub incarnation: Incarnation,
    /// The running process.
    pub running: Option<Running>,
    /// Pauses in force.
    pub pauses: u32,
    /// Cuts in force.
    pub cuts: u32,
    /// A clean shutdown is under way.
    pub stopping: bool,
    /// Handler faults in force, oldest first, by window.
    pub faults: Vec<(u32, Fault)>,
    /// The fault that the running process was told of.
    pub told_fault: Fault,
    /// A start to come.
    pub pending: Option<PendingStart>,
}

impl Process {
    /// A process that has never run.
    pub fn new(actor: ActorId, group: usize, config: &MemberConfig) -> Process {
        Process {
            actor,
            name: config.name.clone(),
            group,
            config: config.clone(),
            incarnation: Incarnation(0),
            running: None,
            pauses: 0,
            cuts: 0,
            stopping: false,
            faults: Vec::new(),
            told_fault: Fault::None,
            pending: None,
        }
    }

    /// Whether it runs or is about to.
    pub fn alive(&self) -> bool {
        (self.running.is_some() && !self.stopping) || self.pending.is_some()
    }

    /// The fault in force: stuck while any window says so, else as slow as the newest window says.
    pub fn fault(&self) -> Fault {
        let stuck = self.faults.iter().find(|(_, fault)| *fault == Fault::Stuck);
        stuck.or(self.faults.last()).map_or(Fault::None, |&(_, fault)| fault)
    }

    /// Forgets what belongs to a life that is over. Slowness belongs to the machine and stays; a stuck handler does not.
    pub fn gone(&mut self) {
        self.pauses = 0;
        self.stopping = false;
        self.faults.retain(|&(_, fault)| fault != Fault::Stuck);
    }
}
