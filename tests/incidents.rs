//! The tables of docs/incidents.md and docs/clients.md are made of runs.
//!
//! `UPDATE_DOCS=1 cargo test --test incidents` writes them anew; without it a difference fails.

use groupsim::ids::Names;
use groupsim::oracle::{Class, Judge, Outcome};
use groupsim::scenario::{Action, Scenario, Selector, load};
use groupsim::sim::{RunOptions, run};
use groupsim::time::{Duration, Instant};
use groupsim::trace::field::FieldValue;
use groupsim::trace::{Event, Kind, Observer};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    // A file with the fix comes after the one without.
    files.sort_by_key(|path| (name(path).trim_end_matches("-fixed").to_owned(), name(path)));
    files
}

fn name(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

#[derive(Default)]
struct Keep {
    events: Vec<Event>,
}

impl Observer for Keep {
    fn observe(&mut self, event: &Event, _: &Names) {
        self.events.push(*event);
    }
}

struct Ran {
    scenario: Scenario,
    outcome: Outcome,
    events: Vec<Event>,
    names: Names,
}

fn ran(path: &Path) -> Ran {
    let scenario = load(path, &[]).unwrap_or_else(|errors| panic!("{errors:?}")).scenario;
    let (lost, skipped) = (scenario.promises.lost_mentioned, scenario.promises.skipped_mentioned);
    let mut judge = Judge::new(&scenario.expect, lost, skipped);
    let mut keep = Keep::default();
    let end = run(&scenario, RunOptions::default(), &mut [&mut judge, &mut keep]);
    let outcome = judge.finish(&end.names, end.virtual_time);
    let broken: Vec<_> = outcome.expectations.iter().filter(|judged| !judged.held).collect();
    assert!(broken.is_empty(), "{}: {broken:#?}", path.display());
    assert!(outcome.findings.iter().all(|finding| finding.class != Class::Model), "{}", path.display());
    Ran { scenario, outcome, events: keep.events, names: end.names }
}

/// The paragraphs of the comment at the head of a file that begin with a word and a colon.
fn header(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).expect("the file");
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in text.lines().take_while(|line| line.starts_with('#')) {
        let line = line.trim_start_matches('#').trim();
        let key = line.split_once(": ").map(|(key, rest)| (key.to_owned(), rest.trim().to_owned()));
        match key.filter(|(key, _)| key.chars().all(char::is_alphabetic) && key.starts_with(char::is_uppercase)) {
            Some((key, rest)) => {
                fields.insert(key.clone(), rest);
                current = Some(key);
            }
            None if line.is_empty() => current = None,
            None => {
                if let Some(text) = current.as_ref().and_then(|key| fields.get_mut(key)) {
                    text.push(' ');
                    text.push_str(line);
                }
            }
        }
    }
    fields
}

/// Repositories that files are named after.
const REPOSITORIES: [&str; 4] = ["IBM/sarama", "segmentio/kafka-go", "twmb/franz-go", "confluentinc/librdkafka"];

/// `owner/repo#12` and addresses of issues, as a link.
fn link(text: &str, file: &str) -> String {
    let address = |word: &str| word.strip_prefix("https://github.com/").map(str::to_owned);
    for word in text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/')) {
        if let Some(path) = address(word) {
            let parts: Vec<&str> = path.split('/').collect();
            if let [_, repo, _, number] = parts[..] {
                return format!("[{repo}#{number}]({word})");
            }
        }
        if let Some(number) = word.strip_prefix("KAFKA-") {
            return format!("[KAFKA-{number}](https://issues.apache.org/jira/browse/KAFKA-{number})");
        }
        if let Some((repo, number)) = word.split_once('#')
            && repo.contains('/')
            && number.chars().all(|c| c.is_ascii_digit())
        {
            let short = repo.rsplit('/').next().unwrap_or(repo);
            return format!("[{short}#{number}](https://github.com/{repo}/issues/{number})");
        }
    }
    // `sarama-1287-mark-out-of-order`
    let (repo, number) = REPOSITORIES
        .iter()
        .find_map(|repo| {
            Some((repo, file.strip_prefix(repo.rsplit('/').next()?)?.strip_prefix('-')?.split('-').next()?))
        })
        .unwrap_or_else(|| panic!("{file}: no reference in {text:?}, nor in its name"));
    format!("[{}#{number}](https://github.com/{repo}/issues/{number})", repo.rsplit('/').next().unwrap_or(repo))
}

/// Puts `table` between the two marks of a page, or fails if something else stands there.
fn hold(page: &str, mark: &str, table: &str) {
    let path = root().join("docs").join(page);
    let text = std::fs::read_to_string(&path).expect("the page");
    let (begin, end) = (format!("<!-- {mark}: made by tests/incidents.rs -->\n"), format!("<!-- end of {mark} -->"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("{page} has no mark {begin}")) + begin.len();
    let to = from + text[from..].find(&end).unwrap_or_else(|| panic!("{page} has no mark {end}"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{table}{}", &text[..from], &text[to..])).expect("the page can be written");
    } else {
        assert_eq!(&text[from..to], table, "docs/{page}: run UPDATE_DOCS=1 cargo test --test incidents");
    }
}

/// `skipped` 1, `lost` 0
fn figures(outcome: &Outcome) -> String {
    let shown =
        outcome.expectations.iter().filter(|judged| ["never", "overall"].contains(&judged.list)).map(|judged| {
            let value = judged.text.split([' ', '=', '<', '>', '!']).next().unwrap_or(&judged.text);
            let value = if judged.text.starts_with(value) && judged.text.contains(')') {
                &judged.text[..=judged.text.rfind(')').unwrap_or(0)]
            } else {
                value
            };
            format!("`{value}` {}", judged.measured)
        });
    let mut all: Vec<String> = Vec::new();
    for figure in shown {
        if !all.contains(&figure) {
            all.push(figure);
        }
    }
    all.join(", ")
}

#[test]
fn the_table_of_incidents_is_made_of_runs() {
    let mut table = "| incident | reported, or the fix | simulated | agrees |\n|---|---|---|---|\n".to_owned();
    let mut names = BTreeSet::new();
    for path in files("scenarios/incidents") {
        let file = name(&path);
        let fields = header(&path);
        let plain = path.with_file_name(format!("{}.toml", file.trim_end_matches("-fixed")));
        let of_plain = if plain.exists() { header(&plain) } else { BTreeMap::new() };
        let field = |name: &str| fields.get(name).map(String::as_str);
        let either = |name: &str| field(name).or(of_plain.get(name).map(String::as_str));
        let said_in_head = |name: &str| either(name).unwrap_or_else(|| panic!("{file}: the head has no `{name}:`"));
        let reference = said_in_head("Incident");
        let fixed = file.ends_with("-fixed");
        let said = match fixed && plain.exists() {
            true => {
                assert!(field("Reported").is_none(), "{file}: what was reported stands in the file without the fix");
                assert!(field("Expected").is_some(), "{file}: the head has no `Expected:`");
                field("Fix").unwrap_or_else(|| panic!("{file}: the head has no `Fix:`"))
            }
            false => said_in_head("Reported"),
        };
        let agrees = said_in_head("Agrees");
        let Ran { outcome, scenario, .. } = ran(&path);
        assert!(names.insert(scenario.name.clone()), "{file}: another file has the name {:?}", scenario.name);
        table.push_str(&format!(
            "| {}{} | {} | {} ([scenario](../scenarios/incidents/{file}.toml)) | {} |\n",
            link(reference, &file),
            if fixed { ", fixed" } else { "" },
            said.replace('|', "\\|"),
            figures(&outcome),
            agrees.replace('|', "\\|"),
        ));
    }
    hold("incidents.md", "incidents", &table);
}

/// Events of a member, in order.
fn of_member<'a>(ran: &'a Ran, who: &str) -> Vec<&'a Event> {
    let actor = ran.events.iter().find_map(|event| match event.kind {
        Kind::MetaActor { subject, name, .. } if ran.names.text(name) == who => Some(subject),
        _ => None,
    });
    let actor = actor.expect("the member");
    ran.events.iter().filter(|event| event.actor == actor).collect()
}

#[test]
fn franz_go_137_commits_wait_for_the_end_of_a_join() {
    let ran = ran(&root().join("scenarios/incidents/franz-go-137-commit-between-two-phases-fixed.toml"));
    let events = of_member(&ran, "billing-0");
    let named = |event: &Event, kinds: &[&str]| kinds.contains(&event.kind.name());
    let joins: Vec<usize> = (0..events.len()).filter(|at| named(events[*at], &["join_sent"])).collect();
    let rejoins = &joins[joins.len() - 2..];
    for from in rejoins {
        let before = events[..*from].iter().rev().find(|event| named(event, &["commit_sent", "commit_reply_seen"]));
        let before = before.expect("a commit before the join");
        assert_eq!(
            (before.kind.name(), before.t),
            ("commit_reply_seen", events[*from].t),
            "the join waits for a commit"
        );
        let joined = from + events[*from..].iter().position(|event| named(event, &["joined"])).expect("the end");
        let sent = events[*from..joined].iter().filter(|event| named(event, &["commit_sent"])).count();
        assert_eq!(sent, 0, "commits that were sent during a join");
        let next =
            events[joined..].iter().find(|event| named(event, &["commit_sent"])).expect("a commit after the join");
        assert_eq!(next.t, events[joined].t, "a commit has waited for the end of the join");
    }
}

#[test]
fn kafka_14196_nothing_is_handed_out_while_the_commit_before_a_rejoin_is_under_way() {
    let ran = ran(&root().join("scenarios/incidents/kafka-14196-records-after-the-revoke-commit.toml"));
    let mut seen = 0;
    for who in ["app-0", "app-1"] {
        let events = of_member(&ran, who);
        let revoking = |event: &Event| {
            event.kind.name() == "commit_partition_sent" && text(event, "origin", &ran.names) == "revoke"
        };
        for (at, commit) in events.iter().enumerate().filter(|(_, event)| revoking(event)) {
            let offset: u64 = text(commit, "offset", &ran.names).parse().expect("an offset");
            let joins = events[at..].iter().position(|event| event.kind.name() == "join_sent").expect("the rejoin");
            let until = &events[at..at + joins];
            assert_eq!(events[at + joins].t.since(commit.t), Duration::from_ms(400), "{who}: the way there and back");
            let delivered = until.iter().filter(|event| event.kind.name() == "delivered").count();
            assert_eq!(delivered, 0, "{who}: records that were handed out while the commit was under way");
            seen += usize::from(offset < 10_000);
        }
    }
    assert!(seen >= 4, "{seen} partitions were committed before a rejoin with more in the log");
}

/// Files that play a row of the table of stuck handlers, in its order.
const STUCK: [(&str, &str); 7] = [
    ("sarama", "scenarios/clients/sarama-stuck-handler.toml"),
    ("kafka-go", "scenarios/clients/kafka-go-stuck-handler.toml"),
    ("franz-go", "scenarios/clients/franz-go-stuck-handler.toml"),
    ("franz-go, BlockRebalanceOnPoll", "scenarios/clients/franz-go-stuck-handler-blocked.toml"),
    ("librdkafka", "scenarios/questions/librdkafka-stuck-handler.toml"),
    ("Java classic", "scenarios/clients/java-stuck-handler.toml"),
    ("Java classic, static", "scenarios/clients/java-stuck-handler-static.toml"),
];

fn text(event: &Event, field: &str, names: &Names) -> String {
    match event.kind.fields(names).into_iter().find(|(name, _)| *name == field).map(|(_, value)| value) {
        Some(FieldValue::Text(text)) => text,
        Some(FieldValue::Int(n)) => n.to_string(),
        None => String::new(),
    }
}

/// What became of the member whose handler hangs.
fn stuck_row(label: &str, file: &str, ran: &Ran) -> String {
    let stuck = ran.scenario.timeline.iter().find_map(|event| match &event.action {
        Action::Stuck { who: Selector::Name(who), duration } => Some((who, event.at.0, *duration)),
        _ => None,
    });
    let (who, from, duration) = stuck.expect("somebody hangs");
    let until = from + duration.unwrap_or(Duration::from_secs(1_000_000));
    let actor = ran.events.iter().find_map(|event| match event.kind {
        Kind::MetaActor { subject, name, .. } if ran.names.text(name) == who.as_str() => Some(subject),
        _ => None,
    });
    let actor = actor.expect("the member");
    let during = |event: &&Event| event.t > from && event.t < until;
    let mut beats = ran.events.iter().filter(during).filter(|e| e.actor == actor && e.kind.name() == "heartbeat_sent");
    let last_beat = beats.next_back().map(|event| event.t);
    let ended = until.min(Instant::ZERO + ran.scenario.run_for);
    let beats = match last_beat {
        Some(at) if ended.since(at) < Duration::from_secs(7) => "yes, as long as it hangs".to_owned(),
        Some(at) => format!("for {}", seconds(at.since(from))),
        None => "no".to_owned(),
    };
    let own = |event: &&Event| text(event, "client", &ran.names) == actor.0.to_string();
    let added = ran.events.iter().filter(|e| e.kind.name() == "member_added").filter(own);
    let ids: Vec<String> = added.map(|event| text(event, "member", &ran.names)).collect();
    let gone =
        |event: &&Event| event.kind.name() == "member_removed" && ids.contains(&text(event, "member", &ran.names));
    let removed = ran.events.iter().filter(during).find(gone);
    let removed = removed.map_or("never".to_owned(), |event| {
        let reason = text(event, "reason", &ran.names);
        let after = seconds(event.t.since(from));
        let mut begun = ran.events.iter().filter(|e| e.t <= event.t && e.kind.name() == "group_state");
        let begun = begun.rfind(|e| text(e, "to", &ran.names) == "PreparingRebalance");
        match begun.filter(|_| reason == "rebalance_timeout") {
            Some(begun) => format!("after {after}, {} after a rebalance began", seconds(event.t.since(begun.t))),
            None => format!("after {after} ({reason})"),
        }
    });
    let stable = ran.outcome.total.samples.get("time_to_stable").map(|samples| samples.values.iter().copied().max());
    let waits = stable.flatten().unwrap_or(0);
    let numbers = &ran.outcome.total.numbers;
    let failures = &ran.outcome.total.commit_failures_by_code;
    let failed: Vec<String> = failures.iter().map(|(code, count)| format!("{count} {code}")).collect();
    let refused = ran.events.iter().filter(|e| e.actor == actor && e.kind.name() == "commit_failed").count();
    let commits = match (failed.is_empty(), refused) {
        (true, 0) => "none".to_owned(),
        (true, count) => format!("{count}, by the client itself"),
        (false, _) => failed.join(", "),
    };
    format!(
        "| {label} | {beats} | {} | {removed} | {commits} | {} | {} | [{}](../{file}) |\n",
        seconds(Duration::from_us(waits as u64)),
        numbers["duplicates"],
        numbers["rebalances"],
        name(Path::new(file)),
    )
}

fn seconds(duration: Duration) -> String {
    let tenths = (duration.as_us() + 50_000) / 100_000;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[test]
fn the_table_of_stuck_handlers_is_made_of_runs() {
    let mut table = "| library | heartbeats go on | longest rebalance | dropped | refused commits | duplicates | rebalances | played by |\n\
                     |---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (label, file) in STUCK {
        let path = root().join(file);
        if path.exists() {
            table.push_str(&stuck_row(label, file, &ran(&path)));
        }
    }
    hold("clients.md", "stuck handlers", &table);
}
