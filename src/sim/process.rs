//! One process of the scenario, across its incarnations.

use super::message::Message;
use crate::client::{HandlerFault, Member};
use crate::config::MemberConfig;
use crate::ids::{ActorId, ClientId, ConnectionId, Incarnation, Seq, Symbol};
use crate::scenario::With;
use crate::time::Instant;
use crate::trace::Channel;
use std::collections::{BTreeSet, VecDeque};

/// A start that waits for its instant, or for the process before it to be gone.
#[derive(Clone, Debug)]
pub struct PendingStart {
    /// Not before this.
    pub at: Instant,
    /// The event behind it.
    pub cause: Seq,
    /// Line of the timeline, if a restart is to be reported as over.
    pub restart_of: Option<u32>,
    /// Kafka keys to change, for this incarnation and the later ones.
    pub with: With,
}

/// A process: its settings and, while it runs, the client in it.
pub struct Process {
    /// Its actor.
    pub actor: ActorId,
    /// Name in the scenario.
    pub name: String,
    /// Index of its group in the scenario.
    pub group: usize,
    /// What its next incarnation is started with.
    pub config: MemberConfig,
    /// Which life it is in; 0 before the first.
    pub incarnation: Incarnation,
    /// The running client.
    pub member: Option<Member>,
    /// Frozen by a pause.
    pub paused: bool,
    /// A clean shutdown is under way.
    pub stopping: bool,
    /// A stop that came while frozen: the process will see the signal when it goes on.
    pub stop_when_resumed: bool,
    /// Number of cuts in force.
    pub cuts: u32,
    /// Answers that arrived while frozen.
    pub inbox: VecDeque<Message>,
    /// Connections on which a cut holds messages up.
    pub stalled: BTreeSet<ConnectionId>,
    /// `client.id`, interned.
    pub client_id: ClientId,
    /// Host, interned.
    pub host: Symbol,
    /// The current connections, by channel.
    connections: [Option<ConnectionId>; 2],
    /// Handler faults in force, oldest first, by window.
    pub handler_faults: Vec<(u32, HandlerFault)>,
    /// A start to come.
    pub pending_start: Option<PendingStart>,
}

impl Process {
    /// A process that has never run.
    pub fn new(actor: ActorId, group: usize, config: MemberConfig) -> Self {
        Process {
            actor,
            name: config.name.clone(),
            group,
            config,
            incarnation: Incarnation(0),
            member: None,
            paused: false,
            stopping: false,
            stop_when_resumed: false,
            cuts: 0,
            inbox: VecDeque::new(),
            stalled: BTreeSet::new(),
            client_id: ClientId::EMPTY,
            host: Symbol::EMPTY,
            connections: [None; 2],
            handler_faults: Vec::new(),
            pending_start: None,
        }
    }

    /// Whether a process runs.
    pub fn running(&self) -> bool {
        self.member.is_some()
    }

    /// Whether it runs or is about to.
    pub fn alive(&self) -> bool {
        (self.running() && !self.stopping) || self.pending_start.is_some()
    }

    /// The slot of the current connection for `channel`.
    pub fn connection(&mut self, channel: Channel) -> &mut Option<ConnectionId> {
        &mut self.connections[channel as usize]
    }

    /// Takes all current connections.
    pub fn take_connections(&mut self) -> impl Iterator<Item = ConnectionId> {
        std::mem::take(&mut self.connections).into_iter().flatten()
    }

    /// The handler fault in force: the newest window's.
    pub fn handler_fault(&self) -> HandlerFault {
        self.handler_faults.last().map_or(HandlerFault::None, |&(_, fault)| fault)
    }

    /// Forgets what belongs to a process that is gone. Slowness belongs to the machine and stays; a stuck handler does not.
    pub fn gone(&mut self) {
        self.member = None;
        self.paused = false;
        self.stopping = false;
        self.stop_when_resumed = false;
        self.inbox.clear();
        self.handler_faults.retain(|&(_, fault)| fault != HandlerFault::Stuck);
    }
}
