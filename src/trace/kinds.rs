//! Every kind of event, with its fields. One table makes the enum, its names, its hash words, export and reading.
//!
//! Ranges are half open: records `[from, to)`, partitions `[from, to)`. Events of the broker carry the client they are
//! about in `client` and `client_incarnation`; events of a client have it as their actor.

use super::field::{Field, FieldValue};
use super::labels::*;
use crate::ids::*;
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::Duration;

/// The phases of a request that the trace shows; with the API's short name they make the kind's name (`commit_applied`).
const PHASES: [&str; 7] = ["sent", "received", "applied", "rejected", "reply_seen", "timeout", "lost"];

macro_rules! request_kind_names {
    ($($api:ident $short:literal)*) => {
        /// `join_sent`, `commit_rejected` ...
        fn request_kind_name(api: Api, phase: usize) -> &'static str {
            match api {
                $(Api::$api => [
                    concat!($short, "_sent"),
                    concat!($short, "_received"),
                    concat!($short, "_applied"),
                    concat!($short, "_rejected"),
                    concat!($short, "_reply_seen"),
                    concat!($short, "_timeout"),
                    concat!($short, "_lost"),
                ][phase],)*
            }
        }
    };
}

request_kind_names! {
    Fetch "fetch" ListOffsets "list_offsets" Metadata "metadata" OffsetCommit "commit" OffsetFetch "offset_fetch"
    FindCoordinator "find_coordinator" JoinGroup "join" Heartbeat "heartbeat" LeaveGroup "leave" SyncGroup "sync"
    DescribeGroups "describe_groups" ListGroups "list_groups" DeleteGroups "delete_groups" OffsetDelete "offset_delete"
    Produce "produce" InitProducerId "init_producer_id"
}

macro_rules! kinds {
    (
        requests { $($(#[$rdoc:meta])* $request:ident = $phase:literal { $($(#[$rfdoc:meta])* $rf:ident: $rft:ty,)* })* }
        plain { $($(#[$doc:meta])* $plain:ident = $text:literal { $($(#[$fdoc:meta])* $f:ident: $ft:ty,)* })* }
    ) => {
        /// What happened.
        #[derive(Clone, Copy, PartialEq, Debug)]
        pub enum Kind {
            $($(#[$rdoc])* $request { /** Which request. */ api: Api, $($(#[$rfdoc])* $rf: $rft,)* },)*
            $($(#[$doc])* $plain { $($(#[$fdoc])* $f: $ft,)* },)*
        }

        #[repr(u8)]
        enum Tag { $($request,)* $($plain,)* }

        impl Kind {
            /// The kind's name in exports and in `must-see`.
            pub fn name(&self) -> &'static str {
                match *self {
                    $(Kind::$request { api, .. } => request_kind_name(api, $phase),)*
                    $(Kind::$plain { .. } => $text,)*
                }
            }

            /// Every name that [`Kind::name`] can give.
            pub fn all_names() -> Vec<&'static str> {
                let mut all = vec![$($text),*];
                for api in Api::ALL {
                    all.extend((0..PHASES.len()).map(|phase| request_kind_name(api, phase)));
                }
                all
            }

            /// A number for each [`Kind::name`], below [`Kind::CODES`].
            pub fn code(&self) -> usize {
                match *self {
                    $(Kind::$request { api, .. } => Tag::$request as usize * Api::ALL.len() + api as usize,)*
                    $(Kind::$plain { .. } => Tag::$plain as usize + PHASES.len() * (Api::ALL.len() - 1),)*
                }
            }

            /// How many codes there are.
            pub const CODES: usize = PHASES.len() * (Api::ALL.len() - 1) + [$($text),*].len() + PHASES.len();

            /// Writes the event's words from place `at` on, tag first; gives the place after the last.
            pub fn words(&self, words: &mut [u64; 16], at: usize) -> usize {
                let mut next = at;
                let mut put = |word: u64| {
                    words[next] = word;
                    next += 1;
                };
                match *self {
                    $(Kind::$request { api, $($rf,)* } => {
                        put(Tag::$request as u64 | (api.word() << 8));
                        $(put($rf.word());)*
                    })*
                    $(Kind::$plain { $($f,)* } => {
                        put(Tag::$plain as u64);
                        $(put($f.word());)*
                    })*
                }
                next
            }

            /// The fields by name, in order. The API of a request is in the kind's name.
            pub fn fields(&self, names: &Names) -> Vec<(&'static str, FieldValue)> {
                match *self {
                    $(Kind::$request { api: _, $($rf,)* } => vec![$((stringify!($rf), $rf.value(names)),)*],)*
                    $(Kind::$plain { $($f,)* } => vec![$((stringify!($f), $f.value(names)),)*],)*
                }
            }

            /// The event kind called `name` with the given fields; `None` if a field is missing or wrong.
            pub fn read(
                name: &str,
                field: &dyn Fn(&str) -> Option<FieldValue>,
                names: &mut Names,
            ) -> Option<Kind> {
                match name {
                    $($text => return Some(Kind::$plain { $($f: Field::read(&field(stringify!($f))?, names)?,)* }),)*
                    _ => {}
                }
                let (api, phase) = Api::ALL.into_iter().find_map(|api| {
                    let phase = (0..PHASES.len()).find(|&phase| request_kind_name(api, phase) == name)?;
                    Some((api, phase))
                })?;
                match phase {
                    $($phase => Some(Kind::$request { api, $($rf: Field::read(&field(stringify!($rf))?, names)?,)* }),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    requests {
        /// A client sent a request.
        RequestSent = 0 {
            /// Correlation id, unique per actor and incarnation.
            request: CorrelationId,
            /// Group it is about, or empty.
            group: GroupId,
            /// Member id it carries, or empty.
            member: MemberId,
            /// Generation it carries, or -1.
            generation: Generation,
        }
        /// The coordinator took up a JoinGroup or SyncGroup, which it may park.
        RequestReceived = 1 {
            /// Who sent it.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
            /// Correlation id.
            request: CorrelationId,
            /// Group.
            group: GroupId,
            /// Member id in the request.
            member: MemberId,
            /// Generation in the request.
            generation: Generation,
        }
        /// The broker did what a group request asked and answered NONE.
        RequestApplied = 2 {
            /// Who sent it.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
            /// Correlation id.
            request: CorrelationId,
            /// Group.
            group: GroupId,
            /// Member id in the request.
            member: MemberId,
            /// Generation: of the answer for a join, else of the request.
            generation: Generation,
        }
        /// The broker answered a group request with an error.
        RequestRejected = 3 {
            /// Who sent it.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
            /// Correlation id.
            request: CorrelationId,
            /// Group.
            group: GroupId,
            /// Member id in the request.
            member: MemberId,
            /// Generation in the request.
            generation: Generation,
            /// Why.
            code: ErrorCode,
        }
        /// The client read the answer.
        RequestReplySeen = 4 {
            /// Correlation id.
            request: CorrelationId,
            /// The answer's error, or NONE.
            code: ErrorCode,
        }
        /// The client stopped waiting for the answer.
        RequestTimedOut = 5 {
            /// Correlation id.
            request: CorrelationId,
        }
        /// The connection went before the answer came.
        RequestLost = 6 {
            /// Correlation id.
            request: CorrelationId,
        }
    }
    plain {
        /// The run: first event of every trace.
        MetaRun = "meta_run" {
            /// Name of the scenario.
            scenario: Symbol,
            /// Root seed.
            seed: u64,
            /// `run-for`, in microseconds in exports.
            run_for: Duration,
        }
        /// An actor and its name.
        MetaActor = "meta_actor" {
            /// Whom this is about.
            subject: ActorId,
            /// Its name.
            name: Symbol,
            /// Its scope: a group's id, or a stand-alone reader's own name; empty for others.
            group: GroupId,
            /// What it is.
            role: Role,
        }
        /// A topic and its partitions; again when either changes.
        MetaTopic = "meta_topic" {
            /// The topic.
            topic: TopicName,
            /// How many partitions.
            partitions: u32,
        }
        /// A subscription of an actor.
        MetaSubscription = "meta_subscription" {
            /// Whose.
            subject: ActorId,
            /// To what.
            topic: TopicName,
        }
        /// A partition that a reader was given by `assign`.
        MetaAssign = "meta_assign" {
            /// Whose.
            subject: ActorId,
            /// Which.
            partition: TopicPartition,
        }
        /// A setting with a number: Kafka's key, or one of groupsim's own.
        MetaNumber = "meta_number" {
            /// Whose (the broker's, a member's, the driver's).
            subject: ActorId,
            /// Which.
            key: Symbol,
            /// Value; times in the unit that the key's name says.
            value: i64,
        }
        /// A setting with a word.
        MetaText = "meta_text" {
            /// Whose.
            subject: ActorId,
            /// Which.
            key: Symbol,
            /// Value.
            value: Symbol,
        }

        /// Records `[from, to)` are in the log (and visible: one replica).
        Append = "append" {
            /// Where.
            partition: TopicPartition,
            /// First offset.
            from: Offset,
            /// One past the last.
            to: Offset,
            /// Who wrote them.
            producer: ActorId,
        }
        /// The oldest records are gone.
        LogStart = "log_start" {
            /// Where.
            partition: TopicPartition,
            /// First offset left.
            offset: Offset,
        }

        /// One partition of a commit that a client sent.
        CommitSent = "commit_partition_sent" {
            /// Correlation id of the OffsetCommit.
            request: CorrelationId,
            /// Which partition.
            partition: TopicPartition,
            /// Position to commit.
            offset: Offset,
            /// What made the client commit.
            origin: CommitOrigin,
        }
        /// The broker stored a committed offset.
        CommitApplied = "commit_partition_applied" {
            /// Group.
            group: GroupId,
            /// Member id in the request, or empty.
            member: MemberId,
            /// Generation in the request.
            generation: Generation,
            /// Who sent it.
            client: ActorId,
            /// Correlation id.
            request: CorrelationId,
            /// Which partition.
            partition: TopicPartition,
            /// The committed position.
            offset: Offset,
        }
        /// A committed offset is gone (deleted or expired).
        OffsetRemoved = "offset_removed" {
            /// Group.
            group: GroupId,
            /// Which partition.
            partition: TopicPartition,
        }

        /// The group changed state.
        GroupStateChanged = "group_state" {
            /// Group.
            group: GroupId,
            /// Old state.
            from: GroupState,
            /// New state.
            to: GroupState,
            /// Generation after the change.
            generation: Generation,
            /// Why.
            reason: StateReason,
            /// Whose doing, or empty.
            member: MemberId,
        }
        /// A join phase ended: the generation id went up (STATE-07).
        GenerationStarted = "generation" {
            /// Group.
            group: GroupId,
            /// The new generation.
            generation: Generation,
            /// Its leader; empty if nobody is left.
            leader: MemberId,
            /// The chosen protocol; empty if nobody is left.
            protocol: ProtocolName,
            /// Number of members.
            members: u32,
        }
        /// The leader's assignment gave partitions `[from, to)` of a topic to a member.
        Assigned = "assigned" {
            /// Group.
            group: GroupId,
            /// Generation.
            generation: Generation,
            /// To whom.
            member: MemberId,
            /// Topic.
            topic: TopicName,
            /// First partition.
            from: u32,
            /// One past the last.
            to: u32,
        }
        /// A member id was handed out and must come back in a second join (KIP-394).
        MemberPending = "member_pending" {
            /// Group.
            group: GroupId,
            /// The id.
            member: MemberId,
            /// To whom.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
            /// When it expires (JOIN-11).
            session_timeout_ms: i32,
        }
        /// A pending id is no longer pending.
        PendingEnded = "pending_ended" {
            /// Group.
            group: GroupId,
            /// The id.
            member: MemberId,
            /// Why.
            reason: PendingEnd,
        }
        /// A member is in the group.
        MemberAdded = "member_added" {
            /// Group.
            group: GroupId,
            /// Member id.
            member: MemberId,
            /// `group.instance.id`, or empty.
            instance: InstanceId,
            /// Who that is.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
            /// Session timeout.
            session_timeout_ms: i32,
            /// Rebalance timeout.
            rebalance_timeout_ms: i32,
        }
        /// A rejoin was stored with these timeouts (SESS-10).
        MemberUpdated = "member_updated" {
            /// Group.
            group: GroupId,
            /// Member id.
            member: MemberId,
            /// Session timeout.
            session_timeout_ms: i32,
            /// Rebalance timeout.
            rebalance_timeout_ms: i32,
        }
        /// A static member came back under a new member id (STATIC-03).
        MemberReplaced = "member_replaced" {
            /// Group.
            group: GroupId,
            /// Its `group.instance.id`.
            instance: InstanceId,
            /// Old member id.
            old: MemberId,
            /// New member id.
            new: MemberId,
            /// Who holds the new one.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
        }
        /// A member is out of the group.
        MemberRemoved = "member_removed" {
            /// Group.
            group: GroupId,
            /// Member id.
            member: MemberId,
            /// Why.
            reason: RemovalReason,
        }
        /// The group is gone from the coordinator.
        GroupRemoved = "group_removed" {
            /// Group.
            group: GroupId,
        }

        /// A process started.
        Start = "start" {}
        /// A process began a clean shutdown.
        Stop = "stop" {}
        /// A process ended cleanly.
        Closed = "closed" {}
        /// A process ended at once: killed.
        Crash = "crash" {}
        /// A clean shutdown took longer than its grace: killed.
        Killed = "killed" {}
        /// A process is frozen.
        Pause = "pause" {}
        /// A frozen process goes on.
        Resume = "resume" {}
        /// The application got an exception it does not survive; the process closes.
        Failed = "failed" {
            /// The error behind it.
            code: ErrorCode,
        }
        /// A client dropped a connection.
        Disconnected = "disconnected" {
            /// Which.
            channel: Channel,
        }
        /// The coordinator gave this client a member id.
        MemberIdLearned = "member_id" {
            /// Group.
            group: GroupId,
            /// The id.
            member: MemberId,
        }
        /// A client finished joining: it has an assignment of this generation.
        Joined = "joined" {
            /// Group.
            group: GroupId,
            /// Member id.
            member: MemberId,
            /// Generation.
            generation: Generation,
            /// The protocol in use.
            protocol: ProtocolName,
        }
        /// A client gave up its generation (and, with an empty member id, its membership).
        GenerationReset = "generation_reset" {
            /// Group.
            group: GroupId,
            /// The member id it keeps, or empty.
            member: MemberId,
            /// The error that made it, or NONE for max.poll.interval.ms (CLIENT-05).
            code: ErrorCode,
        }
        /// max.poll.interval.ms passed without a poll (CLIENT-05).
        PollTimeout = "poll_timeout" {}
        /// onPartitionsAssigned: the client owns partitions `[from, to)` of a topic from now on.
        Owned = "owned" {
            /// Topic.
            topic: TopicName,
            /// First partition.
            from: u32,
            /// One past the last.
            to: u32,
            /// Generation; -1 for manual assignment.
            generation: Generation,
        }
        /// onPartitionsRevoked has run: the client no longer owns `[from, to)`.
        Revoked = "revoked" {
            /// Topic.
            topic: TopicName,
            /// First partition.
            from: u32,
            /// One past the last.
            to: u32,
        }
        /// onPartitionsLost has run: somebody else may own `[from, to)` by now.
        Lost = "lost" {
            /// Topic.
            topic: TopicName,
            /// First partition.
            from: u32,
            /// One past the last.
            to: u32,
        }
        /// A position was set, other than by reading on.
        Position = "position" {
            /// Partition.
            partition: TopicPartition,
            /// The next offset to read.
            offset: Offset,
            /// Where it came from.
            origin: PositionOrigin,
        }
        /// auto.offset.reset was applied.
        Reset = "reset" {
            /// Partition.
            partition: TopicPartition,
            /// The position before, or -1.
            from: Offset,
            /// The position after.
            to: Offset,
            /// Why.
            reason: ResetReason,
        }
        /// The application called poll().
        Poll = "poll" {}
        /// Records arrived at the client.
        Fetched = "fetched" {
            /// Partition.
            partition: TopicPartition,
            /// First record.
            from: Offset,
            /// One past the last.
            to: Offset,
        }
        /// poll() returned records to the application.
        Delivered = "delivered" {
            /// Partition.
            partition: TopicPartition,
            /// First record.
            from: Offset,
            /// One past the last.
            to: Offset,
        }
        /// A handler works through records one after the other: record k of the run (from 0) is done `(k + 1) * per_record`
        /// after this event, unless an event ends the run before. `process_done` says how far it came.
        ProcessStart = "process_start" {
            /// Partition.
            partition: TopicPartition,
            /// First record.
            from: Offset,
            /// One past the last.
            to: Offset,
            /// Time for each record; `Duration::MAX` for a stuck handler.
            per_record: Duration,
        }
        /// The handler finished records of the run that it started last in this partition.
        ProcessDone = "process_done" {
            /// Partition.
            partition: TopicPartition,
            /// First record.
            from: Offset,
            /// One past the last.
            to: Offset,
        }
        /// The process ended in the middle of a record: not done.
        Interrupted = "interrupted" {
            /// Partition.
            partition: TopicPartition,
            /// The record in work.
            offset: Offset,
        }
        /// Delivered records that this process will not handle.
        Dropped = "dropped" {
            /// Partition.
            partition: TopicPartition,
            /// First record.
            from: Offset,
            /// One past the last.
            to: Offset,
            /// Why.
            reason: DropReason,
        }
        /// A commit failed at the client.
        CommitFailed = "commit_failed" {
            /// The exception.
            error: CommitError,
            /// The broker's code behind it; NONE if the client did not even send it (CLIENT-28).
            code: ErrorCode,
            /// What had made the client commit.
            origin: CommitOrigin,
        }
        /// A reader or member with `until = "end"` has reached the end of a partition.
        ReachedEnd = "reached_end" {
            /// Partition.
            partition: TopicPartition,
            /// Its end.
            offset: Offset,
        }

        /// The timeline did something to an actor.
        FaultStart = "fault_start" {
            /// To whom; the broker for topics and groups.
            target: ActorId,
            /// What.
            verb: Verb,
            /// Line in the timeline, from 0.
            index: u32,
        }
        /// What the timeline did to an actor is over.
        FaultEnd = "fault_end" {
            /// To whom.
            target: ActorId,
            /// What.
            verb: Verb,
            /// Line in the timeline, from 0.
            index: u32,
        }
        /// An event of the timeline found its target in no state to obey.
        EventIgnored = "event_ignored" {
            /// Whom it was for.
            target: ActorId,
            /// What.
            verb: Verb,
            /// Line in the timeline, from 0.
            index: u32,
        }
        /// The end of `run-for`: last event of every trace that ran to its end.
        RunEnd = "run_end" {}

        // New kinds stand at the end: their place is their tag in the trace hash.
        /// A member came back with a group that was read from the log (LOAD-05); its session timer starts anew (LOAD-07).
        MemberLoaded = "member_loaded" {
            /// Group.
            group: GroupId,
            /// Member id.
            member: MemberId,
            /// `group.instance.id`, or empty.
            instance: InstanceId,
            /// Who that is.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
            /// Session timeout.
            session_timeout_ms: i32,
            /// Rebalance timeout.
            rebalance_timeout_ms: i32,
        }
        /// A committed offset came back with a group that was read from the log (LOAD-09).
        OffsetLoaded = "offset_loaded" {
            /// Group.
            group: GroupId,
            /// Which partition.
            partition: TopicPartition,
            /// The committed position.
            offset: Offset,
        }
        /// A producer sent a batch: the records that it has numbered `[from, to)` in this partition and life, from 0.
        BatchSent = "batch_sent" {
            /// Correlation id of the Produce request.
            request: CorrelationId,
            /// Where to.
            partition: TopicPartition,
            /// First record.
            from: u64,
            /// One past the last.
            to: u64,
            /// Producer epoch, or -1 without idempotence.
            epoch: i32,
            /// Sequence number of the first record, or -1 without idempotence.
            sequence: i32,
            /// How often it was sent before.
            retry: u32,
        }
        /// A batch is in the log: the records of the `append` just before hold these values.
        BatchAppended = "batch_appended" {
            /// Where.
            partition: TopicPartition,
            /// Offset of its first record.
            offset: Offset,
            /// First record, in the producer's numbers.
            from: u64,
            /// One past the last.
            to: u64,
            /// Who sent it.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
        }
        /// The broker has this batch of an idempotent producer already: it is answered again and not appended again.
        BatchKnown = "batch_known" {
            /// Where.
            partition: TopicPartition,
            /// Offset of its first record.
            offset: Offset,
            /// First record, in the producer's numbers.
            from: u64,
            /// One past the last.
            to: u64,
            /// Who sent it.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
        }
        /// The broker did not append a batch.
        BatchRejected = "batch_rejected" {
            /// Where to.
            partition: TopicPartition,
            /// First record, in the producer's numbers.
            from: u64,
            /// One past the last.
            to: u64,
            /// Who sent it.
            client: ActorId,
            /// Which life of it.
            client_incarnation: Incarnation,
            /// Why.
            code: ErrorCode,
        }
        /// The application was told that these records are written (with `acks = 0`: they were sent, no more is known).
        BatchAcked = "batch_acked" {
            /// Where.
            partition: TopicPartition,
            /// First record, in the producer's numbers.
            from: u64,
            /// One past the last.
            to: u64,
            /// Offset of the first, or -1 where nobody told.
            offset: Offset,
            /// Time since the call that handed over the first of them.
            latency: Duration,
        }
        /// The application got these records back with an error. They may be in the log all the same.
        BatchFailed = "batch_failed" {
            /// Where to.
            partition: TopicPartition,
            /// First record, in the producer's numbers.
            from: u64,
            /// One past the last.
            to: u64,
            /// Why.
            reason: SendFailure,
        }
        /// The process ended with these records in its buffer, never sent.
        Unsent = "unsent" {
            /// Where to.
            partition: TopicPartition,
            /// First record, in the producer's numbers.
            from: u64,
            /// One past the last.
            to: u64,
        }
        /// The producer did not take these records of a call: max.block.ms passed while its buffer was full or the topic's
        /// partitions unknown.
        Refused = "refused" {
            /// Number of the call in this life, from 0.
            call: u64,
            /// How many.
            records: u64,
        }
        /// A call by which the application sends has returned: a synchronous one, or one that had to wait.
        Returned = "returned" {
            /// Number of the call in this life, from 0.
            call: u64,
            /// Records that it was for.
            records: u64,
            /// Those of them that came back with an error.
            failed: u64,
            /// From call to return.
            took: Duration,
        }
        /// An application that keeps its offsets with its results has written a result: with it, the offset behind the record.
        ResultStored = "result_stored" {
            /// Which partition.
            partition: TopicPartition,
            /// The next record to handle.
            offset: Offset,
        }
        /// librdkafka joins again, or has joined, without having had its application give up what it owns: topics changed
        /// while a rebalance callback waited for a poll. What the application owns now the group may give to others.
        RejoinUnrevoked = "rejoin_unrevoked" {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_what_it_writes() {
        let mut names = Names::new();
        let group = GroupId(names.intern("billing"));
        let partition = TopicPartition::new(TopicName(names.intern("my-topic")), 3);
        let kinds = [
            Kind::RequestRejected {
                api: Api::OffsetCommit,
                client: ActorId(4),
                client_incarnation: Incarnation(2),
                request: CorrelationId(7),
                group,
                member: MemberId::EMPTY,
                generation: Generation(3),
                code: ErrorCode::IllegalGeneration,
            },
            Kind::ProcessStart { partition, from: Offset(1), to: Offset(9), per_record: Duration::from_ms(5) },
            Kind::Poll {},
        ];
        for kind in kinds {
            let fields = kind.fields(&names);
            let field = |name: &str| fields.iter().find(|f| f.0 == name).map(|f| f.1.clone());
            assert_eq!(Kind::read(kind.name(), &field, &mut names), Some(kind));
        }
        assert_eq!(kinds[0].name(), "commit_rejected");
    }

    #[test]
    fn names_are_unique_and_events_stay_small() {
        let mut names = Kind::all_names();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(std::mem::size_of::<super::super::Event>() <= 80);
    }
}
