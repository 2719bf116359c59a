//! The judge: shows every event of the trace to the bookkeeping and to the oracles that it concerns.

/// A desk for the scope, with the rest of the judge's parts borrowed beside it.
macro_rules! desk {
    ($judge:ident, $scope:expr, $names:expr) => {
        Desk {
            book: &mut $judge.book,
            names: $names,
            scope: $scope,
            managed: $judge.view.scopes.get($scope).is_some_and(|scope| scope.managed),
            at: $judge.last.0,
            seq: $judge.last.1,
        }
    };
}

mod clients;
mod commits;
mod coordinator;
mod driver;
mod holdings;
mod producing;

use super::book::Book;
use super::expectations::Watches;
use super::o12_timers::Timers;
use super::outcome::Outcome;
use super::producers::Producers;
use super::verdict;
use super::view::View;
use crate::config::expect::Expectations;
use crate::ids::{ActorId, Names, Seq, TopicPartition};
use crate::time::Instant;
use crate::trace::{Event, Kind, Observer};

/// Judges a run from its trace alone, as it happens. Memory: proportional to the work in hand and to unresolved holes, not
/// to the number of records or events (the samples of distributions are kept).
#[derive(Debug)]
pub struct Judge {
    pub(in crate::oracle) view: View,
    pub(in crate::oracle) book: Book,
    pub(in crate::oracle) promises: (bool, bool),
    /// A group whose assignment is being written: it is complete with the next event that is not part of it.
    pub(in crate::oracle) settling: Option<usize>,
    pub(in crate::oracle) ignored: Vec<(u32, ActorId)>,
    pub(in crate::oracle) last: (Instant, Seq),
    /// What producers did.
    pub(in crate::oracle) producers: Producers,
    /// The last append.
    pub(in crate::oracle) appended: Option<(TopicPartition, i64, i64)>,
    /// O12; tests of other oracles go without.
    pub(in crate::oracle) timers: Option<Timers>,
}

impl Judge {
    /// A judge of one run. `lost_mentioned` and `skipped_mentioned` say which default promises the scenario replaces
    /// (section 8).
    pub fn new(expect: &Expectations, lost_mentioned: bool, skipped_mentioned: bool) -> Judge {
        Judge {
            view: View::default(),
            book: Book::new(Watches::new(expect)),
            promises: (lost_mentioned, skipped_mentioned),
            settling: None,
            ignored: Vec::new(),
            last: (Instant::ZERO, Seq::NONE),
            producers: Producers::default(),
            appended: None,
            timers: Some(Timers::default()),
        }
    }

    /// A judge that leaves O12 out: of a run in real time, whose timers cannot be exact to the millisecond.
    #[must_use]
    pub fn without_timers(mut self) -> Judge {
        self.timers = None;
        self
    }

    /// The run is over at `end`: what the trace shows, by section 7 and 8.
    pub fn finish(self, names: &Names, end: Instant) -> Outcome {
        verdict::finish(self, names, end)
    }
}

impl Observer for Judge {
    fn observe(&mut self, event: &Event, names: &Names) {
        self.last = (event.t, event.seq);
        self.book.watches.observe(event, names);
        let assigning =
            matches!(event.kind, Kind::Assigned { .. } | Kind::MemberLoaded { .. } | Kind::GroupStateChanged { .. });
        if let Some(scope) = self.settling.filter(|_| !assigning) {
            self.settle(scope, names);
        }
        if let Some(timers) = &mut self.timers {
            timers.advance(event, &mut self.book, names);
        }
        if event.actor >= ActorId::FIRST_CLIENT {
            self.client_event(event, names);
        } else {
            self.broker_event(event, names);
        }
        let dirty = std::mem::take(&mut self.book.dirty);
        if dirty & self.book.watches.gauges != 0 {
            let Book { watches, actor_names, .. } = &mut self.book;
            watches.gauges_changed(dirty, &self.view, names, actor_names, event.t, event.seq);
        }
    }
}
