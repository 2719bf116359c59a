//! What the unit tests of rules ask of ours, and what Kafka was asked: the same, or the test fails. Compiled into unit tests.

use serde_json::Value;
use std::cell::Cell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

thread_local! {
    /// How many rigs of this thread's test are over.
    static OVER: Cell<usize> = const { Cell::new(0) };
}

/// One rig of a test is through. Its commands are compared with the recording of that test in `tests/recorded/rules`, or
/// written down if `GROUPSIM_RIG_RECORD` names a folder. The error says what
/// is wrong.
pub fn settle(test: &str, commands: &[Value]) -> Result<(), String> {
    let number = OVER.get();
    OVER.set(number + 1);
    match std::env::var_os("GROUPSIM_RIG_RECORD") {
        Some(folder) => write(commands, &PathBuf::from(folder).join(format!("{test}.jsonl")), number),
        None => check(commands, test, number),
    }
}

/// Whether a rig's commands begin with this one.
fn begins(command: &Value) -> bool {
    command["op"] == "config" || command["id"] == 1 && command["op"] == "assign"
}

fn write(commands: &[Value], path: &Path, number: usize) -> Result<(), String> {
    let before = if number == 0 { String::new() } else { std::fs::read_to_string(path).unwrap_or_default() };
    let mut text = before;
    for command in commands {
        let _ = writeln!(text, "{command}");
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn check(commands: &[Value], test: &str, number: usize) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/rules").join(format!("{test}.jsonl"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Err(format!("Kafka has not been asked what {test} asks ({ANEW})"));
    };
    let lines = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let recorded = lines.map(|mut line| line["do"].take());
    let mut of_this = Vec::new();
    let mut sections = 0;
    for command in recorded {
        sections += usize::from(begins(&command));
        if sections == number + 1 {
            of_this.push(command);
        }
    }
    if let Some(config) = of_this.first_mut().and_then(Value::as_object_mut) {
        // Kafka's hash order, which the recorder chose.
        config.remove("seed");
    }
    if of_this == commands {
        return Ok(());
    }
    let at = of_this.iter().zip(commands).position(|(was, is)| was != is);
    let at = at.unwrap_or(of_this.len().min(commands.len()));
    let shown = |commands: &[Value]| commands.get(at).map_or("nothing more".to_owned(), Value::to_string);
    let (was, is) = (shown(&of_this), shown(commands));
    Err(format!("{test} asks something else than Kafka was asked ({ANEW})\nthen {was}\nnow  {is}"))
}

const ANEW: &str = "tests/kafka/rules.sh asks it, docs/fidelity.md says how";

/// The name of the test that runs here, if it bears the id of a rule: `state_08_becoming_empty`, `assign_rr_01_...`.
pub fn test_of_a_rule() -> Option<String> {
    let thread = std::thread::current();
    let name = thread.name()?.rsplit("::").next()?.to_owned();
    let is = |word: &str, of: fn(char) -> bool| !word.is_empty() && word.chars().all(of);
    let words: Vec<&str> = name.split('_').collect();
    let number = words.iter().position(|word| word.len() == 2 && is(word, |c| c.is_ascii_digit()))?;
    let is_rule = (1..=2).contains(&number) && words[..number].iter().all(|word| is(word, |c| c.is_ascii_lowercase()));
    is_rule.then_some(name)
}
