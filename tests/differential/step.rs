//! The steps of a sequence. They name members, generations and deadlines by what they are to the sequence ("member 2's
//! id", "a generation too many", "a millisecond before the next timer"), so that a sequence keeps its meaning when steps
//! are left out of it.

/// A slot: one client of a group, dynamic or static.
pub type Slot = usize;
/// One of the groups of a sequence.
pub type Group = usize;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MemberRef {
    /// The id that this slot was given last; empty if none.
    Own,
    /// The one before.
    Former,
    Empty,
    /// Another slot's.
    Of(Slot),
    /// One that nobody was ever given.
    Bogus,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InstanceRef {
    /// The slot's own: none for a dynamic member.
    Own,
    Absent,
    Of(Slot),
    Unknown,
}

/// A generation, from the one that the slot saw last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GenerationRef {
    Seen(i32),
    /// The newest that anybody in the group saw.
    Newest,
    Absent,
}

/// Who sends, and as whom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sender {
    pub group: Group,
    pub slot: Slot,
    pub member: MemberRef,
    pub instance: InstanceRef,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProtocolRef {
    Right,
    WrongType,
    WrongName,
    /// Only from versions that do not have it.
    Absent,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Assignments {
    None,
    /// One for every member that the slot was told of.
    All,
    /// All but the first.
    Partial,
    /// Also one for somebody unknown.
    WithBogus,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Commit {
    pub partition: u32,
    pub topic: usize,
    pub offset: i64,
    /// UTF-16 units of metadata.
    pub metadata: usize,
    pub wide: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Join {
        from: Sender,
        version: i64,
        protocol_type: &'static str,
        /// Index into [`crate::resolve::PROTOCOLS`].
        protocols: usize,
        /// Which metadata.
        metadata: usize,
        session_timeout_ms: i64,
        rebalance_timeout_ms: i64,
    },
    Sync {
        from: Sender,
        version: i64,
        generation: GenerationRef,
        protocol: ProtocolRef,
        assignments: Assignments,
    },
    Heartbeat {
        from: Sender,
        generation: GenerationRef,
    },
    Leave {
        group: Group,
        version: i64,
        members: Vec<(Slot, MemberRef, InstanceRef)>,
    },
    Commit {
        from: Sender,
        version: i64,
        generation: GenerationRef,
        retention_ms: Option<i64>,
        partitions: Vec<Commit>,
    },
    Fetch {
        group: Group,
        all: bool,
    },
    OffsetDelete {
        group: Group,
        partitions: Vec<(usize, u32)>,
    },
    Describe {
        groups: Vec<Group>,
        version: i64,
    },
    List,
    Delete {
        groups: Vec<Group>,
    },
    Advance(u64),
    /// To the next timer, and this much further.
    AdvanceToNext(i64),
    FailAppends {
        error: &'static str,
        count: u64,
    },
    Reload,
    /// The coordinator begins to load its log, and stays at it until `FinishLoad`.
    StartLoad,
    FinishLoad,
}
