//! The rules of Kafka's protocol and the tests that show them.
//!
//! `docs/rules.csv` lists every rule by id. A test bears the id of the rule that it shows at the start of its name, in lower
//! case with underscores: `fn join_05_...`, `fn assign_range_01_...`. A rule marked `first landing` must have one; the count
//! is printed with every run of the tests.
//!
//! Beside it stands how many rules Kafka itself has confirmed, read off what was recorded and not off a list:
//! - in the harness: all that the tests of the rule ask of ours was asked of Kafka's coordinator (or, for ASSIGN, of its Java
//!   client's assignors) and answered alike, and `tests/recorded` holds the answers (docs/fidelity.md). Where one of several
//!   tests asks what the harness cannot be asked, the rule is confirmed in part only and does not count;
//! - over TCP: a test in `tests/differential/tcp*` shows it on a real broker, or `tests/recorded/tcp` or
//!   `tests/recorded/cross-check` hold what was seen of it there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// A line of `docs/rules.csv`.
struct Rule {
    id: String,
    section: String,
    /// 1: core of the broker; 2: the rest.
    tier: u32,
    /// Whether a test must show it already.
    required: bool,
    statement: String,
}

impl Rule {
    /// How a test's name begins: `join_05_`.
    fn prefix(&self) -> String {
        format!("{}_", self.id.to_lowercase().replace('-', "_"))
    }
}

fn read_rules(text: &str) -> Vec<Rule> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let read = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a line of docs/rules.csv");
        let applies = &record[3];
        assert!(applies == "first landing" || applies == "later", "{}: applies `{applies}`?", &record[0]);
        Rule {
            id: record[0].to_owned(),
            section: record[1].to_owned(),
            tier: record[2].parse().expect("tier is 1 or 2"),
            required: applies == "first landing",
            statement: record[4].to_owned(),
        }
    };
    reader.records().map(read).collect()
}

fn rules() -> Vec<Rule> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.csv");
    read_rules(&std::fs::read_to_string(file).expect("docs/rules.csv"))
}

/// The names of the functions that are marked `#[test]`.
fn test_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("fn ") {
            if marked {
                names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
            marked = false;
        } else if line == "#[test]" {
            marked = true;
        } else if !line.starts_with("#[") && !line.starts_with("//") && !line.is_empty() {
            marked = false;
        }
    }
    names
}

fn collect_tests(folder: &Path, into: &mut BTreeSet<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect_tests(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.extend(test_names(&std::fs::read_to_string(&path).expect("a readable source file")));
        }
    }
}

fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    collect_tests(&root.join("src"), &mut names);
    collect_tests(&root.join("tests"), &mut names);
    names
}

/// The names (without ending) of the recordings in a folder of `tests/recorded`, as names of tests.
fn recordings(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeSet::new() };
    let files =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    files.filter_map(|path| Some(format!("{}_", path.file_stem()?.to_str()?.replace('-', "_")))).collect()
}

/// What Kafka confirmed, by the names of tests and recordings.
struct Confirmed {
    in_harness: BTreeSet<String>,
    /// Tests of coordinator and assignors that have no recording.
    not_in_harness: BTreeSet<String>,
    over_tcp: BTreeSet<String>,
}

impl Confirmed {
    fn read() -> Confirmed {
        let mut in_harness = recordings("rules");
        let mut not_in_harness = BTreeSet::new();
        for folder in ["src/broker/coordinator/tests", "src/assignor"] {
            collect_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut not_in_harness);
        }
        not_in_harness.retain(|name| !in_harness.contains(&format!("{name}_")));
        // Sequences written for one rule each, state-12.jsonl and the like.
        in_harness.extend(recordings(""));
        let mut over_tcp = recordings("tcp");
        over_tcp.extend(recordings("cross-check"));
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential");
        for path in std::fs::read_dir(tests).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            if name == "tcp" {
                collect_tests(&path, &mut over_tcp);
            } else if name.starts_with("tcp") && name.ends_with(".rs") {
                over_tcp.extend(test_names(&std::fs::read_to_string(&path).expect("a readable source file")));
            }
        }
        Confirmed { in_harness, not_in_harness, over_tcp }
    }

    fn in_part(&self, rule: &Rule) -> bool {
        is_named(rule, &self.in_harness) && is_named(rule, &self.not_in_harness)
    }
}

/// Whether one of `names` is about a rule: `join_10_...`, or `join_10_and_join_12_...` for the second one.
fn is_named(rule: &Rule, names: &BTreeSet<String>) -> bool {
    let (prefix, second) = (rule.prefix(), format!("_and_{}", rule.prefix()));
    is_shown(rule, names) || names.iter().any(|name| name.contains(&second) && !name.starts_with(&prefix))
}

fn is_shown(rule: &Rule, tests: &BTreeSet<String>) -> bool {
    let prefix = rule.prefix();
    tests.range(prefix.clone()..).next().is_some_and(|name| name.starts_with(&prefix))
}

/// Tests whose name begins as an id does, but with a number that no rule has.
fn strangers<'a>(rules: &[Rule], tests: &'a BTreeSet<String>) -> Vec<&'a str> {
    let stem = |rule: &Rule| rule.prefix().trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').to_owned() + "_";
    let stems: BTreeSet<String> = rules.iter().map(stem).collect();
    let prefixes: BTreeSet<String> = rules.iter().map(Rule::prefix).collect();
    let is_strange = |name: &&str| {
        let after = stems.iter().filter_map(|stem| name.strip_prefix(stem.as_str()).map(|rest| (stem, rest)));
        after.into_iter().any(|(stem, rest)| {
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            !number.is_empty() && !prefixes.contains(&format!("{stem}{number}_"))
        })
    };
    tests.iter().map(String::as_str).filter(is_strange).collect()
}

/// Section, rules, rules with a test, required rules, required rules with a test, confirmed in the harness, over TCP, and
/// either way.
fn table(rules: &[Rule], tests: &BTreeSet<String>, confirmed: &Confirmed) -> String {
    let mut order: Vec<&str> = Vec::new();
    let mut counts: BTreeMap<&str, [usize; 7]> = BTreeMap::new();
    for rule in rules {
        if !order.contains(&rule.section.as_str()) {
            order.push(&rule.section);
        }
        let shown = is_shown(rule, tests);
        let (harness, tcp) =
            (is_named(rule, &confirmed.in_harness) && !confirmed.in_part(rule), is_named(rule, &confirmed.over_tcp));
        for section in [rule.section.as_str(), "all"] {
            let row = counts.entry(section).or_default();
            let add = [true, shown, rule.required, rule.required && shown, harness, tcp, harness || tcp];
            row.iter_mut().zip(add).for_each(|(count, add)| *count += usize::from(add));
        }
    }
    let mut text = String::from("\n                                                 confirmed by a real Kafka\n");
    text += "section   rules  with test   required  with test   in harness  over TCP  either\n";
    for section in order.into_iter().chain(["all"]) {
        let [rules, shown, required, required_shown, harness, tcp, either] = counts[section];
        let _ = write!(text, "{section:<9} {rules:>5} {shown:>10} {required:>10} {required_shown:>10}");
        let _ = writeln!(text, " {harness:>12} {tcp:>9} {either:>7}");
    }
    let in_part: Vec<&str> = rules.iter().filter(|rule| confirmed.in_part(rule)).map(|rule| rule.id.as_str()).collect();
    let _ = writeln!(text, "in harness in part only, not counted: {}", in_part.join(" "));
    text
}

#[test]
fn every_required_rule_has_a_test() {
    let (rules, tests) = (rules(), tests());
    // Not through `print!`, which the test harness keeps to itself: the count is for every reader of the output.
    let _ = std::io::stderr().write_all(table(&rules, &tests, &Confirmed::read()).as_bytes());
    let missing: Vec<String> = rules
        .iter()
        .filter(|rule| rule.required && !is_shown(rule, &tests))
        .map(|rule| format!("{} has no test `{}...`: {}", rule.id, rule.prefix(), rule.statement))
        .collect();
    assert!(missing.is_empty(), "\n{}\n{} rules without a test", missing.join("\n"), missing.len());
}

#[test]
fn every_recording_of_a_rule_has_its_test() {
    let tests: BTreeSet<String> = tests().into_iter().map(|name| format!("{name}_")).collect();
    let recorded = recordings("rules");
    assert!(recorded.len() > 150, "{} recordings", recorded.len());
    assert_eq!(recorded.difference(&tests).collect::<Vec<_>>(), [] as [&String; 0], "no such tests");
}

#[test]
fn no_test_bears_an_id_that_no_rule_has() {
    let (rules, tests) = (rules(), tests());
    assert_eq!(strangers(&rules, &tests), [] as [&str; 0]);
}

#[test]
fn the_list_of_rules_is_whole() {
    let rules = rules();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!((rules.len(), ids.len()), (223, 223));
    assert_eq!(rules.iter().filter(|rule| rule.tier == 1).count(), 138);
    assert!(rules.iter().filter(|rule| rule.tier == 1).all(|rule| rule.required), "the first tier is required");
    assert!(rules.iter().all(|rule| rule.id.starts_with(&format!("{}-", rule.section)) && !rule.statement.is_empty()));
}

#[test]
fn the_counter_trips() {
    let list = "id,section,tier,applies,statement\nJOIN-05,JOIN,1,first landing,\"a, b\"\nJOIN-06,JOIN,1,later,c\n\
                ASSIGN-RR-01,ASSIGN,2,first landing,d\n";
    let rules = read_rules(list);
    let source = "#[test]\nfn join_05_x() {}\nfn assign_rr_01_helper() {}\n#[test]\n/// doc\nfn join_7_y() {}\n\
                  #[test]\n\nlet x = 1;\nfn join_06_no() {}\nproptest! {\n    #[test]\n    fn assign_rr_09_p(a in 0..1) {}\n}";
    let tests: BTreeSet<String> = test_names(source).into_iter().collect();
    assert_eq!(tests.iter().collect::<Vec<_>>(), ["assign_rr_09_p", "join_05_x", "join_7_y"]);
    let shown: Vec<bool> = rules.iter().map(|rule| is_shown(rule, &tests)).collect();
    assert_eq!(shown, [true, false, false]);
    assert_eq!(strangers(&rules, &tests), ["assign_rr_09_p", "join_7_y"]);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let confirmed = Confirmed {
        in_harness: names(&["join_05_x_", "join_06_y_", "state_12_"]),
        not_in_harness: names(&["join_06_z"]),
        over_tcp: names(&["join_05_and_assign_rr_01_over_tcp"]),
    };
    let expected = "
                                                 confirmed by a real Kafka
section   rules  with test   required  with test   in harness  over TCP  either
JOIN          2          1          1          1            1         1       1
ASSIGN        1          0          1          0            0         1       1
all           3          1          2          1            1         2       2
in harness in part only, not counted: JOIN-06
";
    assert_eq!(table(&rules, &tests, &confirmed), expected);
}
