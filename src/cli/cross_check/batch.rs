//! Several scenarios at once on one cluster, no more processes at a time than the machine bears.

use super::play::{Played, Player, Unplayed};
use crate::cli::panics::caught;
use crate::scenario::Scenario;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The most processes of members at a time.
pub const MOST_PROCESSES: usize = 60;

/// One thing to play: which scenario, which repetition of it, on which seed.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Its place among the scenarios.
    pub index: usize,
    /// Which repetition, from 0.
    pub repetition: usize,
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The seed.
    pub seed: u64,
}

/// What a job has come to.
pub type Done = (usize, usize, Result<Played, Unplayed>);

/// How many processes a scenario may have at a time.
pub fn processes(scenario: &Scenario) -> usize {
    scenario.groups.iter().map(|group| group.member_configs.len()).sum::<usize>().max(1)
}

/// Places that are taken, out of `jobs` and of `MOST_PROCESSES`.
struct Room {
    taken: Mutex<(usize, usize)>,
    freed: Condvar,
    jobs: usize,
}

impl Room {
    /// Waits for room; false if it was interrupted meanwhile. A job too large for the room is played alone.
    fn enter(&self, processes: usize, interrupt: &AtomicBool) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if interrupt.load(Ordering::Relaxed) {
                return false;
            }
            let fits = taken.0 < self.jobs && taken.1 + processes <= MOST_PROCESSES;
            if fits || taken.0 == 0 {
                *taken = (taken.0 + 1, taken.1 + processes);
                return true;
            }
            let waited = self.freed.wait_timeout(taken, Duration::from_millis(100));
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn leave(&self, processes: usize) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = (taken.0 - 1, taken.1 - processes);
        self.freed.notify_all();
    }
}

/// Plays all jobs, at most `jobs` of them at a time, and shows `each` what becomes of them as they end. After the first that
/// finds no usable cluster, or loses it, no other is begun.
pub fn play_all(
    player: &dyn Player,
    all: &[Job<'_>],
    jobs: usize,
    interrupt: &AtomicBool,
    each: impl FnOnce(Receiver<Done>),
) {
    let room = Room { taken: Mutex::default(), freed: Condvar::new(), jobs: jobs.max(1) };
    let no_more = AtomicBool::new(false);
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        let (room, no_more) = (&room, &no_more);
        scope.spawn(move || {
            std::thread::scope(|scope| {
                for &job in all {
                    let processes = processes(job.scenario);
                    let begin = room.enter(processes, interrupt) && !no_more.load(Ordering::Relaxed);
                    if !begin {
                        break;
                    }
                    let sender = sender.clone();
                    scope.spawn(move || {
                        let played = caught(|| player.play(job.scenario, job.seed, interrupt));
                        let played = played.unwrap_or_else(|message| Err(Unplayed::Broken(message)));
                        if matches!(played, Err(Unplayed::Unusable(_) | Unplayed::Lost(_))) {
                            no_more.store(true, Ordering::Relaxed);
                        }
                        room.leave(processes);
                        // The receiver lives as long as somebody sends.
                        let _ = sender.send((job.index, job.repetition, played));
                    });
                }
            });
            drop(sender);
        });
        each(receiver);
    });
}

/// About how long all of it takes, in real time.
pub fn estimate(all: &[Job<'_>], jobs: usize) -> Duration {
    /// Topics, processes, and taking all of it away again.
    const AROUND: Duration = Duration::from_secs(10);
    // The same rule as above, on a clock that jumps from end to end.
    let mut running: Vec<(Duration, usize)> = Vec::new();
    let (mut now, mut last) = (Duration::ZERO, Duration::ZERO);
    for job in all {
        let processes = processes(job.scenario);
        loop {
            running.retain(|(end, _)| *end > now);
            let taken: usize = running.iter().map(|(_, processes)| processes).sum();
            if running.is_empty() || (running.len() < jobs.max(1) && taken + processes <= MOST_PROCESSES) {
                break;
            }
            now = running.iter().map(|(end, _)| *end).min().unwrap_or(now);
        }
        let end = now + Duration::from_micros(job.scenario.run_for.as_us()) + AROUND;
        running.push((end, processes));
        last = last.max(end);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn scenario(members: u32) -> Scenario {
        let text = format!("run-for = \"20s\"\n[topic.t]\n[group.g]\nmembers = {members}\n");
        crate::scenario::parse("test.toml", &text, &[]).unwrap().scenario
    }

    /// Counts who is there at the same time.
    #[derive(Default)]
    struct Counting {
        now: AtomicUsize,
        most: AtomicUsize,
        played: AtomicUsize,
        fail: bool,
    }

    impl Player for Counting {
        fn play(&self, _: &Scenario, seed: u64, interrupt: &AtomicBool) -> Result<Played, Unplayed> {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.played.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(30));
            self.now.fetch_sub(1, Ordering::SeqCst);
            match seed {
                13 => panic!("thirteen"),
                99 => interrupt.store(true, Ordering::Relaxed),
                _ => {}
            }
            if self.fail { Err(Unplayed::Lost("gone".to_owned())) } else { Ok(Played::default()) }
        }
    }

    fn play(player: &Counting, scenario: &Scenario, seeds: &[u64], jobs: usize) -> Vec<Done> {
        let all: Vec<Job<'_>> =
            seeds.iter().enumerate().map(|(index, &seed)| Job { index, repetition: 0, scenario, seed }).collect();
        let mut done = Vec::new();
        play_all(player, &all, jobs, &AtomicBool::new(false), |results| done.extend(results));
        done
    }

    #[test]
    fn no_more_at_a_time_than_asked_for_and_than_the_machine_bears() {
        let (small, large, huge) = (scenario(1), scenario(25), scenario(70));
        for (scenario, jobs, most) in [(&small, 3, 3), (&large, 10, 2), (&huge, 10, 1), (&small, 0, 1)] {
            let player = Counting::default();
            assert_eq!(play(&player, scenario, &[0; 6], jobs).len(), 6);
            assert_eq!(player.most.into_inner(), most);
        }
    }

    #[test]
    fn after_a_lost_cluster_nothing_is_begun_and_a_panic_is_told() {
        let small = scenario(1);
        let player = Counting { fail: true, ..Counting::default() };
        let done = play(&player, &small, &[0; 20], 2);
        assert!(done.len() < 6, "{}", done.len());
        let done = play(&Counting::default(), &small, &[13, 1], 1);
        assert!(matches!(&done[0].2, Err(Unplayed::Broken(why)) if why.contains("thirteen")), "{done:?}");
        assert!(done[1].2.is_ok());
        assert_eq!(play(&Counting::default(), &small, &[1, 99, 1, 1, 1], 1).len(), 2, "interrupted");
    }

    #[test]
    fn the_estimate_follows_the_same_rule() {
        let (small, large) = (scenario(1), scenario(25));
        let jobs = |scenario, count| vec![Job { index: 0, repetition: 0, scenario, seed: 0 }; count];
        assert_eq!(estimate(&jobs(&small, 6), 10), Duration::from_secs(30));
        assert_eq!(estimate(&jobs(&small, 6), 2), Duration::from_secs(90));
        assert_eq!(estimate(&jobs(&large, 5), 10), Duration::from_secs(90));
    }
}
