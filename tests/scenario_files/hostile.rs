//! Junk, mutants and token soup.

use super::*;
use groupsim::scenario::*;

/// Whatever the text: an answer, in bounded time and memory, whose every diagnostic can be printed.
fn answers(text: &str) {
    let found = match parse("fuzz.toml", text, &[]) {
        Ok(loaded) => loaded.lints,
        Err(errors) => {
            assert!(errors.diagnostics.iter().any(|d| d.severity == Severity::Error));
            errors.diagnostics
        }
    };
    assert!(found.len() <= 100);
    for diagnostic in found {
        assert!(!diagnostic.one_line().is_empty() && !diagnostic.render(false).is_empty());
    }
}

/// Words that scenario files are made of, and some that they are not.
const TOKENS: &[&str] = &[
    "run-for",
    "\"1m\"",
    "=",
    "=",
    "=",
    "\n",
    "\n",
    "\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "[topic.orders]",
    "[group.billing]",
    "[group.billing.config]",
    "[timeline]",
    "events",
    "at",
    "\"9s\"",
    "crash",
    "\"billing-0\"",
    "\"billing-*\"",
    "[expect]",
    "never",
    "\"lost == 0\"",
    "\"max(lag) < 5\"",
    "members",
    "3",
    "-1",
    "99999999999999999999",
    "1e9",
    "true",
    "inf",
    "session.timeout.ms",
    "\"\"",
    "'\u{e9}\u{1f600}'",
    "\"\"\"",
    "2026-01-01",
    "process",
    "commit",
    "when",
    "\"every-n\"",
    "every",
    "times",
    "until",
    "\"0\"",
    "assign",
    "[\"orders:0\"]",
    "topics",
    "static",
    "\"all of billing\"",
    "\"(((((\"",
    "#",
];

/// Values that replace a value of the canonical example.
const VALUES: &[&str] = &[
    "0",
    "-1",
    "9223372036854775807",
    "\"\"",
    "\"0\"",
    "\"99999999999999y\"",
    "true",
    "[]",
    "{}",
    "[[]]",
    "1.5",
    "\"*\"",
    "\"-\"",
    "\"/\"",
    "\"%\"",
    "\"\u{1f600}\"",
    "{ a = { b = [ { c = 1 } ] } }",
    "\"18446744073709551615s\"",
    "\"9s..\"",
    "\"..\"",
    "\"any 99999999999 of billing\"",
    "\"((\"",
    "\"max(\"",
    "\"lag(partition=)\"",
    "\"lag() == \"",
    "\"9999999999999999999/1us\"",
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes_get_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        if let Err(errors) = parse_bytes("fuzz.toml", &bytes, &[]) {
            assert!(!errors.to_string().is_empty());
        }
        answers(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn token_soup_gets_an_answer(picks in proptest::collection::vec(0..TOKENS.len(), 0..60)) {
        let words: Vec<&str> = picks.iter().map(|&i| TOKENS[i]).collect();
        answers(&words.join(" "));
        answers(&format!("{SMALL}{}", words.join(" ")));
    }

    #[test]
    fn mutants_of_the_canonical_example_get_an_answer(
        edits in proptest::collection::vec((0..CANONICAL.len(), 0..6usize, proptest::char::any()), 1..6),
    ) {
        let mut text = CANONICAL.to_string();
        for (at, delete, insert) in edits {
            let mut at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let end = text[at..].char_indices().nth(delete).map_or(text.len(), |(i, _)| at + i);
            text.replace_range(at..end, insert.encode_utf8(&mut [0; 4]));
        }
        answers(&text);
    }

    #[test]
    fn wrong_values_in_the_canonical_example_get_an_answer(line in 0..45usize, value in 0..VALUES.len(), set in 0..VALUES.len()) {
        let lines: Vec<String> = CANONICAL
            .lines()
            .enumerate()
            .map(|(i, text)| match text.split_once('=') {
                Some((key, _)) if i == line && !text.trim_start().starts_with('{') => format!("{key}= {}", VALUES[value]),
                _ => text.replace("\"billing-2\"", if i == line { VALUES[value] } else { "\"billing-2\"" }),
            })
            .collect();
        answers(&lines.join("\n"));
        for key in ["members", "run-for", "session.timeout.ms", "timeline.events.0.at", "topic.orders.produce", "expect.never", VALUES[value]] {
            if let Err(errors) = parse("set.toml", CANONICAL, &[(key, VALUES[set])]) {
                errors.diagnostics.iter().for_each(|d| assert!(!d.render(false).is_empty()));
            }
        }
    }
}

#[test]
fn deep_nesting_and_large_junk_are_refused_in_bounded_time() {
    let started = std::time::Instant::now();
    for junk in [
        "[".repeat(200_000),
        format!("a = {}", "[".repeat(500_000)),
        format!("a = {}", "{a=".repeat(200_000)),
        format!("[{}]", vec!["a"; 100_000].join(".")),
        format!("{}=1", vec!["a"; 100_000].join(".")),
        (0..60_000).map(|i| format!("k{i} = {i}\n")).collect(),
        format!("{SMALL}[timeline]\nevents = [{}]", "{ at = \"1s\", crash = \"b*\" },".repeat(20_000)),
        format!(
            "{SMALL}[group.billing.member]\n{}",
            (0..20_000).map(|i| format!("\"b*{i}\" = {{}}\n")).collect::<String>()
        ),
        format!("{SMALL}[expect]\nnever = [\"{}\"]", "max(".repeat(200_000)),
        format!("name = \"{}\"", "x".repeat(1_000_000)),
    ] {
        let case = std::time::Instant::now();
        answers(&junk);
        assert!(case.elapsed().as_secs() < 20, "{:?}: {}", case.elapsed(), &junk[..60]);
    }
    let crowd = SMALL.replace("members = 2", "members = 10_000");
    let globs: String = (0..15_000).map(|i| format!("{{ at = \"1s\", crash = \"b*-{i}?\" }},")).collect();
    answers(&format!("{crowd}[timeline]\nevents = [{globs}]"));
    assert_eq!(loads(&crowd, &[]).scenario.groups[0].member_configs.len(), 10_000);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
