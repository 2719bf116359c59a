//! The examples are what they say they are: each is built and run, and what it prints is checked.

use std::path::Path;
use std::process::Command;

/// What an example prints.
fn output(name: &str) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline", "--example", name]).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    // The library as this test has it, so that nothing is built twice.
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    if cfg!(feature = "kafka") {
        cargo.args(["--features", "kafka"]);
    }
    let run = cargo.output().expect("cargo runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("it prints text")
}

#[test]
fn a_strategy_that_commits_what_was_delivered_is_caught() {
    assert_eq!(
        output("commit_on_a_timer"),
        "lost 30, duplicates 0\n\
         29 records of orders-0 were never finished: auto-0 committed beyond them at 9.115s and auto-0 ended with them in hand at 10.050s\n"
    );
}

#[test]
fn a_strategy_that_commits_what_is_done_loses_nothing() {
    assert_eq!(
        output("commit_what_is_done"),
        "lost 0, duplicates 9\n\
         orders-0 came back to auto-0 with 9 processed, uncommitted records because auto-0 crashed before its next commit\n"
    );
}
