//! What members' processes tell.

use super::Assembly;
use crate::config::{AutoOffsetReset, StartAt};
use crate::ids::*;
use crate::kafka::member::{Place, Told};
use crate::protocol::ErrorCode;
use crate::time::Duration;
use crate::trace::{CommitError, CommitOrigin, Kind, PositionOrigin, ResetReason};

/// librdkafka's own error for a commit that took too long (`_TIMED_OUT`, `_TIMED_OUT_QUEUE`).
const TIMED_OUT: [i32; 2] = [-185, -166];

impl Assembly<'_> {
    /// Takes in what a process told.
    pub(super) fn told(&mut self, index: usize, life: usize, told: &Told) {
        if !self.lives[life].started {
            if *told == Told::Start {
                self.lives[life].started = true;
                self.client(life, Seq::NONE, Kind::Start {});
            }
            return;
        }
        if self.lives[life].ended {
            return;
        }
        match told {
            Told::Ready | Told::Start | Told::Remark { .. } | Told::Broken { .. } => {}
            Told::Poll => drop(self.client(life, Seq::NONE, Kind::Poll {})),
            Told::Owned(places) => self.owned(index, life, places),
            Told::Revoked(places) => {
                self.given_up(life, places, |topic, from, to| Kind::Revoked { topic, from, to });
            }
            Told::Lost(places) => self.given_up(life, places, |topic, from, to| Kind::Lost { topic, from, to }),
            Told::Delivered(place, offset) => self.delivered(life, place, *offset),
            Told::ProcessStart(place, offset, us) => self.process_start(index, life, place, *offset, *us),
            Told::ProcessDone(place, offset) => {
                self.lives[life].working = None;
                let partition = self.partition(place);
                let (from, to) = (Offset(*offset), Offset(*offset + 1));
                self.client(life, Seq::NONE, Kind::ProcessDone { partition, from, to });
            }
            Told::Commits { origin, offsets } => {
                let origin = CommitOrigin::from_label(origin).unwrap_or(CommitOrigin::Sync);
                self.lives[life].asked.push((origin, offsets.clone()));
            }
            Told::Committed { origin, code, .. } => self.committed(life, origin, *code),
            Told::PollTimeout => self.poll_timeout(life),
            Told::ReachedEnd(place, offset) => {
                let partition = self.partition(place);
                self.client(life, Seq::NONE, Kind::ReachedEnd { partition, offset: Offset(*offset) });
            }
            Told::Failed { code, .. } => {
                let code = i16::try_from(*code).ok().and_then(ErrorCode::from_code);
                let code = code.filter(|code| !code.is_none()).unwrap_or(ErrorCode::UnknownServerError);
                self.client(life, Seq::NONE, Kind::Failed { code });
            }
            Told::Stop => {
                self.lives[life].stopping = true;
                self.client(life, Seq::NONE, Kind::Stop {});
            }
            Told::Closed => {
                self.requests_lost(life, |_| true);
                self.client(life, Seq::NONE, Kind::Closed {});
                self.lives[life].ended = true;
            }
        }
    }

    /// max.poll.interval.ms has passed; told once for each time.
    pub(super) fn poll_timeout(&mut self, life: usize) {
        if !self.lives[life].poll_timed_out {
            self.lives[life].poll_timed_out = true;
            self.client(life, Seq::NONE, Kind::PollTimeout {});
        }
    }

    fn owned(&mut self, index: usize, life: usize, places: &[Place]) {
        let generation = self.lives[life].generation;
        for (topic, from, to) in self.runs(places) {
            self.client(life, Seq::NONE, Kind::Owned { topic, from, to, generation });
        }
        for place in places {
            self.positioned(index, life, place);
        }
    }

    fn given_up(&mut self, life: usize, places: &[Place], kind: impl Fn(TopicName, u32, u32) -> Kind) {
        for (topic, from, to) in self.runs(places) {
            self.client(life, Seq::NONE, kind(topic, from, to));
        }
        for place in places {
            self.lives[life].positions.remove(place);
        }
    }

    /// Where reading of a partition just taken begins.
    fn positioned(&mut self, index: usize, life: usize, place: &Place) {
        let first = self.tables.first_delivered(life, place, index);
        let partition = self.partition(place);
        let (group, member) = self.lives[life].config;
        let config = &self.scenario.groups[group].member_configs[member];
        let (from, reset) = (config.from, config.client.auto_offset_reset);
        let committed = match self.lives[life].group {
            Some(group) => self.groups[group].committed.get(&partition).copied(),
            None => None,
        };
        let end = self.ends.get(&partition).copied().unwrap_or(0);
        let (offset, origin) = match from {
            StartAt::Beginning => (first.unwrap_or(0), PositionOrigin::Beginning),
            StartAt::End => (first.unwrap_or(end), PositionOrigin::End),
            StartAt::Offset(offset) => (first.unwrap_or(offset), PositionOrigin::Seek),
            StartAt::Committed => match (committed, reset) {
                (Some(committed), _) => (first.unwrap_or(committed), PositionOrigin::Committed),
                (None, AutoOffsetReset::Earliest) => (first.unwrap_or(0), PositionOrigin::Reset),
                (None, _) => (first.unwrap_or(end), PositionOrigin::Reset),
            },
        };
        if origin == PositionOrigin::Reset {
            let reason = match reset {
                AutoOffsetReset::Earliest => ResetReason::NoOffsetEarliest,
                _ => ResetReason::NoOffsetLatest,
            };
            self.client(life, Seq::NONE, Kind::Reset { partition, from: Offset::NONE, to: Offset(offset), reason });
        }
        self.client(life, Seq::NONE, Kind::Position { partition, offset: Offset(offset), origin });
        self.lives[life].positions.insert(place.clone(), Some(offset));
    }

    fn delivered(&mut self, life: usize, place: &Place, offset: i64) {
        let partition = self.partition(place);
        let (from, to) = (Offset(offset), Offset(offset + 1));
        if let Some(next) = self.lives[life].positions.get_mut(place) {
            let expected = next.replace(offset + 1);
            if expected != Some(offset) {
                // Out of the log's range, or records that only the broker knows (transaction markers).
                let kind = Kind::Position { partition, offset: from, origin: PositionOrigin::Reset };
                self.client(life, Seq::NONE, kind);
            }
        }
        self.client(life, Seq::NONE, Kind::Delivered { partition, from, to });
    }

    /// Records really take a little longer than they should; the trace says how long they took.
    fn process_start(&mut self, index: usize, life: usize, place: &Place, offset: i64, us: Option<u64>) {
        self.lives[life].working = Some((place.clone(), offset));
        let partition = self.partition(place);
        let per_record = match (us, self.tables.worked_for(index)) {
            (None, _) => Duration::MAX,
            (Some(_), Some(worked)) => Duration::from_us(worked),
            // Never finished: killed in the middle of it.
            (Some(_), None) => Duration::MAX,
        };
        let (from, to) = (Offset(offset), Offset(offset + 1));
        self.client(life, Seq::NONE, Kind::ProcessStart { partition, from, to, per_record });
    }

    fn committed(&mut self, life: usize, origin: &str, code: i32) {
        if code == 0 {
            return;
        }
        let origin = CommitOrigin::from_label(origin).unwrap_or(CommitOrigin::Sync);
        let broker = i16::try_from(code).ok().filter(|code| *code > 0).and_then(ErrorCode::from_code);
        let error = match broker {
            Some(ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => CommitError::CommitFailed,
            Some(ErrorCode::RebalanceInProgress) => CommitError::RebalanceInProgress,
            Some(ErrorCode::FencedInstanceId) => CommitError::Fenced,
            Some(
                ErrorCode::CoordinatorLoadInProgress
                | ErrorCode::CoordinatorNotAvailable
                | ErrorCode::NotCoordinator
                | ErrorCode::RequestTimedOut,
            ) => CommitError::Retriable,
            Some(_) => CommitError::Refused,
            None if TIMED_OUT.contains(&code) => CommitError::Timeout,
            None => CommitError::CommitFailed,
        };
        // One that never went out would be matched with the library's next one otherwise.
        self.lives[life].asked.retain(|asked| asked.0 != origin);
        let code = broker.unwrap_or_default();
        self.client(life, Seq::NONE, Kind::CommitFailed { error, code, origin });
    }
}
