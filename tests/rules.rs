//! The rules of Kafka's protocol and the tests that show them.
//!
//! `docs/rules.csv` lists every rule by id. A test bears the id of the rule that it shows at the start of its name, in lower
//! case with underscores: `fn join_05_...`, `fn assign_range_01_...`. A rule marked `first landing` must have one; the count
//! is printed with every run of the tests.

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

/// Section, rules, rules with a test, required rules, required rules with a test.
fn table(rules: &[Rule], tests: &BTreeSet<String>) -> String {
    let mut order: Vec<&str> = Vec::new();
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for rule in rules {
        if !order.contains(&rule.section.as_str()) {
            order.push(&rule.section);
        }
        let shown = is_shown(rule, tests);
        for section in [rule.section.as_str(), "all"] {
            let row = counts.entry(section).or_default();
            let add = [true, shown, rule.required, rule.required && shown];
            row.iter_mut().zip(add).for_each(|(count, add)| *count += usize::from(add));
        }
    }
    let mut text = String::from("\nsection   rules  with test   required  with test\n");
    for section in order.into_iter().chain(["all"]) {
        let [rules, shown, required, required_shown] = counts[section];
        let _ = writeln!(text, "{section:<9} {rules:>5} {shown:>10} {required:>10} {required_shown:>10}");
    }
    text
}

#[test]
fn every_required_rule_has_a_test() {
    let (rules, tests) = (rules(), tests());
    // Not through `print!`, which the test harness keeps to itself: the count is for every reader of the output.
    let _ = std::io::stderr().write_all(table(&rules, &tests).as_bytes());
    let missing: Vec<String> = rules
        .iter()
        .filter(|rule| rule.required && !is_shown(rule, &tests))
        .map(|rule| format!("{} has no test `{}...`: {}", rule.id, rule.prefix(), rule.statement))
        .collect();
    assert!(missing.is_empty(), "\n{}\n{} rules without a test", missing.join("\n"), missing.len());
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
    let expected = "\nsection   rules  with test   required  with test\n\
                    JOIN          2          1          1          1\n\
                    ASSIGN        1          0          1          0\n\
                    all           3          1          2          1\n";
    assert_eq!(table(&rules, &tests), expected);
}
