//! One process of the scenario, across its incarnations.

use super::message::Message;
use crate::client::strategy::CommitStrategy;
use crate::client::{HandlerFault, Running};
use crate::config::{MemberConfig, ProducerConfig};
use crate::ids::{ActorId, ClientId, ConnectionId, Incarnation, Seq, Symbol};
use crate::scenario::With;
use crate::time::Instant;
use crate::trace::Channel;
use std::collections::{BTreeSet, VecDeque};
use xxhash_rust::xxh3::xxh3_64;

/// A start that waits for its instant, or for the process before it to be gone.
#[derive(Clone, Debug)]
pub struct PendingStart {
    /// Not before this.
    pub at: Instant,
    /// The event behind it.
    pub cause: Seq,
    /// Line of the timeline and the actor it was for, if a restart is to be reported as over.
    pub restart_of: Option<(u32, ActorId)>,
    /// Kafka keys to change, for this incarnation and the later ones.
    pub with: With,
}

/// What a process is started with.
#[derive(Clone, Debug)]
pub enum Program {
    /// A group member or reader.
    Member(Box<MemberConfig>),
    /// A producer.
    Producer(Box<ProducerConfig>),
}

impl Program {
    /// Its name in the scenario.
    pub fn name(&self) -> &str {
        match self {
            Program::Member(config) => &config.name,
            Program::Producer(config) => &config.name,
        }
    }

    /// `client.id`.
    pub fn client_id(&self) -> &str {
        match self {
            Program::Member(config) => &config.client.client_id,
            Program::Producer(config) => &config.client.client_id,
        }
    }

    /// Its host.
    pub fn host(&self) -> &str {
        match self {
            Program::Member(config) => &config.host,
            Program::Producer(config) => &config.host,
        }
    }
}

/// A process: its settings and, while it runs, the client in it.
pub struct Process {
    /// Its actor.
    pub actor: ActorId,
    /// Name in the scenario.
    pub name: String,
    /// Says where its events stand among others at one instant: made of its name, so the same whoever else is in the
    /// scenario.
    pub place: u64,
    /// Index of its group in the scenario; a producer has none.
    pub group: Option<usize>,
    /// What its next incarnation is started with.
    pub program: Program,
    /// Which life it is in; 0 before the first.
    pub incarnation: Incarnation,
    /// The running client.
    pub member: Option<Running>,
    /// Number of pauses in force: frozen unless 0.
    pub pauses: u32,
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
    /// Those to the node beside the first, of a library that opens several.
    more: Vec<Option<ConnectionId>>,
    /// How many connections it has opened.
    opened: u64,
    /// Handler faults in force, oldest first, by window.
    pub handler_faults: Vec<(u32, HandlerFault)>,
    /// The handler fault that the running client was told of.
    pub told_fault: HandlerFault,
    /// The event that asked it to shut down.
    pub stop_cause: Seq,
    /// The commit strategy of its first incarnation, if it is no scenario's.
    pub strategy: Option<Box<dyn CommitStrategy>>,
    /// A start to come.
    pub pending_start: Option<PendingStart>,
    /// It runs only in the place of another that is restarted under a new name, or for a `scale` after that.
    pub fresh: bool,
    /// Another process has come, or is to come, in its place: once it is gone it does not come back.
    pub replaced: Option<Replaced>,
}

/// Another process comes in the place of this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replaced {
    /// It starts when this one is gone: its index.
    Next(usize),
    /// It starts first, for this line of the timeline.
    First(u32),
    /// All that is done.
    Over,
}

impl Process {
    /// A process that has never run.
    pub fn new(actor: ActorId, group: Option<usize>, program: Program) -> Self {
        Process {
            actor,
            place: xxh3_64(program.name().as_bytes()),
            name: program.name().to_owned(),
            group,
            program,
            incarnation: Incarnation(0),
            member: None,
            pauses: 0,
            stopping: false,
            stop_when_resumed: false,
            cuts: 0,
            inbox: VecDeque::new(),
            stalled: BTreeSet::new(),
            client_id: ClientId::EMPTY,
            host: Symbol::EMPTY,
            connections: [None; 2],
            more: Vec::new(),
            opened: 0,
            handler_faults: Vec::new(),
            told_fault: HandlerFault::None,
            stop_cause: Seq::NONE,
            strategy: None,
            pending_start: None,
            fresh: false,
            replaced: None,
        }
    }

    /// Whether a process runs.
    pub fn running(&self) -> bool {
        self.member.is_some()
    }

    /// Whether it is frozen.
    pub fn paused(&self) -> bool {
        self.pauses > 0
    }

    /// Whether it runs, and is not on its way out, or is about to.
    pub fn alive(&self) -> bool {
        (self.running() && !self.stopping && self.replaced.is_none()) || self.pending_start.is_some()
    }

    /// Whether a `scale` can start it.
    pub fn can_be_called_up(&self) -> bool {
        !self.alive() && self.replaced.is_none()
    }

    /// The slot of the current connection for `channel`; of several to the node, the one numbered `lane`.
    pub fn connection(&mut self, channel: Channel, lane: u32) -> &mut Option<ConnectionId> {
        let place = lane as usize;
        if channel == Channel::Coordinator || place == 0 {
            return &mut self.connections[channel as usize];
        }
        if self.more.len() < place {
            self.more.resize(place, None);
        }
        &mut self.more[place - 1]
    }

    /// The place among others of the next connection that it opens.
    pub fn next_place(&mut self) -> u64 {
        self.opened += 1;
        self.place.wrapping_add(self.opened << 8)
    }

    /// Takes all current connections.
    pub fn take_connections(&mut self) -> impl Iterator<Item = ConnectionId> + use<> {
        let more = std::mem::take(&mut self.more);
        std::mem::take(&mut self.connections).into_iter().chain(more).flatten()
    }

    /// The handler fault in force: stuck while any window says so, else as slow as the newest window says.
    pub fn handler_fault(&self) -> HandlerFault {
        let stuck = self.handler_faults.iter().find(|(_, fault)| *fault == HandlerFault::Stuck);
        stuck.or(self.handler_faults.last()).map_or(HandlerFault::None, |&(_, fault)| fault)
    }

    /// Forgets what belongs to a process that is gone. Slowness belongs to the machine and stays; a stuck handler does not.
    pub fn gone(&mut self) {
        self.member = None;
        self.pauses = 0;
        self.stopping = false;
        self.stop_when_resumed = false;
        self.inbox.clear();
        self.told_fault = HandlerFault::None;
        self.handler_faults.retain(|&(_, fault)| fault != HandlerFault::Stuck);
    }
}
