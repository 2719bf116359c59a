//! The application around a consumer: poll, handle, commit, poll ... with one worker, the thread that polls, or several
//! beside it.

mod close;
mod committing;
mod crew;
mod handler;
mod run_loop;

use super::HandlerFault;
use super::io::{Io, Timer};
use super::library::{Callback, Library};
use super::results::{ResultStore, Results};
use super::strategy::CommitStrategy;
use super::subscription::Run;
use crate::config::{MemberConfig, OffsetStore, ProcessPolicy};
use crate::ids::{Seq, TopicPartition};
use crate::time::{Duration, Instant};
use committing::Waiting;
use crew::{Crew, Settling};
use handler::Work;

/// What the application's thread goes on with when a commit is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum After {
    /// Handling records.
    Handle,
    /// Handling records whose commit has just been made.
    HandleCommitted,
    /// The next poll.
    Poll,
    /// The rebalance callback of a poll returns.
    Callback,
    /// The next step of close().
    Close(ClosePhase),
    /// The rebalance callback of a close returns.
    CloseCallback,
    /// The poll whose pass ran the callback of an async commit.
    PollOn,
}

/// The steps of close() (CLIENT-31).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ClosePhase {
    /// Auto-commit.
    Commit,
    /// Waiting for async commits that could not be sent yet.
    AsyncCommits,
    /// The revoke or lost callback.
    Callback,
    /// Giving up what is owned, then LeaveGroup.
    Leave(Option<Callback>),
    /// Waiting for the coordinator's last answers.
    LastAnswers,
    /// librdkafka: rd_kafka_consumer_close serves what is queued for the application until its group is terminated.
    Terminate,
}

/// What the application's thread is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    /// In poll().
    Polling,
    /// Between records.
    Handling,
    /// In a record.
    Working,
    /// Workers have what poll returned: it waits for room, for its batch, or for something to commit.
    Waiting,
    /// Waiting for workers whose partitions go.
    Settling(Settling),
    /// In commitSync.
    Committing(After),
    /// In close().
    Closing(ClosePhase),
    /// Nothing any more.
    Exited,
}

/// A running process.
pub(crate) struct Process {
    library: Library,
    process: ProcessPolicy,
    strategy: Box<dyn CommitStrategy>,
    waiting: Waiting,
    /// Offsets are kept with results: records are handled one by one.
    with_result: bool,
    /// The transaction of a result of this partition has failed.
    fenced: Option<TopicPartition>,
    doing: Doing,
    /// What poll returned, and which of it comes next.
    batch: Vec<Run>,
    next_run: usize,
    /// Nothing of the next run has been handled yet.
    fresh_run: bool,
    /// Time for each record of the run in hand, without faults.
    run_time: Duration,
    work: Work,
    /// Workers beside the poll thread.
    crew: Option<Box<Crew>>,
    fault: HandlerFault,
    /// poll() has been called and has not made a pass yet.
    first_pass: bool,
    /// The earliest timer, while it is known.
    deadline: Option<Instant>,
    /// A clean shutdown was asked for.
    stopping: bool,
    /// It was because everything has been read (`until = "end"`).
    read_to_end: bool,
    /// The `failed` event, if the application met an exception.
    failed: Option<Seq>,
    close_deadline: Timer,
    paused_at: Option<Instant>,
}

impl Process {
    /// A process that starts now and commits as `strategy` says.
    pub fn new(
        io: &mut Io<'_, '_>,
        config: &MemberConfig,
        strategy: Box<dyn CommitStrategy>,
        results: &ResultStore,
    ) -> Self {
        let mut library = Library::new(io, config);
        let with_result = config.commit.store == OffsetStore::WithResult;
        library.subscription().results = with_result.then(|| Results::new(results.clone()));
        let crew = Crew::of(config);
        library.subscription().out_of_order = crew.is_some();
        Process {
            library,
            process: config.process.clone(),
            strategy,
            with_result,
            fenced: None,
            waiting: Waiting::default(),
            doing: Doing::Polling,
            batch: Vec::new(),
            next_run: 0,
            fresh_run: false,
            run_time: Duration::ZERO,
            work: Work::default(),
            crew,
            fault: HandlerFault::None,
            first_pass: false,
            deadline: None,
            stopping: false,
            read_to_end: false,
            failed: None,
            close_deadline: Timer::NEVER,
            paused_at: None,
        }
    }
}
