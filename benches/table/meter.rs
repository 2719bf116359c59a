//! What a run costs: time on the processor, time by the clock, memory.

use std::time::Instant;

/// What a run took.
#[derive(Clone, Copy, Default)]
pub struct Cost {
    /// Seconds on the processor (by the clock where the system does not tell): what others do meanwhile is not in it.
    pub seconds: f64,
    /// Seconds by the clock.
    pub wall: f64,
}

/// Measures `run` on this thread.
pub fn measure<T>(run: impl FnOnce() -> T) -> (Cost, T) {
    let (wall, on_processor) = (Instant::now(), thread_ns());
    let result = run();
    let wall = wall.elapsed().as_secs_f64();
    let seconds = match (on_processor, thread_ns()) {
        (Some(before), Some(after)) => (after - before) as f64 / 1e9,
        _ => wall,
    };
    (Cost { seconds, wall }, result)
}

/// The cheapest of several runs.
pub fn best<T>(times: u32, mut run: impl FnMut() -> T) -> (Cost, T) {
    let mut best = measure(&mut run);
    for _ in 1..times {
        let next = measure(&mut run);
        if next.0.seconds < best.0.seconds {
            best = next;
        }
    }
    best
}

/// Nanoseconds that this thread has had a processor.
fn thread_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// Seconds of processor time that ended children have had, in steps of 10 ms.
pub fn children_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split_whitespace().skip(13);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / 100.0)
}

/// The most memory that this process has had, in MiB.
pub fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}
