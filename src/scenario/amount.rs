//! Rates and sizes.

use super::codes::Code;
use super::report::{MAX_TIME, Report, all_digits, grouped, quote};
use super::shape::MAX_SIZE;
use super::tree::{Node, Value};
use crate::time::Duration;

const RATE_HELP: &str = "write records per time, as in \"200/s\", \"3/m\" or \"1/10s\"";
const SIZE_UNITS: &[(&str, u64)] =
    &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("B", 1)];

/// `"200/s"`: so many records in so much time.
pub(super) fn rate(report: &mut Report, value: &Value, what: &str) -> Option<(u64, Duration)> {
    let Node::Text(text) = &value.node else {
        let message = format!("`{what}` must be a rate such as \"200/s\", not {}", value.node.type_name());
        report.add(Code::WrongType, value.span, message, RATE_HELP.to_string());
        return None;
    };
    let parsed = parse_rate(text);
    if parsed.is_none() {
        let message = format!("`{what}` is not a rate: {}", quote(text));
        report.add(Code::BadValue, value.span, message, RATE_HELP.to_string());
    }
    parsed
}

fn parse_rate(text: &str) -> Option<(u64, Duration)> {
    let (count, per) = text.split_once('/')?;
    let count = digits(count)?;
    let per = per.trim();
    if per.len() > 40 {
        return None;
    }
    let per = match Duration::parse(per) {
        Ok(per) => per,
        Err(_) => Duration::parse(&format!("1{per}")).ok()?,
    };
    (!per.is_zero() && per <= MAX_TIME).then_some((count, per))
}

/// `"1KiB"` or a number of bytes.
pub(super) fn size(report: &mut Report, value: &Value, what: &str) -> Option<u32> {
    let bytes = match &value.node {
        Node::Integer(Some(n)) => u64::try_from(*n).ok(),
        Node::Text(text) => parse_size(text),
        _ => None,
    };
    let Some(bytes) = bytes else {
        let message = format!("`{what}` is not a size");
        report.add(Code::BadValue, value.span, message, "write bytes, or \"1KiB\", \"2MB\" ...".to_string());
        return None;
    };
    if bytes == 0 || bytes > MAX_SIZE {
        let message = format!("`{what}` must be from 1 byte to 1GiB, not {} bytes", grouped(bytes));
        report.error(Code::BadValue, value.span, message);
        return None;
    }
    u32::try_from(bytes).ok()
}

fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    for (unit, bytes) in SIZE_UNITS {
        if let Some(number) = text.strip_suffix(unit) {
            return digits(number)?.checked_mul(*bytes);
        }
    }
    digits(text)
}

/// Digits, perhaps with `_` between them.
fn digits(text: &str) -> Option<u64> {
    let text = text.trim().replace('_', "");
    if all_digits(&text) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_sizes_read() {
        assert_eq!(parse_rate("200/s"), Some((200, Duration::from_secs(1))));
        assert_eq!(parse_rate("1_000 / 10s"), Some((1_000, Duration::from_secs(10))));
        assert_eq!(parse_rate("3/m"), Some((3, Duration::from_secs(60))));
        assert_eq!(parse_rate("0/s"), Some((0, Duration::from_secs(1))));
        for wrong in ["", "200", "200/", "/s", "2.5/s", "-1/s", "5/0s", "5/parsec", "99999999999999999999/s"] {
            assert_eq!(parse_rate(wrong), None, "{wrong}");
        }
        assert_eq!(parse_size("1KiB"), Some(1_024));
        assert_eq!(parse_size("2 MB"), Some(2_000_000));
        assert_eq!(parse_size("17"), Some(17));
        assert_eq!(parse_size("99999999999999999 GiB"), None);
        assert_eq!(parse_size("KiB"), None);
    }
}
