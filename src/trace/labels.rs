//! The small closed vocabularies that trace events use: reasons, faults, origins.

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All values, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The label in exports and scenario files.
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The value with this label.
            pub fn from_label(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|v| v.label() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.label())
            }
        }
    )*};
}

labels! {
    /// What kind of actor.
    Role {
        /// The scenario's driver.
        Driver = "driver",
        /// The broker with its coordinator.
        Broker = "broker",
        /// A member of a consumer group.
        Member = "member",
        /// A reader with manually assigned partitions.
        Reader = "reader",
        /// A producer.
        Producer = "producer",
    }

    /// Why the coordinator moved a group to another state.
    StateReason {
        /// A member was added (JOIN-18).
        MemberJoined = "member joined",
        /// A member rejoined with other metadata (JOIN-21, JOIN-23).
        MetadataChanged = "metadata changed",
        /// The leader rejoined in Stable (JOIN-22).
        LeaderRejoined = "leader rejoined",
        /// A static member came back under a new member id (STATIC-07, STATIC-11).
        StaticReplaced = "static member replaced",
        /// A member left (LEAVE-08).
        MemberLeft = "member left",
        /// A session timer fired (SESS-07).
        SessionExpired = "session expired",
        /// The sync timer fired (SYNC-10).
        SyncExpired = "sync expired",
        /// The leader's assignment could not be written (SYNC-08).
        AppendFailed = "append failed",
        /// Everyone who is coming has joined (REB-10).
        JoinComplete = "join phase complete",
        /// The join phase ended with nobody (STATE-08).
        NobodyJoined = "nobody joined",
        /// The leader's assignment is in the log (STATE-06).
        AssignmentWritten = "assignment written",
        /// More members than group.max.size after a load (LOAD-08).
        OverCapacity = "over capacity",
        /// The group was deleted (STATE-13).
        Deleted = "deleted",
        /// Another coordinator took over (LOAD-11).
        Unloaded = "unloaded",
        /// The group was read from the log (LOAD-05).
        Loaded = "loaded",
    }

    /// Why a member is no longer in the group: the labels of `member_removed`.
    RemovalReason {
        /// Its session timer fired.
        Session = "session",
        /// It did not rejoin before the join timer fired (REB-08).
        RebalanceTimeout = "rebalance_timeout",
        /// It did not sync before the sync timer fired (SYNC-10).
        SyncTimeout = "sync_timeout",
        /// It left.
        Leave = "leave",
        /// It left because max.poll.interval.ms passed without a poll (CLIENT-05).
        MaxPoll = "max_poll",
        /// Its group.instance.id was taken over (STATIC-03).
        Fenced = "fenced",
        /// An admin removed it (LEAVE-03).
        Admin = "admin",
        /// The group is full (JOIN-08).
        Capacity = "capacity",
    }

    /// Why a pending member id (KIP-394) is no longer pending.
    PendingEnd {
        /// It joined.
        Joined = "joined",
        /// Its timer fired (JOIN-11).
        Expired = "expired",
        /// It left (LEAVE-06).
        Left = "left",
        /// The group is full (JOIN-08).
        Capacity = "capacity",
    }

    /// What made a client commit.
    CommitOrigin {
        /// Periodic auto-commit inside poll (CLIENT-27).
        Auto = "auto",
        /// The application's commitSync.
        Sync = "sync",
        /// The application's commitAsync.
        Async = "async",
        /// The revoke callback, or auto-commit before a rejoin (CLIENT-18).
        Revoke = "revoke",
        /// Closing (CLIENT-31).
        Close = "close",
    }

    /// Why a commit failed at the client, in the words of the Java client's exceptions.
    CommitError {
        /// CommitFailedException: the group has moved on.
        CommitFailed = "CommitFailedException",
        /// RebalanceInProgressException: poll, then commit again.
        RebalanceInProgress = "RebalanceInProgressException",
        /// RetriableCommitFailedException: an async commit is not retried (CLIENT-30).
        Retriable = "RetriableCommitFailedException",
        /// TimeoutException: the deadline of commitSync passed.
        Timeout = "TimeoutException",
        /// FencedInstanceIdException.
        Fenced = "FencedInstanceIdException",
        /// The broker refused a partition (metadata too large, unknown topic ...).
        Refused = "KafkaException",
    }

    /// Where a position came from.
    PositionOrigin {
        /// The group's committed offset.
        Committed = "committed",
        /// auto.offset.reset (a `reset` event precedes it).
        Reset = "reset",
        /// `from = "beginning"`.
        Beginning = "beginning",
        /// `from = "end"`.
        End = "end",
        /// `from = N`, or an explicit seek.
        Seek = "seek",
        /// The offset that the application keeps with its results: `store = "with-result"`.
        Result = "result",
    }

    /// Why auto.offset.reset was applied.
    ResetReason {
        /// Nothing was committed (CLIENT-35), policy earliest.
        NoOffsetEarliest = "no offset, earliest",
        /// Nothing was committed, policy latest.
        NoOffsetLatest = "no offset, latest",
        /// The position was outside the log, policy earliest.
        OutOfRangeEarliest = "out of range, earliest",
        /// The position was outside the log, policy latest.
        OutOfRangeLatest = "out of range, latest",
    }

    /// Why delivered records will not be handled by this process.
    DropReason {
        /// The partition was revoked or lost and the application does not go on with it.
        Revoked = "revoked",
        /// The process ended.
        Ended = "ended",
        /// The application met an error and gave up.
        Error = "error",
        /// The transaction of a result failed, because somebody else has written results of the partition: nothing is done.
        Fenced = "fenced",
    }

    /// What the timeline did to an actor, or to the world.
    Verb {
        /// Started a process.
        Start = "start",
        /// Asked a process to shut down cleanly.
        Stop = "stop",
        /// Killed a process.
        Crash = "crash",
        /// Stop, then start.
        Restart = "restart",
        /// Froze a process.
        Pause = "pause",
        /// Slowed a handler down.
        Slow = "slow",
        /// Made a handler hang.
        Stuck = "stuck",
        /// Cut a process off the network.
        Cut = "cut",
        /// Changed a group's number of members.
        Scale = "scale",
        /// Added partitions to a topic.
        AddPartitions = "add-partitions",
        /// Appended records.
        Produce = "produce",
        /// Deleted the oldest records.
        DeleteRecords = "delete-records",
        /// Moved the group coordinator.
        Failover = "failover",
        /// Expired committed offsets.
        ExpireOffsets = "expire-offsets",
        /// Set committed offsets from outside.
        ResetOffsets = "reset-offsets",
        /// Created a topic.
        CreateTopic = "create-topic",
    }

    /// Which of a client's two connections.
    Channel {
        /// To the group coordinator.
        Coordinator = "coordinator",
        /// To the node that leads the partitions: Fetch, ListOffsets, Metadata, FindCoordinator.
        Node = "node",
    }

    /// Why a producer gave records back to the application with an error.
    SendFailure {
        /// delivery.timeout.ms (librdkafka: message.timeout.ms) passed.
        DeliveryTimeout = "delivery timeout",
        /// It was sent as often as `retries` allows.
        Retries = "retries",
        /// The broker refused it for good.
        Refused = "refused",
    }
}
