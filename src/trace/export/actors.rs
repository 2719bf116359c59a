//! Which text stands for which actor in an exported trace.

use crate::ids::{ActorId, Names};
use crate::trace::{Event, Kind};
use std::collections::BTreeMap;

/// Names of actors as the events so far give them; writer and reader keep one each and so agree on every line.
#[derive(Clone, Debug)]
pub(super) struct ActorNames {
    by_id: BTreeMap<ActorId, String>,
    by_name: BTreeMap<String, ActorId>,
}

impl ActorNames {
    pub(super) fn new() -> Self {
        let mut names = ActorNames { by_id: BTreeMap::new(), by_name: BTreeMap::new() };
        names.insert(ActorId::DRIVER, "driver");
        names.insert(ActorId::BROKER, "broker");
        names
    }

    /// Learns from a `meta_actor` event; an actor keeps the first name it got, a name its first actor.
    pub(super) fn learn(&mut self, event: &Event, names: &Names) {
        if let Kind::MetaActor { subject, name, .. } = event.kind {
            self.insert(subject, names.text(name));
        }
    }

    fn insert(&mut self, id: ActorId, name: &str) {
        if name.is_empty() || name.starts_with('#') || self.by_name.contains_key(name) || self.by_id.contains_key(&id) {
            return;
        }
        self.by_id.insert(id, name.to_owned());
        self.by_name.insert(name.to_owned(), id);
    }

    pub(super) fn text(&self, id: ActorId) -> std::borrow::Cow<'_, str> {
        match self.by_id.get(&id) {
            Some(name) => name.into(),
            None => format!("#{}", id.0).into(),
        }
    }

    pub(super) fn id(&self, text: &str) -> Option<ActorId> {
        match text.strip_prefix('#') {
            Some(number) => number.parse().ok().map(ActorId),
            None => self.by_name.get(text).copied(),
        }
    }
}
