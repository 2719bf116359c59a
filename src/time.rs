//! Virtual time: whole microseconds since the start of the run.
//!
//! The network and handlers use microseconds; broker and client read Kafka's clock, which is the same instant rounded
//! down to the millisecond ([`Instant::floor_ms`]).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A point of virtual time, in microseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
pub struct Instant(u64);

/// A length of virtual time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug, Serialize, Deserialize)]
pub struct Duration(u64);

impl Instant {
    /// The start of the run.
    pub const ZERO: Instant = Instant(0);
    /// Later than everything: "never".
    pub const MAX: Instant = Instant(u64::MAX);

    /// The instant `us` microseconds after the start.
    pub const fn from_us(us: u64) -> Self {
        Instant(us)
    }

    /// The instant `ms` milliseconds after the start.
    pub const fn from_ms(ms: u64) -> Self {
        Instant(ms.saturating_mul(1_000))
    }

    /// Microseconds since the start.
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Kafka's clock: milliseconds since the start, rounded down.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// This instant as Kafka's clock shows it.
    pub const fn floor_ms(self) -> Instant {
        Instant(self.0 / 1_000 * 1_000)
    }

    /// When a Kafka timer of `ms` milliseconds armed now fires: `floor(now) + ms`. Negative lengths fire at once.
    pub const fn deadline_ms(self, ms: i64) -> Instant {
        let ms = if ms < 0 { 0 } else { ms as u64 };
        Instant(self.floor_ms().0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Time since `earlier`; zero if that is later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time.
    pub const ZERO: Duration = Duration(0);
    /// Longer than everything.
    pub const MAX: Duration = Duration(u64::MAX);

    /// `us` microseconds.
    pub const fn from_us(us: u64) -> Self {
        Duration(us)
    }

    /// `ms` milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Duration(ms.saturating_mul(1_000))
    }

    /// `s` seconds.
    pub const fn from_secs(s: u64) -> Self {
        Duration(s.saturating_mul(1_000_000))
    }

    /// Microseconds.
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self * n`, or the longest duration if that overflows.
    pub const fn saturating_mul(self, n: u64) -> Duration {
        Duration(self.0.saturating_mul(n))
    }

    /// Reads what people write: `45s`, `250ms`, `2m50s`, `1h`, `0`.
    ///
    /// # Errors
    /// A sentence that says what a duration looks like.
    pub fn parse(text: &str) -> Result<Duration, String> {
        let text = text.trim();
        if text == "0" {
            return Ok(Duration::ZERO);
        }
        let parsed = humantime::parse_duration(text)
            .map_err(|_| format!("`{text}` is not a duration: write it as in \"45s\", \"250ms\" or \"2m50s\""))?;
        if parsed.subsec_nanos() % 1_000 != 0 {
            return Err(format!("`{text}` is finer than a microsecond, the unit of virtual time"));
        }
        u64::try_from(parsed.as_micros()).map(Duration).map_err(|_| format!("`{text}` is too long"))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, d: Duration) -> Instant {
        Instant(self.0.saturating_add(d.0))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, d: Duration) {
        *self = *self + d;
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, d: Duration) -> Duration {
        Duration(self.0.saturating_add(d.0))
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, d: Duration) {
        *self = *self + d;
    }
}

impl Sub for Duration {
    type Output = Duration;
    fn sub(self, d: Duration) -> Duration {
        Duration(self.0.saturating_sub(d.0))
    }
}

impl Mul<u64> for Duration {
    type Output = Duration;
    fn mul(self, n: u64) -> Duration {
        self.saturating_mul(n)
    }
}

/// `1m23.412s`, `45s`, `250ms`, `17us`: what a person would say, and [`Duration::parse`] reads it back.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0;
        if us == 0 {
            return f.pad("0s");
        }
        if us < 1_000 {
            return f.pad(&format!("{us}us"));
        }
        if us < 1_000_000 {
            let (ms, rest) = (us / 1_000, us % 1_000);
            let text = if rest == 0 { format!("{ms}ms") } else { format!("{ms}.{rest:03}ms") };
            return f.pad(&text);
        }
        let (h, m) = (us / 3_600_000_000, us / 60_000_000 % 60);
        let (s, rest) = (us / 1_000_000 % 60, us % 1_000_000);
        let mut text = String::new();
        if h > 0 {
            text.push_str(&format!("{h}h"));
        }
        if m > 0 {
            text.push_str(&format!("{m}m"));
        }
        if s > 0 || rest > 0 || text.is_empty() {
            text.push_str(&s.to_string());
            if rest % 1_000 != 0 {
                text.push_str(&format!(".{rest:06}"));
            } else if rest > 0 {
                text.push_str(&format!(".{:03}", rest / 1_000));
            }
            text.push('s');
        }
        f.pad(&text)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Duration(self.0), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, us) in [("45s", 45_000_000), ("250ms", 250_000), ("2m50s", 170_000_000), ("1h", 3_600_000_000)] {
            let d = Duration::parse(text).unwrap();
            assert_eq!(d.as_us(), us);
            assert_eq!(d.to_string(), text);
        }
        assert_eq!(Duration::parse("0").unwrap(), Duration::ZERO);
        assert_eq!(Instant::from_us(83_412_000).to_string(), "1m23.412s");
        for wrong in ["", "5", "5 parsecs", "-3s", "1.5"] {
            assert!(Duration::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_kafka_deadline_counts_from_the_millisecond() {
        let now = Instant::from_us(1_999);
        assert_eq!(now.deadline_ms(3), Instant::from_us(4_000));
        assert_eq!(now.deadline_ms(-5), Instant::from_us(1_000));
        assert_eq!(Instant::MAX.deadline_ms(i64::MAX), Instant::MAX);
    }
}
