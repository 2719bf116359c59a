//! Names of members, globs over them, and who there can be.

use super::codes::Code;
use super::plan::Selector;
use super::report::{Report, Span, all_digits, grouped, quote, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// Whether `name` fits `glob`, in which `*` stands for any text and `?` for any one character.
pub fn glob_matches(glob: &str, name: &str) -> bool {
    let (glob, name) = (glob.as_bytes(), name.as_bytes());
    let (mut g, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match glob.get(g) {
            Some(b'*') => {
                back = Some((g + 1, n));
                g += 1;
            }
            Some(&c) if c == b'?' || c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match back {
                Some((after, from)) => {
                    back = Some((after, from + 1));
                    (g, n) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|&c| c == b'*')
}

/// Whether a text is a glob and not a plain name.
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// `billing-7` as group and number. Numbers have no leading zeros.
pub(super) fn split_name(name: &str) -> Option<(&str, u64)> {
    let (group, number) = name.rsplit_once('-')?;
    if group.is_empty() || number.len() > 12 || !all_digits(number) || (number.len() > 1 && number.starts_with('0')) {
        return None;
    }
    Some((group, number.parse().ok()?))
}

/// The members that a group can ever have.
#[derive(Clone, Debug, Default)]
pub(super) struct Crew {
    /// NAME-0 .. below this, at the start.
    pub members: u32,
    /// Below this, with `scale` events.
    pub scaled: u32,
    /// Others that `start` events name.
    pub extra: BTreeSet<u32>,
    /// How many more there can be: those that take the place of others under new names (`as = "new"`), numbered after all
    /// the rest.
    pub fresh: u32,
    /// `members` could not be read: any number may be right.
    pub open: bool,
}

impl Crew {
    /// All numbers, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let end = self.members.max(self.scaled);
        (0..end).chain(self.extra.range(end..).copied()).chain(self.fresh_numbers())
    }

    /// The numbers of those that come under new names.
    pub fn fresh_numbers(&self) -> std::ops::Range<u32> {
        let end = self.members.max(self.scaled);
        let first = self.extra.last().map_or(end, |&last| end.max(last.saturating_add(1)));
        first..first.saturating_add(self.fresh)
    }

    /// Names that are not made up for a restart.
    pub fn own_len(&self) -> u64 {
        let end = self.members.max(self.scaled);
        u64::from(end) + self.extra.range(end..).count() as u64
    }

    pub fn len(&self) -> u64 {
        self.own_len() + u64::from(self.fresh)
    }

    fn has(&self, number: u64) -> bool {
        let end = u64::from(self.members.max(self.scaled));
        let known = |n: u32| self.extra.contains(&n) || self.fresh_numbers().contains(&n);
        number < end || self.open || u32::try_from(number).is_ok_and(known)
    }
}

/// Everybody that a file can ever start.
#[derive(Debug, Default)]
pub(super) struct Crews {
    /// By group.
    pub by_group: BTreeMap<String, Crew>,
    /// Producers.
    pub producers: BTreeSet<String>,
    counts: BTreeMap<String, u64>,
    work: u64,
}

/// Comparisons of globs with names that one file may cost.
const MAX_GLOB_WORK: u64 = 20_000_000;

impl Crews {
    /// Whether a member of this name can ever be.
    pub fn has(&self, name: &str) -> bool {
        split_name(name).is_some_and(|(group, number)| self.by_group.get(group).is_some_and(|crew| crew.has(number)))
    }

    /// Members in all.
    pub fn len(&self) -> u64 {
        self.by_group.values().map(Crew::len).sum()
    }

    pub fn groups(&self) -> Vec<&str> {
        self.by_group.keys().map(String::as_str).collect()
    }

    /// How many names fit a glob; `None` if the file has too many globs for so many members.
    pub fn count_glob(&mut self, glob: &str) -> Option<u64> {
        if let Some(&count) = self.counts.get(glob) {
            return Some(count);
        }
        self.work = self.work.saturating_add(self.len().saturating_mul(glob.len() as u64 / 8 + 1));
        if self.work > MAX_GLOB_WORK {
            return None;
        }
        let mut count = 0;
        let mut name = String::new();
        for (group, crew) in &self.by_group {
            for number in crew.numbers() {
                name.clear();
                name.push_str(group);
                name.push('-');
                name.push_str(&number.to_string());
                count += u64::from(glob_matches(glob, &name));
            }
        }
        count += self.producers.iter().filter(|name| glob_matches(glob, name)).count() as u64;
        self.counts.insert(glob.to_string(), count);
        Some(count)
    }

    /// An unknown member's message, with what there is.
    pub fn unknown(&self, report: &mut Report, span: Span, name: &str) {
        let message = format!("there is no member {}", quote(name));
        let help = match split_name(name).and_then(|(group, _)| self.by_group.get_key_value(group)) {
            Some((group, crew)) if crew.len() == 0 => format!("group `{group}` has no members"),
            Some((group, crew)) => {
                let last = crew.members.max(crew.scaled);
                let range = match last {
                    0 => "others".to_string(),
                    1 => format!("only {group}-0"),
                    _ => format!("{group}-0 to {group}-{}", last - 1),
                };
                format!(
                    "group `{group}` has {range}; more if a `start` event names them or a `scale` event goes so far"
                )
            }
            None if self.by_group.contains_key(name) => {
                format!("for all its members write \"all of {name}\" or \"{name}-*\"")
            }
            None => {
                let mut valid: Vec<String> = Vec::new();
                for (group, crew) in &self.by_group {
                    valid.extend(crew.numbers().take(12).map(|n| format!("{group}-{n}")));
                }
                valid.extend(self.producers.iter().take(100).cloned());
                suggest(name, &valid.iter().map(String::as_str).collect::<Vec<_>>())
            }
        };
        report.add(Code::UnknownMember, span, message, help);
    }

    /// Reads a selector. Gives it with the number of members it can be for.
    pub fn selector(&mut self, report: &mut Report, text: &str, span: Span) -> Option<(Selector, u64)> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            [] => {
                report.error(Code::BadSelector, span, "an empty selector");
                None
            }
            [name] if is_glob(name) => {
                let Some(count) = self.count_glob(name) else {
                    let message = format!("too many globs over {} members", grouped(self.len()));
                    report.error(Code::OverLimit, span, message);
                    return None;
                };
                self.check_some(report, span, name, count);
                Some((Selector::Glob(name.to_string()), count))
            }
            [name] if self.has(name) || self.producers.contains(name) => Some((Selector::Name(name.to_string()), 1)),
            [name] => {
                self.unknown(report, span, name);
                None
            }
            ["any", number, "of", group] => {
                let crew = self.group(report, group, span)?.len();
                let wanted = number.parse::<u32>().ok().filter(|&n| n > 0 && all_digits(number));
                let Some(wanted) = wanted else {
                    let message = format!("`any N of GROUP` needs a number from 1, not {}", quote(number));
                    report.error(Code::BadSelector, span, message);
                    return None;
                };
                self.check_some(report, span, text, crew);
                Some((Selector::AnyOf(wanted, group.to_string()), crew.min(u64::from(wanted))))
            }
            ["all", "of", group] => {
                let crew = self.group(report, group, span)?.len();
                self.check_some(report, span, text, crew);
                Some((Selector::AllOf(group.to_string()), crew))
            }
            _ => {
                let help = "a name (billing-2), a glob (billing-*), `any 2 of billing`, or `all of billing`";
                report.add(Code::BadSelector, span, format!("{} is no selector", quote(text)), help.to_string());
                None
            }
        }
    }

    fn check_some(&self, report: &mut Report, span: Span, what: &str, count: u64) {
        if count == 0 && !self.by_group.values().any(|crew| crew.open) {
            report.add(
                Code::MatchesNobody,
                span,
                format!("{} matches nobody: the event does nothing", quote(what)),
                None,
            );
        }
    }

    /// The group of this name.
    pub fn group(&self, report: &mut Report, name: &str, span: Span) -> Option<&Crew> {
        let found = self.by_group.get(name);
        if found.is_none() {
            let message = format!("there is no group {}", quote(name));
            report.unknown(Code::UnknownGroup, span, message, name, &self.groups());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match() {
        for (glob, name, fits) in [
            ("billing-*", "billing-12", true),
            ("billing-*", "billing", false),
            ("*", "", true),
            ("b?lling-?", "billing-3", true),
            ("b?lling-?", "billing-33", false),
            ("*-1*1", "a-b-1x1", true),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaac", false),
        ] {
            assert_eq!(glob_matches(glob, name), fits, "{glob} {name}");
        }
    }

    #[test]
    fn names_split() {
        assert_eq!(split_name("a-b-12"), Some(("a-b", 12)));
        for wrong in ["billing", "billing-", "-1", "billing-01", "billing-x", "billing-9999999999999"] {
            assert_eq!(split_name(wrong), None, "{wrong}");
        }
    }
}
