//! What the director did.

use super::Assembly;
use crate::ids::*;
use crate::kafka::real::recording::Note;
use crate::trace::Kind;

impl Assembly<'_> {
    /// Takes a note of the director in.
    pub(super) fn note(&mut self, note: &Note) {
        match note {
            Note::FaultStart(target, verb, index) => {
                self.driver(Kind::FaultStart { target: *target, verb: *verb, index: *index });
            }
            Note::FaultEnd(target, verb, index) => {
                self.driver(Kind::FaultEnd { target: *target, verb: *verb, index: *index });
            }
            Note::Ignored(target, verb, index) => {
                self.driver(Kind::EventIgnored { target: *target, verb: *verb, index: *index });
            }
            Note::Topic(topic, partitions) => {
                let topic = self.topic(topic);
                self.driver(Kind::MetaTopic { topic, partitions: *partitions });
            }
            Note::Append { topic, partition, from, to, producer } => {
                let partition = TopicPartition::new(self.topic(topic), *partition);
                self.ends.insert(partition, *to);
                let (from, to) = (Offset(*from), Offset(*to));
                self.broker(Seq::NONE, Kind::Append { partition, from, to, producer: *producer });
            }
            Note::Crash(life) => self.died(*life, Kind::Crash {}),
            Note::Killed(life) => self.died(*life, Kind::Killed {}),
            // A process that ends by itself says so; one that does not has crashed.
            Note::Gone(life) => self.died(*life, Kind::Crash {}),
            Note::Pause(life) => {
                if self.is_running(*life) {
                    self.client(*life, Seq::NONE, Kind::Pause {});
                    self.lives[*life].frozen = true;
                }
            }
            Note::Resume(life) => {
                if self.lives[*life].frozen {
                    self.lives[*life].frozen = false;
                    self.client(*life, Seq::NONE, Kind::Resume {});
                    for (open, code) in std::mem::take(&mut self.lives[*life].unread) {
                        self.read_answer(*life, &open, code);
                    }
                }
            }
        }
    }

    fn driver(&mut self, kind: Kind) {
        self.emit(ActorId::DRIVER, Incarnation(0), Seq::NONE, kind);
    }

    /// Whether a life has begun and is neither over nor frozen.
    pub(super) fn is_running(&self, life: usize) -> bool {
        let state = &self.lives[life];
        state.started && !state.ended && !state.frozen
    }

    fn died(&mut self, life: usize, how: Kind) {
        let state = &self.lives[life];
        if !state.started || state.ended {
            return;
        }
        if let Some((place, offset)) = self.lives[life].working.take() {
            let partition = self.partition(&place);
            self.client(life, Seq::NONE, Kind::Interrupted { partition, offset: Offset(offset) });
        }
        self.requests_lost(life, |_| true);
        self.client(life, Seq::NONE, how);
        self.lives[life].ended = true;
    }

    /// Requests in flight will not be answered, as far as their sender can tell. They may be applied all the same.
    pub(super) fn requests_lost(&mut self, life: usize, which: impl Fn(u64) -> bool) {
        let mut lost: Vec<_> = self.lives[life].unread.drain(..).map(|(open, _)| open).collect();
        for (key, open) in &self.lives[life].open {
            if which(key.0) {
                lost.push(open.clone());
            }
        }
        for open in lost {
            self.client(life, open.seq, Kind::RequestLost { api: open.api, request: open.request });
        }
    }
}
