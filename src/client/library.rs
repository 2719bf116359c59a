//! The client libraries behind one application loop: what a process asks of whichever it runs.
//!
//! Each library is a life cycle of its own ([`Consumer`]: Java's classic consumer; [`Librdkafka`]; [`FranzGo`]); connections, positions
//! and what the application has done with records are shared parts that they are built of.

use super::consumer::Consumer;
use super::consumer::timers::Due as JavaDue;
use super::franz_go::{Due as FranzGoDue, FranzGo};
use super::io::{Io, Timer};
use super::kafka_go::{Due as KafkaGoDue, KafkaGo};
use super::librdkafka::{Due as LibrdkafkaDue, Librdkafka};
use super::network::CommitPurpose;
use super::sarama::{Due as SaramaDue, Sarama};
use super::subscription::{Run, Subscription};
use crate::config::{ClientKind, MemberConfig};
use crate::ids::{CorrelationId, Offset, TopicPartition};
use crate::protocol::{CommitPartition, ErrorCode, Response};
use crate::trace::CommitOrigin;

/// Which rebalance callback runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Callback {
    /// onPartitionsRevoked.
    Revoked,
    /// onPartitionsLost.
    Lost,
}

/// What a pass of poll leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PollOutcome {
    /// Blocked until an answer or timer.
    Wait,
    /// Records are in the batch.
    Records,
    /// The application's callback has to run first.
    Callback(Callback),
    /// An exception that the application does not survive.
    Error(ErrorCode),
}

/// How far a library's own close is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Termination {
    /// Something is not over yet.
    Wait,
    /// The application's callback has to run first.
    Callback(Callback),
    /// The consumer is closed.
    Done,
}

/// Where the application's thread is, as far as a library can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In poll.
    Poll,
    /// In a rebalance callback, which poll runs.
    Callback,
    /// Handling records: in no call of the library.
    Handler,
    /// In another call of the library.
    Outside,
}

/// A timer of one of the libraries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// The Java client's.
    Java(JavaDue),
    /// librdkafka's.
    Librdkafka(LibrdkafkaDue),
    /// franz-go's.
    FranzGo(FranzGoDue),
    /// sarama's.
    Sarama(SaramaDue),
    /// kafka-go's.
    KafkaGo(KafkaGoDue),
}

/// The library that a process runs.
pub(crate) enum Library {
    /// Apache Kafka's Java client.
    Java(Consumer),
    /// librdkafka.
    Librdkafka(Librdkafka),
    /// franz-go.
    FranzGo(FranzGo),
    /// IBM/sarama.
    Sarama(Sarama),
    /// kafka-go's Reader.
    KafkaGo(Box<KafkaGo>),
}

impl Library {
    /// A consumer that has just been constructed and subscribed (or assigned).
    pub fn new(io: &mut Io<'_, '_>, config: &MemberConfig) -> Self {
        match config.client.kind {
            ClientKind::Librdkafka => Library::Librdkafka(Librdkafka::new(io, config)),
            ClientKind::FranzGo => Library::FranzGo(FranzGo::new(io, config)),
            ClientKind::Sarama => Library::Sarama(Sarama::new(io, config)),
            ClientKind::KafkaGo => Library::KafkaGo(Box::new(KafkaGo::new(io, config))),
            _ => Library::Java(Consumer::new(io, config)),
        }
    }

    /// The process starts.
    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        match self {
            Library::Java(c) => {
                c.commits.restart_auto(io);
                c.assign_manually(io);
            }
            Library::Librdkafka(c) => c.start(io),
            Library::FranzGo(c) => c.start(io),
            Library::Sarama(c) => c.start(io),
            Library::KafkaGo(c) => c.start(io),
        }
    }

    /// Where the application's thread is now.
    #[inline]
    pub fn set_place(&mut self, place: Place) {
        match self {
            Library::Java(c) => (c.in_poll, c.in_handler) = (place == Place::Poll, place == Place::Handler),
            Library::Librdkafka(c) => c.in_poll = matches!(place, Place::Poll | Place::Callback),
            Library::FranzGo(c) => c.set_place(place),
            Library::Sarama(_) => {}  // nothing depends on it
            Library::KafkaGo(_) => {} // nothing there asks
        }
    }

    /// A pass of poll. A library that has a buffer for each partition (sarama) hands over no more of a partition than its
    /// [`room`](super::subscription::Partition::room); it is polled again, before anything else happens, when there is more.
    pub fn poll(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        match self {
            Library::Java(c) => c.poll(io, batch),
            Library::Librdkafka(c) => c.poll(io, batch),
            Library::FranzGo(c) => c.poll(io, batch),
            Library::Sarama(c) => c.poll(io, batch),
            Library::KafkaGo(c) => c.poll(io, batch),
        }
    }

    /// A pass of poll began at this instant: the poll timer runs from here.
    #[inline]
    pub fn pass_began(&mut self, io: &Io<'_, '_>) {
        match self {
            Library::Java(c) => c.pass_began(io),
            Library::Librdkafka(c) => c.polled(io),
            Library::FranzGo(_) => {} // it has no max.poll.interval.ms
            Library::Sarama(_) => {}  // it has no max.poll.interval.ms
            Library::KafkaGo(_) => {} // there is no such timer
        }
    }

    /// The callback that poll asked for has returned.
    pub fn callback_done(&mut self, io: &mut Io<'_, '_>) {
        match self {
            Library::Java(c) => c.callback_done(io),
            Library::Librdkafka(c) => c.callback_done(io),
            Library::FranzGo(_) => {} // its callbacks run in the background
            Library::Sarama(c) => c.callback_done(io),
            Library::KafkaGo(_) => {} // there are no callbacks
        }
    }

    /// An answer has come.
    pub fn on_response(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: Response) {
        match self {
            Library::Java(c) => c.on_response(io, id, response),
            Library::Librdkafka(c) => c.on_response(io, id, response),
            Library::FranzGo(c) => c.on_response(io, id, response),
            Library::Sarama(c) => c.on_response(io, id, response),
            Library::KafkaGo(c) => c.on_response(io, id, response),
        }
    }

    /// The earliest timer.
    #[inline]
    pub fn next_timer(&self) -> (Timer, Due) {
        match self {
            Library::Java(c) => {
                let (timer, due) = c.next_timer();
                (timer, Due::Java(due))
            }
            Library::Librdkafka(c) => {
                let (timer, due) = c.next_timer();
                (timer, Due::Librdkafka(due))
            }
            Library::FranzGo(c) => {
                let (timer, due) = c.next_timer();
                (timer, Due::FranzGo(due))
            }
            Library::Sarama(c) => {
                let (timer, due) = c.next_timer();
                (timer, Due::Sarama(due))
            }
            Library::KafkaGo(c) => {
                let (timer, due) = c.next_timer();
                (timer, Due::KafkaGo(due))
            }
        }
    }

    /// Whether a timer commits what handlers have marked by then.
    pub fn commits_marks(&self, due: Due) -> bool {
        match self {
            Library::FranzGo(c) => due == Due::FranzGo(FranzGoDue::AutoCommit) && c.commits_marks(),
            _ => due == Due::Sarama(SaramaDue::AutoCommit),
        }
    }

    /// A timer has fired.
    pub fn fire(&mut self, io: &mut Io<'_, '_>, due: Due) {
        match (self, due) {
            (Library::Java(c), Due::Java(due)) => c.fire(io, due),
            (Library::Librdkafka(c), Due::Librdkafka(due)) => c.fire(io, due),
            (Library::FranzGo(c), Due::FranzGo(due)) => c.fire(io, due),
            (Library::Sarama(c), Due::Sarama(due)) => c.fire(io, due),
            (Library::KafkaGo(c), Due::KafkaGo(due)) => c.fire(io, due),
            _ => {}
        }
    }

    /// What the library's own threads do; true if the application's thread may go on because of it.
    pub fn background(&mut self, io: &mut Io<'_, '_>) -> bool {
        match self {
            Library::Java(c) => {
                c.background(io);
                false
            }
            Library::Librdkafka(c) => c.serve(io),
            Library::FranzGo(c) => c.serve(io),
            Library::Sarama(c) => c.serve(io),
            Library::KafkaGo(_) => false, // its goroutines act when something happens
        }
    }

    /// What is owned.
    #[inline]
    pub fn subscription(&mut self) -> &mut Subscription {
        match self {
            Library::Java(c) => &mut c.subscription,
            Library::Librdkafka(c) => &mut c.subscription,
            Library::FranzGo(c) => &mut c.subscription,
            Library::Sarama(c) => &mut c.subscription,
            Library::KafkaGo(c) => &mut c.subscription,
        }
    }

    /// The application has handled records of a partition up to `to`.
    #[inline]
    pub fn handled(&mut self, run: &Run, to: Offset) {
        match self {
            Library::Java(c) => c.subscription.handled(run, to),
            Library::Librdkafka(c) => c.handled(run, to),
            Library::FranzGo(c) => c.handled(run, to),
            Library::Sarama(c) => c.handled(run, to),
            Library::KafkaGo(c) => c.subscription.handled(run, to),
        }
    }

    /// The application reads the offset that it keeps with its results, and seeks there.
    pub fn seek_to_result(&mut self, io: &mut Io<'_, '_>, partition: TopicPartition) {
        if let Library::Librdkafka(c) = self {
            c.drop_queued(partition);
        }
        self.subscription().seek_to_result(io, partition);
    }

    /// An empty list of offsets with room.
    pub fn spare(&mut self) -> Vec<CommitPartition> {
        match self {
            Library::Java(c) => c.commits.spare(),
            Library::Librdkafka(c) => c.commits.spare(),
            Library::FranzGo(c) => c.commits.spare(),
            Library::Sarama(c) => c.offsets.spare(),
            Library::KafkaGo(c) => c.commits.spare(),
        }
    }

    /// The deadline of a commit that the application waits for.
    pub fn api_timeout_ms(&self) -> i64 {
        match self {
            Library::Java(c) => c.api_timeout_ms(),
            // rd_kafka_commit, session.Commit, CommitOffsetsSync and CommitMessages wait for as long as it takes
            Library::Librdkafka(_) | Library::Sarama(_) | Library::FranzGo(_) | Library::KafkaGo(_) => i64::MAX,
        }
    }

    /// A commit that the application waits for begins.
    pub fn begin_commit_sync(
        &mut self,
        io: &mut Io<'_, '_>,
        offsets: Vec<CommitPartition>,
        origin: CommitOrigin,
        timeout_ms: i64,
    ) {
        match self {
            Library::Java(c) => c.begin_commit_sync(io, offsets, origin, timeout_ms),
            Library::Librdkafka(c) => c.commit(io, offsets, CommitPurpose::Sync, origin),
            Library::FranzGo(c) => c.commit_records(io, offsets, CommitPurpose::Sync),
            Library::Sarama(c) => c.commit(offsets, CommitPurpose::Sync, origin),
            Library::KafkaGo(c) => c.commit_messages(io, offsets, true),
        }
    }

    /// Carries that commit on; true when it has returned.
    pub fn step_commit_sync(&mut self, io: &mut Io<'_, '_>) -> bool {
        match self {
            Library::Java(c) => c.step_commit_sync(io),
            Library::Librdkafka(c) => !c.commits.blocked,
            Library::FranzGo(c) => !c.commits.blocked,
            Library::Sarama(c) => c.commit_returned(io),
            Library::KafkaGo(c) => !c.commits.blocked,
        }
    }

    /// A commit that the application does not wait for; `attempt` is how often it has failed before.
    pub fn commit_async(&mut self, io: &mut Io<'_, '_>, offsets: Vec<CommitPartition>, attempt: u32) {
        let purpose = if attempt == 0 { CommitPurpose::Async } else { CommitPurpose::Retry(attempt) };
        let origin = CommitOrigin::Async;
        match self {
            Library::Java(c) => {
                c.commit_async(io, offsets, purpose, origin);
                c.read_unread(io);
            }
            Library::Librdkafka(c) => c.commit(io, offsets, purpose, origin),
            Library::FranzGo(c) => c.commit_records(io, offsets, purpose),
            Library::Sarama(c) => c.commit(offsets, purpose, origin),
            Library::KafkaGo(c) => c.commit_messages(io, offsets, false),
        }
    }

    /// A pass of closing a library that brings its own order along; Java's steps are the application's.
    pub fn terminate(&mut self, io: &mut Io<'_, '_>) -> Termination {
        match self {
            Library::Java(_) => Termination::Done,
            Library::Librdkafka(c) => c.terminate(io),
            Library::FranzGo(c) => match c.terminate(io) {
                true => Termination::Done,
                false => Termination::Wait,
            },
            Library::Sarama(c) => c.terminate(io),
            Library::KafkaGo(c) => c.terminate(io),
        }
    }

    /// One of several workers commits by itself and waits for the answer (sarama's `session.Commit()`); true if that has
    /// returned already. Libraries whose consumer belongs to one thread have no such call: there the poll thread commits.
    pub fn begin_worker_commit(&mut self, io: &mut Io<'_, '_>, worker: usize, offsets: Vec<CommitPartition>) -> bool {
        match self {
            Library::Sarama(c) => c.begin_worker_commit(io, worker, offsets),
            Library::Java(_) | Library::Librdkafka(_) | Library::FranzGo(_) | Library::KafkaGo(_) => {
                self.commit_async(io, offsets, 0);
                true
            }
        }
    }

    /// A worker whose commit has returned since.
    pub fn worker_committed(&mut self) -> Option<usize> {
        match self {
            Library::Sarama(c) => c.offsets.worker_committed(),
            Library::Java(_) | Library::Librdkafka(_) | Library::FranzGo(_) | Library::KafkaGo(_) => None,
        }
    }

    /// In a revoke or lost callback: whether this partition is among those that are given up.
    pub fn gives_up(&self, partition: TopicPartition) -> bool {
        match self {
            Library::Java(c) => c.gives_up(partition),
            Library::Librdkafka(c) => c.gives_up(partition),
            Library::FranzGo(c) => c.gives_up(partition),
            Library::Sarama(_) | Library::KafkaGo(_) => true,
        }
    }

    /// A rebalance callback that runs beside the poll loop asks what the application commits in it; the answer is
    /// [`Library::callback_commits`].
    #[inline]
    pub fn callback_asks(&self) -> Option<CommitOrigin> {
        match self {
            Library::FranzGo(c) => c.callback_asks(),
            _ => None,
        }
    }

    /// What the application commits in that callback.
    pub fn callback_commits(&mut self, io: &mut Io<'_, '_>, offsets: Vec<CommitPartition>) {
        if let Library::FranzGo(c) = self {
            c.callback_commits(io, offsets);
        }
    }

    /// `until = "end"`: whether every partition has reached the end that it had when it was taken.
    #[inline]
    pub fn reached_ends(&mut self, io: &mut Io<'_, '_>) -> bool {
        match self {
            Library::Java(c) => c.reached_ends(io),
            Library::Librdkafka(c) => c.reached_ends(io),
            Library::FranzGo(c) => c.reached_ends(io),
            Library::Sarama(c) => c.reached_ends(io),
            Library::KafkaGo(c) => c.reached_ends(io),
        }
    }

    /// The process ends: nothing that is in flight will be seen.
    pub fn end(&mut self, io: &mut Io<'_, '_>) {
        match self {
            Library::Java(c) => c.end(io),
            Library::Librdkafka(c) => c.end(io),
            Library::FranzGo(c) => c.end(io),
            Library::Sarama(c) => c.end(io),
            Library::KafkaGo(c) => c.end(io),
        }
    }
}
