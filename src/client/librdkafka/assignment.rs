//! `assign()` and `unassign()`, which the application calls in its rebalance callback.

use super::group::JoinState;
use super::{Librdkafka, callback};
use crate::client::consumer::cooperative::emit_given_up;
use crate::client::io::{Io, Timer};
use crate::client::network::CommitPurpose;
use crate::client::subscription::Lookup;
use crate::config::StartAt;
use crate::ids::{Generation, Offset, TopicPartition};
use crate::protocol::ListOffsetsTarget;
use crate::trace::{CommitOrigin, Kind, PositionOrigin};

impl Librdkafka {
    /// The application takes its partitions over.
    pub(super) fn assign(&mut self, io: &mut Io<'_, '_>, partitions: Vec<TopicPartition>) {
        let generation = if self.grouped { self.group.id.generation } else { Generation::NONE };
        self.drop_fetched();
        self.offsets.forget();
        // What the application took over when the member was joining again already.
        emit_given_up(io, self.subscription.runs().filter(|_| self.grouped), callback(self.group.lost));
        self.subscription.assign(partitions);
        for (first, length) in self.subscription.runs() {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation });
        }
        self.group.lost = false;
        if self.group.state == JoinState::WaitAssignCall {
            self.group.state = JoinState::Steady;
            self.beats.poll_check = Timer { at: io.now(), by: io.cx.cause };
        } else if self.grouped {
            io.emit(Kind::RejoinUnrevoked {});
        }
        let all: Vec<_> = self.subscription.partitions.iter().map(|p| p.tp).collect();
        self.start_reading(io, &all);
    }

    /// Where `from` says; a member without it asks for its committed offsets.
    pub(super) fn start_reading(&mut self, io: &mut Io<'_, '_>, new: &[TopicPartition]) {
        self.offsets.ends_wanted = self.until_end;
        self.subscription.seek_to_results(io);
        let lookup = match self.from {
            StartAt::Committed if self.grouped => return,
            StartAt::Committed => self.reset_lookup(false),
            StartAt::Beginning => {
                Some(Lookup { target: ListOffsetsTarget::Earliest, origin: PositionOrigin::Beginning, reason: None })
            }
            StartAt::End => {
                Some(Lookup { target: ListOffsetsTarget::Latest, origin: PositionOrigin::End, reason: None })
            }
            StartAt::Offset(offset) => {
                for index in self.places(new) {
                    self.set_position(io, index, Offset(offset), PositionOrigin::Seek);
                }
                return;
            }
        };
        for index in self.places(new) {
            match lookup {
                Some(lookup) => self.subscription.await_reset(index, lookup),
                None => self.fatal = Some(crate::protocol::ErrorCode::None),
            }
        }
    }

    fn places(&self, partitions: &[TopicPartition]) -> Vec<usize> {
        partitions.iter().filter_map(|&tp| self.subscription.find(tp)).collect()
    }

    /// The application gives its partitions up. With enable.auto.commit what is stored of them is committed now, also when
    /// the assignment is lost (the coordinator will refuse it then).
    pub(super) fn unassign(&mut self, io: &mut Io<'_, '_>) {
        let given_up = callback(self.group.lost);
        self.group.lost = false;
        if self.group.state == JoinState::WaitUnassignCall {
            self.group.state = JoinState::WaitUnassignToComplete;
        }
        if self.commits.auto_interval_ms.is_some() {
            let mut offsets = self.commits.spare();
            self.subscription.all_stored(&mut offsets);
            let origin = if self.group.terminating { CommitOrigin::Close } else { CommitOrigin::Revoke };
            self.commit(io, offsets, CommitPurpose::Unassigned, origin);
        }
        emit_given_up(io, self.subscription.runs().filter(|_| self.grouped), given_up);
        self.group.incremental.paused = false;
        self.drop_fetched();
        self.offsets.forget();
        self.subscription.assign(Vec::new());
    }
}
