//! `retry = N`.

use super::{Answer, Commit, CommitStrategy, Progress};
use crate::time::Duration;

/// Repeats a failed commit as it was, up to `most` times: a sync one when commitSync has given up, an async one from its
/// callback. A commit that was made meanwhile is overtaken by that: the committed offset goes back to the older one.
pub(super) struct Retry<S> {
    inner: S,
    most: u32,
}

impl<S> Retry<S> {
    /// `inner`, with its failed commits repeated.
    pub fn new(inner: S, most: u32) -> Self {
        Retry { inner, most }
    }
}

impl<S: CommitStrategy> CommitStrategy for Retry<S> {
    fn before_batch(&mut self, progress: &Progress<'_>) -> Commit {
        self.inner.before_batch(progress)
    }

    fn before_record(&mut self, progress: &Progress<'_>) -> Commit {
        self.inner.before_record(progress)
    }

    fn stride(&self, progress: &Progress<'_>, per_record: Duration, available: u64) -> u64 {
        self.inner.stride(progress, per_record, available)
    }

    fn after_record(&mut self, progress: &Progress<'_>, count: u64) -> Commit {
        self.inner.after_record(progress, count)
    }

    fn after_batch(&mut self, progress: &Progress<'_>) -> Commit {
        self.inner.after_batch(progress)
    }

    fn on_revoke(&mut self, progress: &Progress<'_>) -> Commit {
        self.inner.on_revoke(progress)
    }

    fn on_close(&mut self, progress: &Progress<'_>) -> Commit {
        self.inner.on_close(progress)
    }

    fn on_answer(&mut self, _progress: &Progress<'_>, answer: &Answer<'_>) -> Commit {
        if answer.error.is_some() && answer.attempt < self.most { answer.again() } else { Commit::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::super::of_policy;
    use super::*;
    use crate::config::{CommitMode, CommitPolicy, CommitWhen};
    use crate::time::Instant;
    use crate::trace::CommitError;

    #[test]
    fn a_failed_commit_is_repeated_as_often_as_asked_for() {
        let policy = CommitPolicy { when: CommitWhen::AfterBatch, retry: 2, ..CommitPolicy::default() };
        let mut strategy = of_policy(&policy, Instant::ZERO);
        let progress = Progress::given(Instant::ZERO, &[]);
        for (attempt, error, repeated) in [
            (0, Some(CommitError::Retriable), true),
            (1, Some(CommitError::CommitFailed), true),
            (2, Some(CommitError::Retriable), false),
            (0, None, false),
        ] {
            let answer = Answer::new(CommitMode::Async, attempt, error, &[]);
            assert_eq!(strategy.on_answer(&progress, &answer) != Commit::Nothing, repeated, "{attempt} {error:?}");
        }
    }
}
