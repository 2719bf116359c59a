//! Several workers: who takes what, when the poll thread polls and commits, and what becomes of records at a revoke, a stop
//! and a crash.

use super::rig::{Rig, policy};
use crate::client::HandlerFault;
use crate::config::{CommitMode, CommitOffset, CommitPolicy, CommitWhen, WhenRevoked, WorkerOrder, Workers};
use crate::ids::CorrelationId;
use crate::protocol::{Api, ErrorCode};
use crate::time::{Duration, Instant};
use crate::trace::Kind;

fn never() -> CommitPolicy {
    policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, false)
}

fn on_revoke() -> CommitPolicy {
    policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, true)
}

fn every(n: u64, offset: CommitOffset) -> CommitPolicy {
    policy(CommitWhen::EveryN(n), offset, CommitMode::Sync, false)
}

/// So many workers; partitions 0 and 1 at offset 0, the fetch is out.
fn crew(workers: u32, order: WorkerOrder, commit: CommitPolicy, revoked: WhenRevoked) -> (Rig, CorrelationId) {
    let mut rig = Rig::with(|c| {
        c.commit = commit;
        c.process.workers = Workers::Pool(workers);
        c.process.order = order;
        c.process.when_revoked = Some(revoked);
    });
    let fetch = rig.stable(&[0, 1], 0);
    (rig, fetch)
}

/// Two workers without an order and these records in hand since 0 ms, 10 ms each.
fn two(commit: CommitPolicy, revoked: WhenRevoked, records: &[(u32, i64, i64)]) -> Rig {
    let (mut rig, fetch) = crew(2, WorkerOrder::None, commit, revoked);
    rig.records(fetch, records);
    rig.forget_sent();
    rig
}

/// What workers have done since the last call.
fn work(rig: &mut Rig) -> Vec<String> {
    let place = |partition: u32, from: i64, to: i64| format!("{partition}:{from}..{to}");
    let line = |kind: Kind| match kind {
        Kind::ProcessStart { partition, from, to, per_record } => {
            let place = place(partition.partition, from.0, to.0);
            Some(if per_record == Duration::MAX {
                format!("stuck {place}")
            } else {
                format!("start {place} {per_record}")
            })
        }
        Kind::ProcessDone { partition, from, to } => Some(format!("done {}", place(partition.partition, from.0, to.0))),
        Kind::Interrupted { partition, offset } => Some(format!("interrupted {}:{offset}", partition.partition)),
        Kind::Dropped { partition, from, to, reason } => {
            Some(format!("dropped {} {reason}", place(partition.partition, from.0, to.0)))
        }
        Kind::Poll {} | Kind::Revoked { .. } | Kind::Lost { .. } | Kind::Closed {} | Kind::PollTimeout {} => {
            Some(kind.name().to_owned())
        }
        _ => None,
    };
    rig.events().into_iter().filter_map(line).collect()
}

/// A heartbeat at 3 s says that the group rebalances.
fn rebalance_at_3_s(rig: &mut Rig) {
    rig.run_to(2_999);
    rig.forget_sent();
    work(rig);
    rig.run_to(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
}

#[test]
fn without_an_order_each_worker_takes_the_next_record() {
    let mut rig = two(never(), WhenRevoked::Drain, &[(0, 0, 3), (1, 0, 1)]);
    assert_eq!(work(&mut rig), ["start 0:0..1 10ms", "start 0:1..2 10ms", "poll"]);
    rig.fires_at(10);
    let expected = ["done 0:0..1", "done 0:1..2", "start 0:2..3 10ms", "start 1:0..1 10ms"];
    assert_eq!(work(&mut rig), expected);
    rig.fires_at(20);
    assert_eq!(work(&mut rig), ["done 0:2..3", "done 1:0..1"]);
}

#[test]
fn in_order_a_partition_belongs_to_one_worker_and_is_one_stretch() {
    let (mut rig, fetch) = crew(4, WorkerOrder::Partition, never(), WhenRevoked::Drain);
    rig.records(fetch, &[(0, 0, 100), (1, 0, 50)]);
    assert_eq!(work(&mut rig), ["start 0:0..100 10ms", "start 1:0..50 10ms", "poll"]);
    rig.at(20);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.records(fetch, &[(0, 100, 103)]); // two workers are free, but partition 0 is taken
    assert_eq!(work(&mut rig), ["poll"]);
    rig.fires_at(500);
    assert_eq!(work(&mut rig), ["done 1:0..50"]);
    rig.forget_sent();
    rig.fires_at(1_000);
    assert_eq!(work(&mut rig), ["done 0:0..100", "start 0:100..103 10ms"]);
}

#[test]
fn the_poll_thread_polls_on_while_no_more_than_the_buffer_is_out() {
    for order in [WorkerOrder::None, WorkerOrder::Partition] {
        let mut rig = Rig::with(|c| {
            c.commit = never();
            c.process.workers = Workers::Pool(2);
            c.process.order = order;
            c.process.buffer = Some(15);
            c.client.max_poll_records = 10;
        });
        let fetch = rig.stable(&[0, 1], 0);
        rig.records(fetch, &[(0, 0, 100), (1, 0, 4)]);
        let polls = |rig: &mut Rig| work(rig).iter().filter(|line| *line == "poll").count();
        // 10 and 20 are out: the second batch is one more than fits.
        assert_eq!(polls(&mut rig), 1, "{order:?}");
        rig.run_to(29);
        assert_eq!(polls(&mut rig), 0, "{order:?}");
        // With an order one worker has partition 0 alone: five records take 50 ms. Without, two workers take 30.
        rig.run_to(49);
        let early = polls(&mut rig);
        rig.run_to(50);
        assert_eq!((early, polls(&mut rig)), if order == WorkerOrder::None { (1, 0) } else { (0, 1) }, "{order:?}");
    }
}

#[test]
fn commits_are_made_by_the_poll_thread_which_is_woken() {
    for (offset, committed) in [(CommitOffset::DoneContiguous, 4), (CommitOffset::DoneMax, 4)] {
        let (mut rig, fetch) = crew(4, WorkerOrder::Partition, every(4, offset), WhenRevoked::Drain);
        rig.records(fetch, &[(0, 0, 100)]);
        rig.forget_sent();
        work(&mut rig);
        rig.fires_at(40); // in the middle of a stretch of a hundred
        assert_eq!(work(&mut rig), ["done 0:0..4"]);
        let id = rig.commit_sent(&[(0, committed)]);
        // Workers go on meanwhile. What they finish is in the next commit, however often it would have been due.
        rig.run_to(133);
        assert_eq!(work(&mut rig), ["done 0:4..8", "done 0:8..12"]);
        rig.nothing_sent();
        rig.commit_answer(id, &[0], ErrorCode::None);
        rig.commit_sent(&[(0, 12)]);
        assert_eq!(work(&mut rig), Vec::<String>::new());
    }
}

#[test]
fn a_gap_holds_the_contiguous_mark_back_and_not_the_highest() {
    for (offset, committed) in [(CommitOffset::DoneContiguous, 3), (CommitOffset::DoneMax, 6)] {
        let mut rig = two(every(5, offset), WhenRevoked::Drain, &[(0, 0, 20)]);
        rig.run_to(12);
        rig.fault(HandlerFault::Stuck); // of 2 and 3, both started at 10 ms, the one started last
        assert_eq!(work(&mut rig).last().unwrap(), "stuck 0:3..4");
        rig.run_to(40);
        rig.commit_sent(&[(0, committed)]); // done: 0, 1, 2, 4, 5
    }
}

#[test]
fn an_answered_commit_lets_the_poll_thread_poll_on() {
    let mut rig = two(every(2, CommitOffset::DoneContiguous), WhenRevoked::Drain, &[(0, 0, 4)]);
    work(&mut rig);
    rig.fires_at(10);
    let id = rig.commit_sent(&[(0, 2)]);
    rig.commit_answer(id, &[0], ErrorCode::None);
    let expected = ["done 0:0..1", "done 0:1..2", "start 0:2..3 10ms", "start 0:3..4 10ms", "poll"];
    assert_eq!(work(&mut rig), expected);
}

#[test]
fn after_batch_waits_for_its_batch() {
    let (mut rig, fetch) = crew(3, WorkerOrder::None, super::rig::after_batch(), WhenRevoked::Drain);
    rig.records(fetch, &[(0, 0, 4), (1, 0, 1)]);
    rig.forget_sent();
    rig.run_to(19);
    assert!(!work(&mut rig).contains(&"poll".to_owned()));
    rig.run_to(20);
    let id = rig.commit_sent(&[(0, 4), (1, 1)]);
    assert!(!work(&mut rig).contains(&"poll".to_owned()));
    rig.commit_answer(id, &[0, 1], ErrorCode::None);
    assert_eq!(work(&mut rig), ["poll"]);
}

#[test]
fn finish_record_drops_the_rest_at_a_revoke_and_then_commits() {
    let (mut rig, fetch) = crew(2, WorkerOrder::Partition, on_revoke(), WhenRevoked::FinishRecord);
    rig.records(fetch, &[(0, 0, 400), (1, 0, 500)]);
    rebalance_at_3_s(&mut rig);
    // 300 of each are done at this instant: nothing is in work.
    let events = work(&mut rig);
    let expected = ["dropped 0:300..400 revoked", "dropped 1:300..500 revoked", "done 0:200..300", "done 1:200..300"];
    assert_eq!(events, expected);
    let id = rig.commit_sent(&[(1, 300), (0, 300)]);
    rig.nothing_sent();
    rig.commit_answer(id, &[0, 1], ErrorCode::None);
    assert_eq!(work(&mut rig).last().unwrap(), "revoked");
    rig.sent(Api::JoinGroup);
}

#[test]
fn a_record_in_work_is_finished_before_the_callback_returns() {
    let mut rig = two(on_revoke(), WhenRevoked::FinishRecord, &[(0, 0, 500)]);
    rig.run_to(5);
    rig.fault(HandlerFault::Slow(Duration::from_ms(2_000)));
    rebalance_at_3_s(&mut rig);
    assert_eq!(work(&mut rig), ["dropped 0:6..500 revoked"]);
    rig.nothing_sent();
    rig.fires_at(4_010); // begun at 2 010
    assert_eq!(work(&mut rig), ["done 0:4..5", "done 0:5..6"]);
    rig.commit_sent(&[(0, 6)]);
}

#[test]
fn drain_finishes_everything_that_was_delivered() {
    let mut rig = two(on_revoke(), WhenRevoked::Drain, &[(0, 0, 700)]);
    rebalance_at_3_s(&mut rig);
    rig.run_to(3_499);
    rig.nothing_sent();
    assert!(!work(&mut rig).iter().any(|line| line.starts_with("dropped")));
    rig.run_to(3_500);
    rig.commit_sent(&[(0, 700)]);
}

#[test]
fn ignore_waits_for_nobody_and_the_workers_go_on() {
    let mut rig = two(on_revoke(), WhenRevoked::Ignore, &[(0, 0, 700)]);
    rebalance_at_3_s(&mut rig);
    let id = rig.commit_sent(&[(0, 600)]);
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(work(&mut rig).last().unwrap(), "revoked");
    rig.sent(Api::JoinGroup);
    rig.run_to(3_010);
    let expected = ["done 0:600..601", "done 0:601..602", "start 0:602..603 10ms", "start 0:603..604 10ms"];
    assert_eq!(work(&mut rig), expected);
}

#[test]
fn nothing_is_committed_for_partitions_that_are_lost() {
    for (revoked, dropped) in
        [(WhenRevoked::FinishRecord, true), (WhenRevoked::Drain, true), (WhenRevoked::Ignore, false)]
    {
        let mut rig = two(on_revoke(), revoked, &[(0, 0, 700)]);
        rig.run_to(2_999);
        rig.forget_sent();
        work(&mut rig);
        rig.run_to(3_000);
        rig.heartbeat_reply(ErrorCode::UnknownMemberId);
        rig.run_to(3_010);
        let events = work(&mut rig);
        assert_eq!(events.contains(&"dropped 0:602..700 revoked".to_owned()), dropped, "{revoked:?}: {events:?}");
        assert!(events.contains(&"lost".to_owned()), "{revoked:?}: {events:?}");
        rig.sent(Api::JoinGroup);
    }
}

#[test]
fn client_05_a_callback_that_drains_for_too_long_costs_the_membership() {
    let mut rig = Rig::with(|c| {
        c.commit = on_revoke();
        c.process.workers = Workers::Pool(2);
        c.process.order = WorkerOrder::None;
        c.process.when_revoked = Some(WhenRevoked::Drain);
        c.client.max_poll_interval_ms = 1_000;
        c.process.buffer = Some(100_000);
    });
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 1_500)]); // 7.5 s of work
    rebalance_at_3_s(&mut rig);
    rig.run_to(3_999);
    assert!(!work(&mut rig).contains(&"poll_timeout".to_owned()));
    rig.answer_commits_and_heartbeats();
    rig.run_to(4_000);
    assert!(work(&mut rig).contains(&"poll_timeout".to_owned()));
    rig.sent(Api::LeaveGroup);
    rig.run_to(7_500);
    // CLIENT-28: it is no member any more; the callback's commit is not even sent.
    let events = rig.events();
    assert!(events.iter().any(|kind| matches!(kind, Kind::CommitFailed { .. })), "{events:?}");
    rig.sent(Api::JoinGroup);
}

/// The partition comes back while a worker still has a record of before in hand.
#[test]
fn what_was_in_hand_at_a_revoke_does_not_count_for_a_later_ownership() {
    for order in [WorkerOrder::None, WorkerOrder::Partition] {
        let commit = every(1, CommitOffset::DoneMax);
        let (mut rig, fetch) = crew(2, order, commit, WhenRevoked::Ignore);
        rig.config.process.per_record = Duration::ZERO;
        rig.fault(HandlerFault::Slow(Duration::from_ms(3_100)));
        rig.records(fetch, &[(0, 0, 2)]);
        rebalance_at_3_s(&mut rig);
        rig.join(2);
        rig.sync(&[0, 1]);
        rig.committed(0);
        rig.forget_sent();
        rig.run_to(3_100);
        let events = work(&mut rig);
        assert!(events.contains(&"done 0:0..1".to_owned()), "{order:?}: {events:?}");
        rig.nothing_sent();
    }
}

#[test]
fn a_stop_treats_records_as_a_revoke_does() {
    for (revoked, done) in [(WhenRevoked::FinishRecord, 6), (WhenRevoked::Drain, 20)] {
        let mut rig = two(on_revoke(), revoked, &[(0, 0, 20)]);
        rig.run_to(25);
        work(&mut rig);
        rig.stop();
        let dropped = work(&mut rig) == ["dropped 0:6..20 revoked"];
        assert_eq!(dropped, revoked == WhenRevoked::FinishRecord);
        rig.nothing_sent();
        rig.run_to(if dropped { 30 } else { 100 });
        let id = rig.commit_sent(&[(0, done)]);
        rig.commit_answer(id, &[0], ErrorCode::None);
        rig.sent(Api::LeaveGroup);
    }
}

#[test]
fn one_that_ignores_a_stop_is_interrupted_when_it_has_closed() {
    let mut rig = two(on_revoke(), WhenRevoked::Ignore, &[(0, 0, 20)]);
    rig.run_to(25);
    rig.stop();
    let id = rig.commit_sent(&[(0, 4)]);
    work(&mut rig);
    rig.at(28);
    rig.commit_answer(id, &[0], ErrorCode::None);
    rig.reply(Api::LeaveGroup, crate::protocol::Response::Heartbeat(ErrorCode::None));
    let expected = ["revoked", "interrupted 0:4", "interrupted 0:5", "dropped 0:6..20 ended", "closed"];
    assert_eq!(work(&mut rig), expected);
    assert!(rig.exited);
}

#[test]
fn a_crash_accounts_for_every_workers_record() {
    let (mut rig, fetch) = crew(2, WorkerOrder::Partition, never(), WhenRevoked::Drain);
    rig.records(fetch, &[(0, 0, 10), (1, 0, 2)]);
    rig.forget_sent();
    rig.run_to(13);
    work(&mut rig);
    rig.crash();
    let expected = ["done 0:0..1", "interrupted 0:1", "dropped 0:2..10 ended", "done 1:0..1", "interrupted 1:1"];
    assert_eq!(work(&mut rig), expected);
    assert_eq!(rig.deadline(), None);
}

#[test]
fn stuck_is_the_record_that_was_started_last_and_the_others_go_on() {
    let (mut rig, fetch) = crew(2, WorkerOrder::Partition, never(), WhenRevoked::Drain);
    rig.records(fetch, &[(0, 0, 100)]);
    rig.forget_sent();
    rig.run_to(4);
    let (fetch, records) = (CorrelationId(u32::MAX), [(1, 0, 100)]);
    rig.records(fetch, &records); // nobody asked: nothing comes
    work(&mut rig);
    rig.fault(HandlerFault::Stuck);
    assert_eq!(work(&mut rig), ["stuck 0:0..1"]);
    rig.run_to(100);
    assert_eq!(work(&mut rig), Vec::<String>::new());
    rig.fault(HandlerFault::None);
    assert_eq!(work(&mut rig), ["done 0:0..1", "start 0:1..100 10ms"]);

    let mut rig = two(never(), WhenRevoked::Drain, &[(0, 0, 6)]);
    rig.run_to(15);
    work(&mut rig);
    rig.fault(HandlerFault::Stuck);
    rig.run_to(30);
    assert_eq!(
        work(&mut rig),
        ["stuck 0:3..4", "done 0:2..3", "start 0:4..5 10ms", "done 0:4..5", "start 0:5..6 10ms"]
    );
}

#[test]
fn slow_holds_for_records_started_in_its_window_whoever_starts_them() {
    let (mut rig, fetch) = crew(2, WorkerOrder::Partition, never(), WhenRevoked::Drain);
    rig.records(fetch, &[(0, 0, 10), (1, 0, 10)]);
    rig.forget_sent();
    rig.run_to(15);
    work(&mut rig);
    rig.fault(HandlerFault::Slow(Duration::from_ms(100)));
    rig.run_to(60);
    rig.fault(HandlerFault::None);
    rig.run_to(120);
    let of_0: Vec<_> = work(&mut rig).into_iter().filter(|line| line.contains(" 0:")).collect();
    let expected = ["done 0:0..1", "done 0:1..2", "start 0:2..10 100ms", "done 0:2..3", "start 0:3..10 10ms"];
    assert_eq!(of_0, expected);
}

#[test]
fn a_pause_holds_every_record_in_work() {
    let mut rig = two(never(), WhenRevoked::Drain, &[(0, 0, 3)]);
    rig.run_to(14);
    work(&mut rig);
    rig.pause();
    assert_eq!(rig.deadline(), None);
    rig.now = Instant::from_ms(1_000);
    rig.resume();
    rig.run_to(1_005);
    assert_eq!(work(&mut rig), Vec::<String>::new());
    rig.run_to(1_006);
    assert_eq!(work(&mut rig), ["done 0:2..3"]);
}

#[test]
fn records_that_take_no_time_are_done_at_once() {
    for order in [WorkerOrder::None, WorkerOrder::Partition] {
        let (mut rig, fetch) = crew(3, order, every(2, CommitOffset::DoneContiguous), WhenRevoked::Drain);
        rig.fault(HandlerFault::Slow(Duration::ZERO));
        rig.records(fetch, &[(0, 0, 50)]);
        rig.forget_to(Api::OffsetCommit);
        rig.commit_sent(&[(0, 50)]);
        assert_eq!(rig.now, Instant::ZERO);
    }
}

#[test]
fn a_commit_that_is_due_when_the_workers_are_through_comes_before_close() {
    for (when, offsets) in [(CommitWhen::AfterBatch, [(0, 4)]), (CommitWhen::EveryN(4), [(0, 4)])] {
        let commit = policy(when, CommitOffset::DoneContiguous, CommitMode::Sync, false);
        let mut rig = two(commit, WhenRevoked::FinishRecord, &[(0, 0, 6)]);
        rig.run_to(15);
        rig.stop();
        rig.nothing_sent();
        rig.run_to(20);
        let id = rig.commit_sent(&offsets);
        rig.commit_answer(id, &[0], ErrorCode::None);
        rig.sent(Api::LeaveGroup);
    }
}

#[test]
fn single_records_keep_their_own_times_in_the_buffer() {
    let mut rig = Rig::with(|c| {
        c.commit = never();
        c.process.workers = Workers::Pool(1);
        c.process.jitter_percent = 20; // every draw here gives the middle
        c.client.max_poll_records = 1;
    });
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 100)]);
    rig.run_to(20);
    let stretches: Vec<_> = work(&mut rig).into_iter().filter(|line| line.starts_with("start")).collect();
    assert_eq!(stretches, ["start 0:0..1 10ms", "start 0:1..2 10ms", "start 0:2..3 10ms"]);
}
