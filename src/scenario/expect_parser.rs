//! The grammar of expectations:
//!
//! ```text
//! check   = value cmp literal
//! value   = metric ['(' arg {',' arg} ')'] | op '(' value ')'
//! arg     = label | key '=' name
//! mark    = kind ['(' label ')'] [cmp integer]
//! literal = integer [us ms s m h %] | state
//! ```

use super::codes::Code;
use super::expect::{Cast, List};
use super::marks;
use super::report::{all_digits, quote, suggest};
use crate::config::expect::*;
use crate::protocol::{ErrorCode, GroupState};
use std::ops::Range;

/// What is wrong with a text, and where in it.
#[derive(Debug)]
pub(super) struct Mistake {
    pub code: Code,
    pub at: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

type Parsed<T> = Result<T, Mistake>;

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];
const OPS: [(&str, Op); 9] = [
    ("max", Op::Max),
    ("min", Op::Min),
    ("mean", Op::Mean),
    ("sum", Op::Sum),
    ("count", Op::Count),
    ("p50", Op::P50),
    ("p90", Op::P90),
    ("p95", Op::P95),
    ("p99", Op::P99),
];
const FILTER_KEYS: [&str; 7] = ["group", "topic", "partition", "member", "cause", "code", "producer"];
/// Causes of duplicates (scenario files, section 7).
pub(super) const CAUSES: [&str; 9] =
    ["truncation", "seek", "reset", "rewind", "zombie", "commit-rejected", "commit-lost", "crash", "revoked"];
const UNITS: [(&str, i64); 5] = [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000)];

/// A word of the text and where it stands.
#[derive(Clone, Debug)]
struct Word<'t> {
    text: &'t str,
    at: Range<usize>,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

fn mistake(code: Code, at: &Range<usize>, message: String, help: impl Into<Option<String>>) -> Mistake {
    Mistake { code, at: at.clone(), message, help: help.into() }
}

impl<'t> Reader<'t> {
    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Letters, digits and `_ - .`.
    fn word(&mut self) -> Option<Word<'t>> {
        self.skip_space();
        let rest = &self.text[self.at..];
        let legal = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let len = rest.find(|c| !legal(c)).unwrap_or(rest.len());
        let word = Word { text: &rest[..len], at: self.at..self.at + len };
        self.at += len;
        (len > 0).then_some(word)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    /// What stands here, for messages.
    fn here(&mut self) -> Range<usize> {
        self.skip_space();
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return self.text.len().saturating_sub(1)..self.text.len();
        }
        let end = rest.find([' ', '(', ')', ',']).filter(|&n| n > 0);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        self.at..self.at + end.unwrap_or(if rest.starts_with(['(', ')', ',']) { first } else { rest.len() })
    }

    fn expected(&mut self, what: &str) -> Mistake {
        let at = self.here();
        self.skip_space();
        let found = if self.at >= self.text.len() { "the end".to_string() } else { quote(&self.text[at.clone()]) };
        mistake(Code::BadExpectation, &at, format!("expected {what}, found {found}"), None)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        COMPARISONS.iter().find(|(symbol, _)| self.eat(symbol)).map(|c| c.1)
    }

    fn need_comparison(&mut self) -> Parsed<Comparison> {
        self.skip_space();
        if self.text[self.at..].starts_with('=') && !self.text[self.at..].starts_with("==") {
            let at = self.at..self.at + 1;
            let help = "equality is written `==`".to_string();
            return Err(mistake(Code::BadExpectation, &at, "`=` is no comparison".to_string(), help));
        }
        self.comparison().ok_or_else(|| self.expected("a comparison (== != < <= > >=)"))
    }

    fn end(&mut self) -> Parsed<()> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.expected("the end")) }
    }
}

/// A mark of `must-see`.
pub(super) fn mark(text: &str) -> Parsed<MustSee> {
    let mut r = Reader { text, at: 0 };
    let kind = r.word().ok_or_else(|| r.expected("a kind of event"))?;
    let kinds = marks::kinds();
    if !kinds.contains(&kind.text) {
        let help = suggest(kind.text, &kinds);
        return Err(mistake(Code::UnknownMark, &kind.at, format!("no kind of event is {}", quote(kind.text)), help));
    }
    let mut label = None;
    if r.eat("(") {
        r.skip_space();
        let from = r.at;
        let len = text[from..].find(')').ok_or_else(|| Reader { text, at: text.len() }.expected("`)`"))?;
        let found = text[from..from + len].trim_end();
        let at = from..from + found.len().max(1).min(text.len() - from);
        let valid = marks::labels(kind.text);
        if !valid.contains(&found) {
            let message = if valid.is_empty() {
                format!("`{}` has no labels", kind.text)
            } else {
                format!("`{}` has no label {}", kind.text, quote(found))
            };
            let help = (!valid.is_empty()).then(|| suggest(found, &valid));
            return Err(mistake(Code::UnknownMark, &at, message, help));
        }
        label = Some(found.to_string());
        r.at = from + len + 1;
    }
    let (mut comparison, mut count) = (Comparison::GreaterOrEqual, 1);
    r.skip_space();
    if r.at < text.len() {
        comparison = r.need_comparison()?;
        let number = r.word().ok_or_else(|| r.expected("a whole number"))?;
        count = integer(number.text).ok_or_else(|| {
            let message = format!("{} is no whole number", quote(number.text));
            mistake(Code::BadExpectation, &number.at, message, None)
        })?;
        r.end()?;
    }
    Ok(MustSee { text: text.to_string(), kind: kind.text.to_string(), label, comparison, count })
}

/// A check of one of the other lists.
pub(super) fn check(text: &str, list: List, cast: &Cast<'_>) -> Parsed<Check> {
    let mut r = Reader { text, at: 0 };
    let first = r.word().ok_or_else(|| r.expected("a metric, or an op such as max"))?;
    let op = OPS.iter().find(|o| o.0 == first.text).map(|o| o.1);
    let metric_word = match op {
        Some(_) => {
            if !r.eat("(") {
                return Err(r.expected(&format!("`(` after `{}`", first.text)));
            }
            r.word().ok_or_else(|| r.expected("a metric"))?
        }
        None => first.clone(),
    };
    let metric = metric(&metric_word)?;
    let mut filter = Filter::default();
    if r.eat("(") {
        loop {
            argument(&mut r, metric, &mut filter, cast)?;
            if !r.eat(",") {
                break;
            }
        }
        if !r.eat(")") {
            return Err(r.expected("`,` or `)`"));
        }
    }
    if op.is_some() && !r.eat(")") {
        return Err(r.expected("`)`"));
    }
    fits_list(metric, op, list, &metric_word, &first)?;
    if metric == MetricName::State {
        one_state(&filter, &metric_word, cast)?;
    }
    let comparison_at = r.here();
    let comparison = r.need_comparison()?;
    let literal = literal(&mut r, metric, op)?;
    r.end()?;
    if matches!(literal, Literal::State(_)) && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        let message = "states have no order: write == or !=".to_string();
        return Err(mistake(Code::MetricMisused, &comparison_at, message, None));
    }
    let query = MetricQuery { metric, filter, op };
    Ok(Check { text: text.to_string(), query, comparison, literal })
}

fn metric(word: &Word<'_>) -> Parsed<MetricName> {
    if OPS.iter().any(|o| o.0 == word.text) {
        let message = format!("`{}` inside another op: one op is enough", word.text);
        return Err(mistake(Code::MetricMisused, &word.at, message, None));
    }
    MetricName::from_name(word.text).ok_or_else(|| {
        let names: Vec<&str> = MetricName::ALL.iter().map(|m| m.1).collect();
        let help = suggest(word.text, &names);
        mistake(Code::UnknownMetric, &word.at, format!("there is no metric {}", quote(word.text)), help)
    })
}

/// One argument in brackets.
fn argument(r: &mut Reader<'_>, metric: MetricName, filter: &mut Filter, cast: &Cast<'_>) -> Parsed<()> {
    let first = r.word().ok_or_else(|| r.expected("a label, or key=name"))?;
    r.skip_space();
    let has_key = r.text[r.at..].starts_with('=') && !r.text[r.at..].starts_with("==");
    let (key, value) = if has_key {
        r.eat("=");
        (first.text, r.word().ok_or_else(|| r.expected("a name"))?)
    } else {
        let key = match metric {
            MetricName::Duplicates => "cause",
            MetricName::CommitFailures => "code",
            _ => {
                let message = format!("`{}` has no labels", metric.name());
                let help = format!("narrow it with {}=...", FILTER_KEYS[..4].join("=..., "));
                return Err(mistake(Code::BadExpectation, &first.at, message, help));
            }
        };
        (key, first.clone())
    };
    if !FILTER_KEYS.contains(&key) {
        let help = suggest(key, &FILTER_KEYS);
        return Err(mistake(Code::BadExpectation, &first.at, format!("there is no filter {}", quote(key)), help));
    }
    let slot = match key {
        // A producer is a scope of its own, as a group is.
        "group" | "producer" => &mut filter.group,
        "topic" => &mut filter.topic,
        "member" => &mut filter.member,
        "cause" => &mut filter.cause,
        "code" => &mut filter.code,
        _ => {
            if filter.partition.is_some() {
                return Err(mistake(Code::BadExpectation, &first.at, "`partition` stands twice".to_string(), None));
            }
            filter.partition = Some(partition(&value, filter.topic.as_deref(), cast)?);
            return Ok(());
        }
    };
    if slot.is_some() {
        return Err(mistake(Code::BadExpectation, &first.at, format!("`{key}` stands twice"), None));
    }
    *slot = Some(value.text.to_string());
    exists(key, &value, metric, cast)
}

fn partition(value: &Word<'_>, topic: Option<&str>, cast: &Cast<'_>) -> Parsed<u32> {
    let Some(n) = integer(value.text).and_then(|n| u32::try_from(n).ok()) else {
        let message = format!("`partition` is a number, not {}", quote(value.text));
        return Err(mistake(Code::BadExpectation, &value.at, message, "topic=orders, partition=3".to_string()));
    };
    let topics = cast.topics.iter().filter(|t| topic.is_none_or(|name| t.name == name));
    let most = topics.map(|t| *cast.grown.get(&t.name).unwrap_or(&t.partitions)).max().unwrap_or(0);
    if n >= most {
        let message = format!("there is no partition {n}: there are {most}");
        return Err(mistake(Code::UnknownTopic, &value.at, message, None));
    }
    Ok(n)
}

/// Whether a filter names something that is there.
fn exists(key: &str, value: &Word<'_>, metric: MetricName, cast: &Cast<'_>) -> Parsed<()> {
    let name = value.text;
    let unknown = |code, what: &str, valid: &[&str]| {
        Err(mistake(code, &value.at, format!("there is no {what} {}", quote(name)), suggest(name, valid)))
    };
    let belongs = |owner: MetricName| {
        if metric == owner {
            return Ok(());
        }
        let message = format!("`{key}` narrows `{}` only", owner.name());
        Err(mistake(Code::BadExpectation, &value.at, message, None))
    };
    match key {
        "group" if cast.crews.by_group.contains_key(name) => Ok(()),
        "group" => unknown(Code::UnknownGroup, "group", &cast.crews.groups()),
        "producer" if cast.crews.producers.contains(name) => Ok(()),
        "producer" => {
            let names: Vec<&str> = cast.crews.producers.iter().map(String::as_str).collect();
            unknown(Code::BadExpectation, "producer", &names)
        }
        "topic" if cast.topics.iter().any(|t| t.name == name) => Ok(()),
        "topic" => unknown(Code::UnknownTopic, "topic", &cast.topics.iter().map(|t| &*t.name).collect::<Vec<_>>()),
        "member" if cast.crews.has(name) => Ok(()),
        "member" => {
            let mut names = Vec::new();
            for group in cast.groups {
                names.extend(group.member_configs.iter().take(12).map(|m| m.name.as_str()));
            }
            unknown(Code::UnknownMember, "member", &names)
        }
        "cause" => {
            belongs(MetricName::Duplicates)?;
            if CAUSES.contains(&name) { Ok(()) } else { unknown(Code::BadExpectation, "cause", &CAUSES) }
        }
        _ => {
            belongs(MetricName::CommitFailures)?;
            let codes: Vec<&str> = ErrorCode::ALL.iter().map(|c| c.name()).collect();
            if codes.contains(&name) { Ok(()) } else { unknown(Code::BadExpectation, "error code", &codes) }
        }
    }
}

/// Which metrics go where, with and without op.
fn fits_list(metric: MetricName, op: Option<Op>, list: List, word: &Word<'_>, first: &Word<'_>) -> Parsed<()> {
    let (name, wrong) =
        (metric.name(), |message: String, help: String| Err(mistake(Code::MetricMisused, &word.at, message, help)));
    if let (Some(_), MetricKind::Counter) = (op, metric.kind()) {
        let message = format!("`{name}` is one number, there is nothing to take `{}` of", first.text);
        return Err(mistake(Code::MetricMisused, &first.at, message, format!("write `{name}`")));
    }
    if op.is_some() && metric == MetricName::State {
        let message = format!("`state` is no number, there is no `{}` of it", first.text);
        return Err(mistake(Code::MetricMisused, &first.at, message, None));
    }
    match (metric.kind(), list, op) {
        (MetricKind::Distribution, List::Never, _) => wrong(
            format!("`{name}` is known only when an interval is over, so it cannot stand in `never`"),
            format!("overall = [\"max({name}) < 10s\"]"),
        ),
        (MetricKind::Distribution, _, None) => wrong(
            format!("`{name}` is many figures"),
            format!("say which: max({name}), p99({name}), count({name}) ..."),
        ),
        (MetricKind::Gauge, List::Overall, None) if metric == MetricName::State => wrong(
            "`state` is no number and has no summary over the run".to_string(),
            "write it in `never` or `at-the-end`".to_string(),
        ),
        (MetricKind::Gauge, List::Overall, None) => wrong(
            format!("`{name}` has a value at every instant"),
            format!("say which over the run: max({name}), min({name}) ...; its last value goes to `at-the-end`"),
        ),
        (MetricKind::Gauge, List::Never | List::AtTheEnd, Some(_)) => {
            let message = format!("`{name}` has one value at an instant, there is nothing to take `{}` of", first.text);
            let help = format!("write `{name}` here, or `{}({name})` in `overall`", first.text);
            Err(mistake(Code::MetricMisused, &first.at, message, help))
        }
        _ => Ok(()),
    }
}

/// A sum of states makes no sense: of several groups, one must be named.
fn one_state(filter: &Filter, word: &Word<'_>, cast: &Cast<'_>) -> Parsed<()> {
    let groups: Vec<&str> = cast.groups.iter().filter(|g| !g.standalone).map(|g| g.name.as_str()).collect();
    if filter.group.is_some() || groups.len() == 1 {
        return Ok(());
    }
    let message = format!("`state` of which group? There are {}", groups.len());
    let help = groups.first().map(|group| format!("state(group={group})"));
    Err(mistake(Code::MetricMisused, &word.at, message, help))
}

/// Whether values are times.
fn is_time(metric: MetricName, op: Option<Op>) -> bool {
    let time = matches!(
        metric,
        MetricName::FirstStable
            | MetricName::TimeToStable
            | MetricName::PartitionDowntime
            | MetricName::PartitionStall
            | MetricName::ClientOverlap
            | MetricName::CallTime
            | MetricName::ProduceLatency
    );
    time && op != Some(Op::Count)
}

fn literal(r: &mut Reader<'_>, metric: MetricName, op: Option<Op>) -> Parsed<Literal> {
    r.skip_space();
    if r.text[r.at..].starts_with('-') {
        return Err(r.expected("a number that is not negative"));
    }
    let word = r.word().ok_or_else(|| r.expected("a value"))?;
    if metric == MetricName::State {
        let states: Vec<&str> = GroupState::ALL.iter().map(|s| s.name()).collect();
        if !states.contains(&word.text) {
            let help = suggest(word.text, &states);
            return Err(mistake(Code::BadExpectation, &word.at, format!("no state is {}", quote(word.text)), help));
        }
        return Ok(Literal::State(word.text.to_string()));
    }
    let digits = word.text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(word.text.len());
    let (number, unit) = word.text.split_at(digits);
    let Some(n) = integer(number) else {
        let help = "a whole number, or a time such as 10s".to_string();
        let message = format!("{} is no value", quote(word.text));
        return Err(mistake(Code::BadExpectation, &word.at, message, help));
    };
    let percent = unit.is_empty() && r.text[r.at..].starts_with('%');
    let time = UNITS.iter().find(|u| u.0 == unit).map(|u| u.1);
    let misused = |message: String, help: Option<String>| Err(mistake(Code::MetricMisused, &word.at, message, help));
    match (is_time(metric, op), time) {
        _ if percent => misused(format!("`{}` is not a share in percent", metric.name()), None),
        (true, Some(us)) => n
            .checked_mul(us)
            .map(Literal::Time)
            .ok_or_else(|| mistake(Code::BadExpectation, &word.at, format!("{} is too long", quote(word.text)), None)),
        (true, None) if unit.is_empty() && n == 0 => Ok(Literal::Time(0)),
        (true, None) if unit.is_empty() => {
            misused(format!("`{}` is a time", metric.name()), Some(format!("write a unit: {n}s, {n}ms")))
        }
        (false, None) if unit.is_empty() => Ok(Literal::Number(n)),
        (false, Some(_)) => misused(format!("`{}` is a number, not a time", metric.name()), None),
        _ => {
            let help = "one whole number with one of us, ms, s, m, h: 90s, not 1m30s or 1.5s".to_string();
            Err(mistake(Code::BadExpectation, &word.at, format!("{} is no value", quote(word.text)), help))
        }
    }
}

/// Digits, perhaps with `_` between them.
fn integer(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    if all_digits(&text) { text.parse().ok() } else { None }
}
