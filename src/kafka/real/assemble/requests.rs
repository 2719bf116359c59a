//! What passes between members and the cluster.

use super::{Assembly, Open};
use crate::ids::*;
use crate::kafka::member::Place;
use crate::kafka::real::recording::Item;
use crate::kafka::wire::{Answered, Asked, What};
use crate::protocol::{Api, ErrorCode};
use crate::trace::{CommitOrigin, Kind};

fn code(number: i16) -> ErrorCode {
    ErrorCode::from_code(number).unwrap_or(ErrorCode::UnknownServerError)
}

fn api(asked: &Asked) -> Api {
    match asked {
        Asked::Join { .. } => Api::JoinGroup,
        Asked::Sync { .. } => Api::SyncGroup,
        Asked::Heartbeat { .. } => Api::Heartbeat,
        Asked::Leave { .. } => Api::LeaveGroup,
        Asked::Commit { .. } => Api::OffsetCommit,
    }
}

/// Member id and generation that a request carries.
fn identity(asked: &Asked) -> (&str, i32) {
    match asked {
        Asked::Join { member, .. } => (member, -1),
        Asked::Sync { member, generation, .. }
        | Asked::Heartbeat { member, generation, .. }
        | Asked::Commit { member, generation, .. } => (member, *generation),
        Asked::Leave { members, .. } => (members.first().map_or("", String::as_str), -1),
    }
}

fn error_of(answered: &Answered) -> i16 {
    match answered {
        Answered::Join { error, .. }
        | Answered::Sync { error, .. }
        | Answered::Heartbeat { error }
        | Answered::Leave { error } => *error,
        Answered::Commit { partitions } => partitions.iter().map(|p| p.2).find(|error| *error != 0).unwrap_or(0),
    }
}

impl Assembly<'_> {
    /// Takes in what was seen between the process of a life and the cluster.
    pub(super) fn wire(&mut self, index: usize, life: usize, what: &What) {
        match what {
            What::Request { connection, correlation, request, .. } => {
                self.requested(index, life, (*connection, *correlation), request);
            }
            What::Answer { connection, correlation, answer } => {
                if let Some(open) = self.lives[life].open.remove(&(*connection, *correlation)) {
                    self.answered(index, life, &open, answer);
                }
            }
            What::Closed { connection } => {
                if self.is_running(life) {
                    let connection = *connection;
                    self.requests_lost(life, |of| of == connection);
                    self.lives[life].open.retain(|key, _| key.0 != connection);
                }
            }
            What::Described { .. } => {}
        }
    }

    fn requested(&mut self, index: usize, life: usize, key: (u64, i32), asked: &Asked) {
        let Some(group) = self.lives[life].group.filter(|_| self.lives[life].started) else { return };
        let (member, generation) = identity(asked);
        let member = MemberId(self.names.intern(member));
        let (name, generation) = (self.groups[group].name, Generation(generation));
        let state = &mut self.lives[life];
        state.requests += 1;
        let (request, api) = (CorrelationId(state.requests), api(asked));
        if api == Api::LeaveGroup && !state.stopping {
            self.poll_timeout(life);
        }
        let seq = self.client(life, Seq::NONE, Kind::RequestSent { api, request, group: name, member, generation });
        self.lives[life].open.insert(key, Open { api, request, seq, entry: index });
        if matches!(api, Api::JoinGroup | Api::SyncGroup) {
            let (client, client_incarnation) = (self.lives[life].actor, self.lives[life].incarnation);
            let kind =
                Kind::RequestReceived { api, client, client_incarnation, request, group: name, member, generation };
            self.broker(seq, kind);
        }
        let answer = self.tables.answer(life, key.0, key.1);
        match asked {
            Asked::Join { .. } => self.join_passes(life, group, asked, answer, seq),
            Asked::Leave { members, .. } => {
                if answer.is_none_or(|answer| error_of(answer) == 0) {
                    members.iter().for_each(|member| self.leaves(life, group, member, seq));
                }
            }
            Asked::Commit { partitions, .. } => {
                let offsets: Vec<(Place, i64)> =
                    partitions.iter().map(|(topic, p, offset)| ((topic.clone(), p.unsigned_abs()), *offset)).collect();
                let origin = self.origin_of(life, &offsets);
                for (place, offset) in offsets {
                    let partition = self.partition(&place);
                    self.client(life, seq, Kind::CommitSent { request, partition, offset: Offset(offset), origin });
                    if answer.is_none() && self.proved(index, group, &place, offset) {
                        let of = (member, generation);
                        self.commit_applied(life, group, (request, seq), of, (partition, offset));
                    }
                }
            }
            Asked::Sync { .. } | Asked::Heartbeat { .. } => {}
        }
    }

    /// Why a commit was made: the application said so just before, or it is the library's own.
    fn origin_of(&mut self, life: usize, offsets: &[(Place, i64)]) -> CommitOrigin {
        let state = &mut self.lives[life];
        let same = |asked: &(CommitOrigin, Vec<(Place, i64)>)| {
            asked.1.is_empty() || (asked.1.len() == offsets.len() && asked.1.iter().all(|one| offsets.contains(one)))
        };
        if let Some(place) = state.asked.iter().position(same) {
            return state.asked.remove(place).0;
        }
        if state.stopping { CommitOrigin::Close } else { CommitOrigin::Auto }
    }

    fn answered(&mut self, index: usize, life: usize, open: &Open, answer: &Answered) {
        let Some(group) = self.lives[life].group else { return };
        let entries = self.entries;
        let Item::Wire(_, What::Request { request: asked, .. }) = &entries[open.entry].1 else {
            return;
        };
        let (member, generation) = identity(asked);
        let error = error_of(answer);
        let mut member = MemberId(self.names.intern(member));
        let mut generation = Generation(generation);
        match (asked, answer) {
            (
                Asked::Join { session_timeout_ms, .. },
                Answered::Join { error, generation: new, member: id, protocol, .. },
            ) => {
                member = MemberId(self.names.intern(id));
                if *error == 0 {
                    generation = Generation(*new);
                    self.joins(life, group, asked, *new, protocol, id);
                } else if *error == ErrorCode::MemberIdRequired.code() {
                    self.pending(life, group, id, *session_timeout_ms, open.seq);
                }
            }
            (Asked::Sync { .. }, Answered::Sync { error: 0, .. }) => self.synced(group, generation.0),
            (Asked::Heartbeat { .. }, Answered::Heartbeat { error }) if *error != 0 => {
                self.restless(index, group, member, code(*error));
            }
            (Asked::Commit { partitions, .. }, Answered::Commit { partitions: answers }) => {
                self.restless(index, group, member, code(error));
                for (topic, partition, offset) in partitions {
                    let stored = answers.iter().any(|a| (&a.0, a.1, a.2) == (topic, *partition, 0));
                    if stored {
                        let partition = self.partition(&(topic.clone(), partition.unsigned_abs()));
                        let of = (member, generation);
                        self.commit_applied(life, group, (open.request, open.seq), of, (partition, *offset));
                    }
                }
            }
            _ => {}
        }
        self.answer_events(life, group, open, (member, generation), error);
        if self.lives[life].frozen && !self.lives[life].ended {
            self.lives[life].unread.push((open.clone(), error));
        } else if self.is_running(life) {
            self.read_answer(life, open, error);
        }
    }

    fn answer_events(&mut self, life: usize, group: usize, open: &Open, of: (MemberId, Generation), error: i16) {
        let (client, client_incarnation) = (self.lives[life].actor, self.lives[life].incarnation);
        let (api, request, group, (member, generation)) = (open.api, open.request, self.groups[group].name, of);
        let kind = if error == 0 {
            Kind::RequestApplied { api, client, client_incarnation, request, group, member, generation }
        } else {
            let code = code(error);
            Kind::RequestRejected { api, client, client_incarnation, request, group, member, generation, code }
        };
        self.broker(open.seq, kind);
    }

    fn commit_applied(
        &mut self,
        life: usize,
        group: usize,
        (request, cause): (CorrelationId, Seq),
        (member, generation): (MemberId, Generation),
        (partition, offset): (TopicPartition, i64),
    ) {
        self.groups[group].committed.insert(partition, offset);
        let (group, client) = (self.groups[group].name, self.lives[life].actor);
        let offset = Offset(offset);
        self.broker(cause, Kind::CommitApplied { group, member, generation, client, request, partition, offset });
    }

    /// Whether a commit whose answer was never seen was applied: the next reader of the partition begins just there.
    fn proved(&self, index: usize, group: usize, place: &Place, offset: i64) -> bool {
        self.tables
            .next_taken(place, index, |life| self.lives[life].group == Some(group))
            .is_some_and(|(entry, life)| self.tables.first_delivered(life, place, entry) == Some(offset))
    }

    /// The client reads an answer.
    pub(super) fn read_answer(&mut self, life: usize, open: &Open, error: i16) {
        let (api, request) = (open.api, open.request);
        let seq = self.client(life, open.seq, Kind::RequestReplySeen { api, request, code: code(error) });
        let Some(group) = self.lives[life].group else { return };
        let name = self.groups[group].name;
        let entries = self.entries;
        let Item::Wire(_, What::Request { request: asked, connection, correlation, .. }) = &entries[open.entry].1
        else {
            return;
        };
        match (asked, self.tables.answer(life, *connection, *correlation)) {
            (Asked::Join { .. }, Some(Answered::Join { error, member, .. })) => {
                let known = [0, ErrorCode::MemberIdRequired.code()].contains(error);
                let member = MemberId(self.names.intern(member));
                if known && self.lives[life].member != member {
                    self.lives[life].member = member;
                    self.client(life, seq, Kind::MemberIdLearned { group: name, member });
                }
            }
            (Asked::Sync { member, generation, .. }, Some(Answered::Sync { error: 0, .. })) => {
                let member = MemberId(self.names.intern(member));
                let (generation, protocol) = (Generation(*generation), self.groups[group].protocol);
                self.lives[life].generation = generation;
                self.lives[life].poll_timed_out = false;
                self.client(life, seq, Kind::Joined { group: name, member, generation, protocol });
            }
            _ => {}
        }
    }
}
