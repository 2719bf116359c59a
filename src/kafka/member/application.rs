//! The application: poll, handle, commit, poll ... one record a poll, as librdkafka gives them.

use super::commits::{self, code_of, commit, place_of, wanted};
use super::consumer::{Callbacks, Consuming, properties, stores_by_hand};
use super::handler::Handler;
use super::orders::Orders;
use super::reporter::Reporter;
use super::talk;
use super::talk::{Place, Settings, Told};
use super::until_end::Ends;
use crate::client::strategy::{self, Commit, CommitStrategy, Progress};
use crate::config::{CommitMode, CommitOffset, Membership, StartAt};
use crate::kafka::wire::Stamp;
use crate::time::Instant;
use crate::trace::CommitOrigin;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Message, Offset, TopicPartitionList};
use std::time::Duration;

/// How long the library is asked to wait for a record at a time: orders are looked at in between.
const POLL: Duration = Duration::from_millis(5);

/// The longest wait for the library to close.
const CLOSE: Duration = Duration::from_secs(60);

/// A running application.
struct Application<'a> {
    settings: &'a Settings,
    orders: &'a Orders,
    reporter: &'a Reporter,
    consumer: Consuming,
    handler: Handler,
    strategy: Box<dyn CommitStrategy>,
    ends: Ends,
    /// When it started.
    started: Stamp,
}

/// Runs the application until it is told to stop, reaches its end or meets an error.
pub fn run(settings: &Settings, orders: &Orders, reporter: &Reporter) -> Result<(), ()> {
    reporter.say(Told::Start);
    let started = Stamp::now();
    let callbacks = Callbacks::new(settings, orders, reporter);
    let consumer: Consuming =
        properties(settings).create_with_context(callbacks).map_err(|error| failed(reporter, &error))?;
    let member = &settings.member;
    let mut application = Application {
        settings,
        orders,
        reporter,
        consumer,
        handler: Handler::new(&member.process, settings.seed, &member.name, settings.incarnation),
        strategy: strategy::of_policy(&member.commit, Instant::ZERO),
        ends: Ends::default(),
        started,
    };
    let result = application.subscribe().and_then(|()| application.work());
    let ended = result.map_err(|error| failed(reporter, &error));
    application.close();
    if ended.is_ok() {
        reporter.say(Told::Closed);
    }
    ended
}

fn failed(reporter: &Reporter, error: &KafkaError) {
    reporter.say(Told::Failed { code: code_of(error), text: error.to_string() });
}

/// Whether an error that poll() returns is one that an application gets over by polling on.
fn passes(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    match error {
        KafkaError::PartitionEOF(_) => true,
        KafkaError::MessageConsumption(code) => !matches!(
            code,
            Code::AutoOffsetReset
                | Code::Fatal
                | Code::GroupAuthorizationFailed
                | Code::InvalidSessionTimeout
                | Code::InconsistentGroupProtocol
                | Code::GroupMaxSizeReached
        ),
        _ => false,
    }
}

impl Application<'_> {
    fn subscribe(&self) -> Result<(), KafkaError> {
        match &self.settings.member.membership {
            Membership::Subscribe { topics, .. } => {
                let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
                self.consumer.subscribe(&topics)
            }
            Membership::Assign(partitions) => {
                let mut list = TopicPartitionList::with_capacity(partitions.len());
                for (topic, partition) in partitions {
                    list.add_partition_offset(topic, *partition as i32, self.start())?;
                }
                self.consumer.context().take(commits::places_of(&list));
                self.consumer.assign(&list)
            }
        }
    }

    fn start(&self) -> Offset {
        match self.settings.member.from {
            StartAt::Committed => Offset::Invalid,
            StartAt::Beginning => Offset::Beginning,
            StartAt::End => Offset::End,
            StartAt::Offset(offset) => Offset::Offset(offset),
        }
    }

    fn now(&self) -> Instant {
        Instant::from_us(Stamp::now().0.saturating_sub(self.started.0))
    }

    fn work(&mut self) -> Result<(), KafkaError> {
        self.reporter.say(Told::Poll);
        while !self.orders.stopping() {
            if self.settings.member.until_end {
                let taken = self.consumer.context().newly_taken();
                self.ends.taken(&self.consumer, &self.settings.member, taken, self.reporter)?;
                if self.ends.all_reached() {
                    break;
                }
            }
            let record = match self.consumer.poll(POLL) {
                None => continue,
                Some(Ok(message)) => (place_of(message.topic(), message.partition()), message.offset()),
                Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::PollExceeded))) => {
                    self.reporter.say(Told::PollTimeout);
                    continue;
                }
                Some(Err(error)) if passes(&error) => {
                    self.reporter.say(Told::Remark { text: error.to_string() });
                    continue;
                }
                Some(Err(error)) => return Err(error),
            };
            self.record(&record.0, record.1);
            self.reporter.say(Told::Poll);
        }
        Ok(())
    }

    /// One record: a batch of its own.
    fn record(&mut self, place: &Place, offset: i64) {
        self.reporter.say(Told::Delivered(place.clone(), offset));
        // A scenario's strategies look at nothing but the instant.
        let progress = Progress::given(self.now(), &[]);
        if self.strategy.before_batch(&progress) != Commit::Nothing {
            self.commit_ahead(place, offset);
        }
        if self.strategy.before_record(&progress) != Commit::Nothing {
            self.commit_ahead(place, offset);
        }
        self.handler.handle(place, offset, self.orders, self.reporter);
        self.consumer.context().marks().done(place, offset);
        if stores_by_hand(&self.settings.member) {
            // Of a partition that is gone meanwhile nothing can be stored.
            let _ = self.consumer.store_offset(&place.0, place.1.cast_signed(), offset);
        }
        let progress = Progress::given(self.now(), &[]);
        if self.strategy.after_record(&progress, 1) != Commit::Nothing {
            self.commit();
        }
        if self.strategy.after_batch(&progress) != Commit::Nothing {
            self.commit();
        }
        self.ends.read(place, offset + 1, self.reporter);
    }

    fn commit_ahead(&self, place: &Place, offset: i64) {
        if self.settings.member.commit.offset == CommitOffset::AboutToHandle {
            self.commit_these(Some(vec![(place.clone(), offset + 1)]));
        } else {
            self.commit();
        }
    }

    fn commit(&self) {
        let offsets = wanted(&self.settings.member.commit, &self.consumer, &self.consumer.context().marks());
        self.commit_these(offsets);
    }

    fn commit_these(&self, offsets: Option<Vec<(Place, i64)>>) {
        let mode = self.settings.member.commit.mode;
        let origin = match mode {
            CommitMode::Sync => CommitOrigin::Sync,
            CommitMode::Async => CommitOrigin::Async,
        };
        let stored = commit(&self.consumer, offsets.as_deref(), mode, origin, self.reporter);
        if let Some(offsets) = offsets.filter(|_| stored) {
            self.consumer.context().marks().stored(&offsets);
        }
    }

    /// Closes the consumer: revoke callback, commit, LeaveGroup.
    fn close(self) {
        self.reporter.say(Told::Stop);
        self.orders.give(talk::Order::Stop);
        // What the library has fetched must not be handed over, and marked as read, while it closes.
        if let Ok(assignment) = self.consumer.assignment() {
            let _ = self.consumer.pause(&assignment);
        }
        let end = std::time::Instant::now() + CLOSE;
        if self.consumer.close_queue().is_ok() {
            while !self.consumer.closed() && std::time::Instant::now() < end {
                self.consumer.poll(POLL);
            }
        }
        if self.consumer.closed() {
            drop(self.consumer);
        } else {
            // Dropping it would wait for as long as it takes.
            std::mem::forget(self.consumer);
        }
    }
}
