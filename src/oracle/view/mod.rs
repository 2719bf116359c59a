//! Shared bookkeeping: what the trace says about actors, logs, scopes and their partitions.

mod part;
mod scope;

pub(crate) use part::*;
pub(crate) use scope::*;

use crate::ids::{ActorId, CorrelationId, GroupId, Incarnation, Symbol, TopicName, TopicPartition};
use crate::protocol::Api;
use crate::time::Instant;
use crate::trace::{ResetReason, Role};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A process, as far as the trace tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actor {
    pub(crate) role: Option<Role>,
    pub(crate) scope: Option<usize>,
    pub(crate) incarnation: Incarnation,
    /// Started, and neither crashed nor closed.
    pub(crate) live: bool,
    pub(crate) frozen: bool,
    /// Gave up on an error; it may still be closing.
    pub(crate) failed: bool,
    /// Runs the Java client.
    pub(crate) java: bool,
    /// Its library hands over what it has fetched until its next generation starts, whoever has the partition by then.
    pub(crate) lingers: bool,
    /// The reset that its next position comes from.
    pub(crate) last_reset: Option<(TopicPartition, ResetReason)>,
    /// When it last crashed, closed or froze.
    pub(crate) halted_at: Instant,
    /// When its poll timer was last reset (CLIENT-05), and when it last fired.
    pub(crate) poll_reset: Instant,
    pub(crate) poll_timed_out: Option<Instant>,
    /// Number of poll() calls of this life.
    pub(crate) polls: u64,
    /// Requests without an end.
    pub(crate) open: Vec<(CorrelationId, Api)>,
    /// Partitions of commits without an answer.
    pub(crate) commits: Vec<SentCommit>,
    /// Partitions of its scope that it has or had something to do with in this life.
    pub(crate) touched: BTreeSet<usize>,
}

impl Actor {
    /// Whether its handlers and timers run.
    pub(crate) fn runs(&self) -> bool {
        self.live && !self.frozen
    }
}

/// One partition of a commit on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SentCommit {
    pub(crate) request: CorrelationId,
    pub(crate) part: usize,
    pub(crate) offset: i64,
}

/// A partition's log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) tp: TopicPartition,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Scopes that have to do with it.
    pub(crate) scopes: Vec<usize>,
}

/// All that the oracles share.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) actors: Vec<Actor>,
    pub(crate) logs: Vec<Log>,
    pub(crate) scopes: Vec<Scope>,
    /// Places of partitions in `logs`, by topic's symbol.
    topics: Vec<Vec<usize>>,
    scope_places: Vec<usize>,
    /// `meta_number` events by subject and key.
    numbers: FxHashMap<(ActorId, Symbol), i64>,
}

/// No place.
const NOWHERE: usize = usize::MAX;

impl View {
    /// The actor, made if it is new.
    pub(crate) fn actor(&mut self, id: ActorId) -> &mut Actor {
        let place = id.0 as usize;
        if place >= self.actors.len() {
            self.actors.resize_with(place + 1, Actor::default);
        }
        &mut self.actors[place]
    }

    /// The place of a scope, made if it is new.
    pub(crate) fn scope(&mut self, name: GroupId) -> usize {
        let symbol = name.0.0 as usize;
        if symbol >= self.scope_places.len() {
            self.scope_places.resize(symbol + 1, NOWHERE);
        }
        if self.scope_places[symbol] == NOWHERE {
            self.scope_places[symbol] = self.scopes.len();
            self.scopes.push(Scope::new(name));
        }
        self.scope_places[symbol]
    }

    /// The place of a partition's log, made if it is new.
    pub(crate) fn log(&mut self, tp: TopicPartition) -> usize {
        let (symbol, partition) = (tp.topic.0.0 as usize, tp.partition as usize);
        if symbol >= self.topics.len() {
            self.topics.resize_with(symbol + 1, Vec::new);
        }
        let places = &mut self.topics[symbol];
        if partition >= places.len() {
            places.resize(partition + 1, NOWHERE);
        }
        if places[partition] == NOWHERE {
            places[partition] = self.logs.len();
            self.logs.push(Log { tp, start: 0, end: 0, scopes: Vec::new() });
        }
        places[partition]
    }

    /// The place of a scope's partition (the same as of its log), made if it is new.
    pub(crate) fn part(&mut self, scope: usize, tp: TopicPartition) -> usize {
        let log = self.log(tp);
        let parts = &mut self.scopes[scope].parts;
        if log >= parts.len() {
            parts.resize_with(log + 1, || None);
        }
        if parts[log].is_none() {
            let mut part = Part::new(tp, log);
            (part.log_start, part.log_end) = (self.logs[log].start, self.logs[log].end);
            parts[log] = Some(part);
            self.logs[log].scopes.push(scope);
        }
        log
    }

    /// Places of the known partitions of a topic.
    pub(crate) fn partitions_of(&self, topic: TopicName) -> &[usize] {
        self.topics.get(topic.0.0 as usize).map_or(&[], |places| places)
    }

    /// Takes down a number of the configuration.
    pub(crate) fn set_number(&mut self, subject: ActorId, key: Symbol, value: i64) {
        self.numbers.insert((subject, key), value);
    }

    /// A number of the configuration.
    pub(crate) fn number(&self, subject: ActorId, key: &str, names: &crate::ids::Names) -> Option<i64> {
        self.numbers.get(&(subject, names.find(key)?)).copied()
    }
}
