//! Names and numbers that Kafka gives to things, as newtypes.
//!
//! Strings (group ids, member ids, topic names, protocol names ...) are interned once per run in [`Names`]; everything
//! else carries the 4-byte [`Symbol`], so that messages and trace events stay small and `Copy`. The table of names goes
//! with an exported trace.

use rustc_hash::FxHashMap;
use std::fmt;

/// An interned string. `Symbol::EMPTY` is the empty string, which Kafka uses for "not given" (an empty member id, say).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Symbol(pub u32);

impl Symbol {
    /// The empty string.
    pub const EMPTY: Symbol = Symbol(0);

    /// Whether this is the empty string.
    pub fn is_empty(self) -> bool {
        self == Symbol::EMPTY
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The table of interned strings of one run. Symbols are numbered in order of first use, which is deterministic, as the
/// run is. The map is only ever looked up, never iterated.
#[derive(Clone, Debug)]
pub struct Names {
    strings: Vec<Box<str>>,
    lookup: FxHashMap<Box<str>, Symbol>,
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

impl Names {
    /// A table that knows the empty string only.
    pub fn new() -> Self {
        let mut names = Names { strings: Vec::new(), lookup: FxHashMap::default() };
        names.intern("");
        names
    }

    /// The symbol of `text`, made if it is new.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(&symbol) = self.lookup.get(text) {
            return symbol;
        }
        let symbol = Symbol(u32::try_from(self.strings.len()).expect("fewer than 2^32 names in a run"));
        self.strings.push(text.into());
        self.lookup.insert(text.into(), symbol);
        symbol
    }

    /// The symbol of `text` if it was interned before.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.lookup.get(text).copied()
    }

    /// The string behind a symbol (or behind any id that wraps one).
    pub fn text(&self, symbol: impl Into<Symbol>) -> &str {
        &self.strings[symbol.into().0 as usize]
    }

    /// All strings in order of their symbols.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.strings.iter().map(|s| &**s)
    }

    /// How many strings are known.
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Never true: the empty string is always known.
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }
}

macro_rules! symbol_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
        pub struct $name(pub Symbol);

        impl $name {
            /// The empty string: not given.
            pub const EMPTY: $name = $name(Symbol::EMPTY);

            /// Whether this is the empty string.
            pub fn is_empty(self) -> bool {
                self.0.is_empty()
            }
        }

        impl From<$name> for Symbol {
            fn from(id: $name) -> Symbol {
                id.0
            }
        }

        impl From<Symbol> for $name {
            fn from(symbol: Symbol) -> $name {
                $name(symbol)
            }
        }
    )*};
}

symbol_ids! {
    /// `group.id`.
    GroupId,
    /// Member id given by the coordinator, `<client.id>-<uuid>` or `<group.instance.id>-<uuid>` (STATIC-01). Empty: none yet.
    MemberId,
    /// `group.instance.id` of a static member (KIP-345). Empty: a dynamic member.
    InstanceId,
    /// Name of a topic.
    TopicName,
    /// Name of an assignor as it stands in JoinGroup's protocol list (`range`, `cooperative-sticky` ...).
    ProtocolName,
    /// `client.id`.
    ClientId,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($inner:ty)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )*};
}

numbers! {
    /// Generation id of a classic group (STATE-07). `Generation::NONE` (-1): "no generation", as simple commits send it.
    Generation(i32),
    /// Offset of a record; as a committed position or an end, the offset *after* the last one.
    Offset(i64),
    /// Sequence number of a trace event; counts from 1. 0: no cause (the scenario itself).
    Seq(u64),
    /// Who acts: an index into the run's table of actors (`meta_actor` events name them).
    ActorId(u32),
    /// How many times this actor's process has been started, from 1. 0 for actors that have no process.
    Incarnation(u32),
    /// One TCP connection of a run; a reconnect gets a new one.
    ConnectionId(u32),
    /// Kafka's correlation id: which request of a client an answer belongs to. Unique per actor and incarnation.
    CorrelationId(u32),
}

impl Generation {
    /// "No generation" (-1).
    pub const NONE: Generation = Generation(-1);
}

impl Offset {
    /// "No offset" (-1): nothing committed.
    pub const NONE: Offset = Offset(-1);
}

impl Seq {
    /// No cause: it stands in the scenario.
    pub const NONE: Seq = Seq(0);
}

impl ActorId {
    /// The scenario and its driver: faults, timeline events, meta events.
    pub const DRIVER: ActorId = ActorId(0);
    /// The broker, its group coordinator included.
    pub const BROKER: ActorId = ActorId(1);
    /// The first actor that is neither: members and producers follow.
    pub const FIRST_CLIENT: ActorId = ActorId(2);
}

/// A partition of a topic.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// Partition number from 0.
    pub partition: u32,
}

impl TopicPartition {
    /// Partition `partition` of `topic`.
    pub fn new(topic: TopicName, partition: u32) -> Self {
        TopicPartition { topic, partition }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_the_same_symbol() {
        let mut names = Names::new();
        let orders = names.intern("orders");
        assert_eq!(names.intern("orders"), orders);
        assert_eq!(names.text(orders), "orders");
        assert_eq!(names.intern(""), Symbol::EMPTY);
        assert_eq!(names.find("refunds"), None);
    }
}
