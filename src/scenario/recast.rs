//! A scenario with every client replaced by another library: what becomes of properties that the file gives its own.

use super::kafka::IgnoredKey;
use crate::config::ClientKind;
use std::collections::BTreeSet;

/// The library that every client of a file is taken for.
pub(super) struct Recast {
    pub client: ClientKind,
    /// What the file sets and that library does not have.
    pub dropped: BTreeSet<IgnoredKey>,
}

impl Recast {
    pub fn new(client: ClientKind) -> Self {
        Recast { client, dropped: BTreeSet::new() }
    }

    /// The property under which the library has what `name` means for others.
    pub fn rename<'n>(&self, name: &'n str) -> &'n str {
        match (self.client, name) {
            (ClientKind::Librdkafka, "fetch.max.wait.ms") => "fetch.wait.max.ms",
            (ClientKind::Librdkafka, "metadata.max.age.ms") => "topic.metadata.refresh.interval.ms",
            (ClientKind::Librdkafka, "request.timeout.ms") => "socket.timeout.ms",
            (ClientKind::FranzGo, "max.poll.records") => "MaxPollRecords",
            _ => name,
        }
    }

    /// Something that the file gives `client` is left out.
    pub fn drop(&mut self, client: ClientKind, key: impl Into<String>) {
        self.dropped.insert(IgnoredKey { owner: client.name(), key: key.into() });
    }
}
