//! The program from outside: exit codes, what is on stdout and what on stderr, files it writes.

mod charts;
mod explain;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A scenario that holds.
const GOOD: &str = r#"
name    = "two members, quiet"
run-for = "30s"
seed    = 7

[topic.orders]
partitions = 4
produce    = "20/s"

[group.billing]
members = 2
process = { per-record = "1ms" }
commit  = { when = "after-batch", mode = "sync" }

[group.billing.config]
auto.offset.reset = "earliest"

[expect]
at-the-end = ["state == Stable", "members == 2"]
overall    = ["lost == 0", "duplicates == 0"]
"#;

/// A scenario whose promise is wrong: a member leaves, so there is a rebalance.
fn bad() -> String {
    let expect =
        "[timeline]\nevents = [{ at = \"15s\", stop = \"billing-1\" }]\n\n[expect]\nnever = [\"rebalances > 0\"]";
    GOOD.replace("[expect]", expect).replace("seed    = 7", "").replace("at-the-end", "# at-the-end")
}

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs groupsim in this directory.
    fn groupsim(&self, args: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_groupsim"))
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Run::of(output)
    }

    fn entries(&self) -> Vec<String> {
        let mut all: Vec<String> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        all.sort();
        all
    }
}

#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn of(output: Output) -> Run {
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        assert!(!self.out.contains('\u{1b}') && !self.err.contains('\u{1b}'), "no colours into a pipe");
        self
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn help_teaches_and_a_wrong_command_line_is_exit_2() {
    let place = Place::new();
    let help = place.groupsim(&["--help"]).exits(0);
    for word in ["Exit codes", "Examples", "run", "describe", "130"] {
        assert!(help.out.contains(word), "{word}");
    }
    assert_eq!(help.err, "");
    for command in ["run", "check", "describe", "chart", "explain", "new", "schema", "completions"] {
        assert!(place.groupsim(&[command, "--help"]).exits(0).out.contains("Usage: groupsim"), "{command}");
    }
    for wrong in [
        &[][..],
        &["dance"],
        &["run"],
        &["run", "absent.toml"],
        &["run", "x.toml", "--seed", "many"],
        &["run", "x.toml", "--set", "novalue"],
        &["run", "x.toml", "--until", "soon"],
        &["chart", "x.toml", "-o", "x.svg", "--around", "e0"],
        &["new", "nothing-like-that"],
    ] {
        let run = place.groupsim(wrong).exits(2);
        assert_eq!(run.out, "", "{wrong:?}");
        assert!(!run.err.is_empty(), "{wrong:?}");
    }
}

#[test]
fn planned_commands_say_so() {
    let place = Place::new();
    for args in [
        &["sweep", "x.toml", "--seeds", "5"][..],
        &["merge", "a", "b"],
        &["diff", "a", "b"],
        &["chart", "x.toml", "-o", "x.png"],
        &["chart", "x.toml", "-o", "x.html"],
    ] {
        let run = place.groupsim(args).exits(2);
        assert!(run.err.contains("planned, not in this version"), "{args:?}: {}", run.err);
        assert_eq!(run.out, "");
    }
    assert_eq!(place.entries(), Vec::<String>::new());
}

#[test]
fn a_run_that_holds() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    let run = place.groupsim(&["run", "good.toml"]).exits(0);
    let first = run.out.lines().next().unwrap();
    assert!(first.starts_with("HELD "), "{first}");
    assert!(first.contains("good.toml  seed 7  hash "), "{first}");
    assert!(run.out.contains("✓ at-the-end  members == 2"), "{}", run.out);
    assert_eq!(run.err, "");
    let quiet = place.groupsim(&["run", "good.toml", "--quiet"]).exits(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    assert_eq!(place.entries(), ["good.toml"], "nothing is written that was not asked for");
}

#[test]
fn the_json_document_has_the_contract_s_shape_and_is_the_same_every_time() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    let run = place.groupsim(&["run", "good.toml", "--json"]).exits(0);
    assert_eq!(run.out, place.groupsim(&["run", "good.toml", "--json", "--check-determinism"]).exits(0).out);
    let document = json(&run.out);
    assert_eq!(document["schema"], 1);
    let scenario = &document["scenarios"][0];
    assert_eq!(scenario["file"], "good.toml");
    assert_eq!(scenario["verdict"], "held");
    assert_eq!(scenario["seed"], 7);
    assert_eq!(scenario["virtual_ms"], 30_000);
    assert_eq!(scenario["trace_hash"].as_str().unwrap().len(), 16);
    for metric in [
        "lost",
        "duplicates",
        "duplicates_by_cause",
        "rebalances",
        "first_stable",
        "partition_downtime",
        "lag",
        "state",
    ] {
        assert!(scenario["metrics"].get(metric).is_some(), "{metric}");
        assert!(scenario["groups"]["billing"].get(metric).is_some(), "{metric}");
    }
    assert_eq!(scenario["metrics"]["time_to_stable"]["count"], 0);
    assert_eq!(scenario["expectations"][0]["held"], true);
    assert!(scenario["findings"].is_array());
    let seeded = json(&place.groupsim(&["run", "good.toml", "--json", "--seed", "8"]).exits(0).out);
    assert_eq!(seeded["scenarios"][0]["seed"], 8);
    assert_ne!(seeded["scenarios"][0]["trace_hash"], scenario["trace_hash"]);
}

#[test]
fn a_failure_ends_with_what_to_paste_and_the_pasted_commands_work() {
    let place = Place::new();
    place.file("bad.toml", &bad());
    let run = place.groupsim(&["run", "bad.toml", "--seed", "3"]).exits(1);
    assert!(run.out.starts_with("FAILED "), "{}", run.out);
    assert!(run.err.contains("FAIL  bad.toml  seed 3"), "{}", run.err);
    assert!(run.err.contains("rebalances > 0"), "{}", run.err);
    assert!(run.err.contains("first broken at t="), "{}", run.err);
    let commands: Vec<Vec<String>> = run
        .err
        .lines()
        .filter_map(|line| line.split_once("groupsim "))
        .map(|(_, rest)| rest.split_whitespace().map(str::to_owned).collect())
        .collect();
    let find = |name: &str| {
        commands.iter().find(|c| c[0] == name).map(|c| c.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    };
    let reproduce = find("run");
    assert!(reproduce.contains(&"--until"), "{reproduce:?}");
    let again = place.groupsim(&reproduce).exits(1);
    assert!(again.err.contains("rebalances > 0"), "{}", again.err);
    let described = place.groupsim(&find("describe")).exits(0);
    assert!(described.out.starts_with("\nGROUP "), "{}", described.out);
    let chart = find("chart");
    assert!(chart.contains(&"--around"), "{chart:?}");
    place.groupsim(&chart).exits(0);
    assert!(place.read("fail.svg").starts_with("<svg"));
    let named: Vec<&str> = commands.iter().map(|c| c[0].as_str()).collect();
    assert_eq!(named, ["run", "describe", "chart"], "nothing to paste that this version does not have");
}

#[test]
fn a_run_cut_short_is_undecided_unless_something_broke() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    let run = place.groupsim(&["run", "good.toml", "--until", "10s"]).exits(3);
    assert!(run.out.starts_with("UNDECIDED "), "{}", run.out);
    assert!(run.out.contains("stopped at 10s of 30s"), "{}", run.out);
    let document = json(&place.groupsim(&["run", "good.toml", "--until", "10s", "--json"]).exits(3).out);
    assert_eq!(document["scenarios"][0]["verdict"], "undecided");
    assert!(document["scenarios"][0]["expectations"][0]["held"].is_null());
    place.groupsim(&["run", "good.toml", "--until", "1h"]).exits(0);
}

#[test]
fn one_wrong_file_and_nothing_runs() {
    let place = Place::new();
    place.file("dir/a.toml", GOOD);
    place.file("dir/b.toml", "run-for = 5\nsurprise = true\n");
    place.file("dir/c.toml", "not toml at all");
    let run = place.groupsim(&["run", "dir", "--trace", "t.jsonl", "--junit", "j.xml"]).exits(2);
    assert_eq!(run.out, "");
    assert!(run.err.contains("surprise") && run.err.contains("c.toml"), "all mistakes of all files: {}", run.err);
    assert!(run.err.contains("2 of 3 scenario files are wrong"), "{}", run.err);
    assert_eq!(place.entries(), ["dir"]);
    let check = place.groupsim(&["check", "dir"]).exits(2);
    assert!(check.out.contains("ok       dir/a.toml"), "{}", check.out);
    place.groupsim(&["check", "dir/a.toml"]).exits(0);
}

#[test]
fn nothing_to_run_is_exit_4() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    place.groupsim(&["run", "empty"]).exits(4);
    place.groupsim(&["check", "empty"]).exits(4);
}

#[test]
fn a_directory_is_told_in_order_with_a_tally() {
    let place = Place::new();
    for name in ["b/two.toml", "a/one.toml", "c.toml"] {
        place.file(&format!("dir/{name}"), GOOD);
    }
    place.file("dir/d.toml", &bad());
    let run = place.groupsim(&["run", "dir"]).exits(1);
    let verdicts: Vec<&str> = run.out.lines().filter(|line| line.contains("  hash ")).collect();
    let order: Vec<bool> =
        ["a/one", "b/two", "c.toml", "d.toml"].iter().zip(&verdicts).map(|(n, v)| v.contains(n)).collect();
    assert_eq!(order, [true; 4], "{}", run.out);
    assert!(run.out.contains("4 scenarios: 3 held, 1 failed"), "{}", run.out);
    assert!(run.err.trim_start().starts_with("FAIL  dir/d.toml"), "{}", run.err);
}

#[test]
fn traces_read_back_and_show_the_same() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    place.groupsim(&["run", "good.toml", "--trace", "t.jsonl"]).exits(0);
    place.groupsim(&["run", "good.toml", "--trace", "t.csv"]).exits(0);
    assert!(place.read("t.jsonl").starts_with("{\"schema\":1,\"format\":\"groupsim-trace\""));
    assert!(place.read("t.csv").starts_with("seq,t_us,actor,incarnation,kind,fields,cause\n"));
    for table in [&["--members", "--verbose"][..], &["--state"], &[]] {
        let shown = |file: &str| {
            let mut args = vec!["describe", file, "--at", "20s"];
            args.extend(table);
            place.groupsim(&args).exits(0).out
        };
        assert_eq!(shown("good.toml"), shown("t.jsonl"));
        assert_eq!(shown("good.toml"), shown("t.csv"));
    }
    for file in ["good.toml", "t.jsonl", "t.csv"] {
        place.groupsim(&["chart", file, "--until", "30s", "-o", &format!("{file}.svg")]).exits(0);
    }
    assert_eq!(place.read("good.toml.svg"), place.read("t.jsonl.svg"));
    assert_eq!(place.read("good.toml.svg"), place.read("t.csv.svg"));
    place.groupsim(&["run", "good.toml", "good.toml", "--trace", "t.txt"]).exits(2);
    place.file("cut.jsonl", "{\"schema\":1,\"format\":\"groupsim-trace\"}\n{\"seq\":1,");
    let run = place.groupsim(&["describe", "cut.jsonl"]).exits(2);
    assert!(run.err.contains("cut.jsonl: line 2"), "{}", run.err);
    assert!(place.groupsim(&["describe", "t.csv", "--seed", "4"]).exits(2).err.contains("is a trace"));
}

#[test]
fn describe_warns_on_stderr_in_the_tool_s_words() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    let stable = place.groupsim(&["describe", "good.toml", "--at", "20s"]).exits(0);
    assert!(stable.out.starts_with(
        "\nGROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID"
    ));
    assert_eq!(stable.out.lines().count(), 6);
    assert_eq!(stable.err, "");
    let joining = place.groupsim(&["describe", "good.toml", "--at", "1s", "--members"]).exits(0);
    assert_eq!(joining.err, "\nWarning: Consumer group 'billing' is rebalancing.\n");
    let nobody = place.groupsim(&["describe", "good.toml", "--group", "nobody"]).exits(2);
    assert!(nobody.err.starts_with("\nError: Consumer group 'nobody' does not exist.\n"), "{}", nobody.err);
}

#[test]
fn reports_and_junit_are_whole_files() {
    let place = Place::new();
    place.file("a/same.toml", GOOD);
    place.file("b/same.toml", &bad());
    let run = place.groupsim(&["run", "a", "b", "--report", "deep/out", "--junit", "junit.xml"]).exits(1);
    let mut names: Vec<String> = std::fs::read_dir(place.path("deep/out"))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["a-same.json", "a-same.jsonl", "a-same.svg", "b-same.json", "b-same.jsonl", "b-same.svg"],
        "{}",
        run.err
    );
    assert_eq!(json(&place.read("deep/out/b-same.json"))["scenarios"][0]["verdict"], "failed");
    assert!(place.read("deep/out/a-same.svg").trim_end().ends_with("</svg>"));
    let junit = place.read("junit.xml");
    assert!(junit.contains("<testsuite name=\"a/same.toml\"") && junit.contains("<failure message=\"got "), "{junit}");
}

#[test]
fn an_output_that_cannot_be_written_is_told_before_the_run() {
    let place = Place::new();
    place.file("good.toml", &GOOD.replace("30s", "1000h"));
    for args in [["--trace", "no/such/dir/t.jsonl"], ["--junit", "no/j.xml"], ["--report", "good.toml/x"]] {
        let run = place.groupsim(&["run", "good.toml", args[0], args[1]]).exits(73);
        assert!(run.err.contains("cannot write"), "{}", run.err);
        assert_eq!(run.out, "");
    }
    place.groupsim(&["chart", "good.toml", "-o", "no/c.svg"]).exits(73);
    assert_eq!(place.entries(), ["good.toml"]);
}

#[test]
fn explain_knows_codes_of_kafka_and_of_files() {
    let place = Place::new();
    let by_name = place.groupsim(&["explain", "ILLEGAL_GENERATION"]).exits(0).out;
    assert!(by_name.starts_with("ILLEGAL_GENERATION (22)\n"), "{by_name}");
    assert_eq!(place.groupsim(&["explain", "22"]).exits(0).out, by_name);
    let text = place.file("wrong.toml", "run-for = \"5s\"\nsurprise = 1\n");
    let err = place.groupsim(&["check", text.to_str().unwrap()]).exits(2).err;
    let at = err.find("GS").unwrap();
    let explained = place.groupsim(&["explain", &err[at..at + 5]]).exits(0).out;
    assert!(explained.starts_with(&err[at..at + 5]), "{explained}");
    let near = place.groupsim(&["explain", "ILEGAL_GENERATION"]).exits(2).err;
    assert!(near.contains("did you mean ILLEGAL_GENERATION?"), "{near}");
}

#[test]
fn templates_schema_and_completions() {
    let place = Place::new();
    let list = place.groupsim(&["new", "--list"]).exits(0).out;
    for name in list.lines().filter_map(|line| line.split_whitespace().next()) {
        let text = place.groupsim(&["new", name]).exits(0).out;
        place.file(&format!("{name}.toml"), &text);
        place.groupsim(&["run", &format!("{name}.toml")]).exits(0);
    }
    assert!(json(&place.groupsim(&["schema"]).exits(0).out)["properties"]["run-for"].is_object());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(place.groupsim(&["completions", shell]).exits(0).out.contains("groupsim"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    let mut child = Command::new(env!("CARGO_BIN_EXE_groupsim"))
        .args(["run", "good.toml", "--json"])
        .current_dir(place.dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Ctrl-C by `kill`, which every Unix has.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_leaves_nothing_half_written() {
    let place = Place::new();
    place.file("dir/a.toml", GOOD);
    place.file("dir/b.toml", &GOOD.replace("\"30s\"", "\"20000h\""));
    let mut child = Command::new(env!("CARGO_BIN_EXE_groupsim"))
        .args(["run", "dir", "--json", "--report", "out"])
        .current_dir(place.dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&place.path("out/a.json"));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let status = child.wait().unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(status.code(), Some(130), "{}", run.err);
    let document = json(&run.out);
    assert_eq!(document["scenarios"].as_array().unwrap().len(), 1, "what was complete is printed");
    assert!(run.err.contains("interrupted: 1 of 2"), "{}", run.err);
    let mut names: Vec<_> = std::fs::read_dir(place.path("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.json", "a.jsonl", "a.svg"]);
}

#[cfg(unix)]
fn wait_for(path: &Path) {
    let started = std::time::Instant::now();
    while !path.exists() {
        assert!(started.elapsed().as_secs() < 60, "{} did not appear", path.display());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_without_waiting_and_what_the_shell_pipes_is_read() {
    let place = Place::new();
    assert!(Command::new("mkfifo").arg(place.path("pipe.toml")).status().unwrap().success());
    for odd in ["pipe.toml", "/dev/zero", "/dev/null"] {
        let err = place.groupsim(&["run", odd]).exits(2).err;
        assert!(err.starts_with(&format!("{odd}: error[GS001]: ")), "{err}");
    }
    let from = |input: &str| {
        let stdin = std::fs::File::open(input).unwrap();
        let program = env!("CARGO_BIN_EXE_groupsim");
        Run::of(Command::new(program).args(["run", "/dev/stdin"]).stdin(stdin).output().unwrap())
    };
    assert!(from("/dev/zero").exits(2).err.contains("/dev/stdin: error[GS002]"));
    from(place.file("good.toml", GOOD).to_str().unwrap()).exits(0);
}

#[test]
fn a_mistake_names_its_file_and_commands_no_terminal() {
    let place = Place::new();
    place.file("empty.toml", "# nothing\n");
    place.file("evil.toml", "run-for = \"5s\"\n[topic.a]\n[topic.b]\n[group.\"x\\u001b[31mred\\n\"]\n");
    place.file("raw.toml", "name = \"\u{1b}[31m\"\n");
    place.file("long.toml", &format!("run-for = \"5s\"\n# {}\n", "x".repeat(100_000)));
    let err = place.groupsim(&["check", "empty.toml"]).exits(2).err;
    assert!(err.starts_with("empty.toml: error[GS004]: the file is empty"), "{err}");
    for file in ["evil.toml", "raw.toml"] {
        let output = Command::new(env!("CARGO_BIN_EXE_groupsim"))
            .args(["check", file])
            .current_dir(place.dir.path())
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(
            err.contains("\u{1b}[31m\u{d7}") && !err.contains("\u{1b}[31mred") && !err.contains("\u{1b}[31m\""),
            "{err:?}"
        );
    }
    assert!(place.groupsim(&["check", "long.toml"]).exits(2).err.len() < 1_000);
}

#[test]
fn outputs_go_to_different_places_and_never_over_what_is_read() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    std::fs::create_dir(place.path("out")).unwrap();
    for args in [
        &["--trace", "same.jsonl", "--junit", "same.jsonl"][..],
        &["--trace", "out/good.jsonl", "--report", "out"],
        &["--junit", "good.toml"],
        &["--junit", "out/../good.toml"],
    ] {
        let run = place.groupsim(&[&["run", "good.toml"], args].concat()).exits(2);
        assert!(run.err.contains("will not write"), "{}", run.err);
    }
    assert_eq!(place.read("good.toml"), GOOD);
    assert_eq!(place.entries(), ["good.toml", "out"]);
    let run = place.groupsim(&["run", "good.toml", "--report", "good.toml"]).exits(73);
    assert!(run.err.contains("it is not a directory"), "{}", run.err);
    place.groupsim(&["run", "good.toml", "--json", "--junit", "j.xml", "--trace", "t.csv"]).exits(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_exit_73() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    std::os::unix::fs::symlink("/dev/full", place.path("full.jsonl")).unwrap();
    let run = place.groupsim(&["run", "good.toml", "--trace", "full.jsonl"]).exits(73);
    assert!(run.err.contains("cannot write full.jsonl"), "{}", run.err);
    for args in [&["run", "good.toml"][..], &["schema"], &["--help"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_groupsim"))
            .args(args)
            .current_dir(place.dir.path())
            .stdout(full)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(73), "{args:?}");
    }
}

#[test]
fn any_name_of_a_scenario_gives_xml_that_can_be_read() {
    let place = Place::new();
    let name = r#"name = "</svg><script> \u001b[31m \u0000 \r\n ]]> &amp; ../../x""#;
    place.file("odd.toml", &GOOD.replace("name    = \"two members, quiet\"", name));
    place.groupsim(&["run", "odd.toml", "--report", "out", "--junit", "j.xml"]).exits(0);
    for file in ["out/odd.svg", "j.xml"] {
        let text = place.read(file);
        assert!(!text.contains("<script>"), "{file}");
        assert!(text.chars().all(|c| !c.is_control() || "\t\r\n".contains(c)), "{file}");
    }
    assert_eq!(place.entries(), ["j.xml", "odd.toml", "out"]);
}

#[test]
fn max_events_leaves_a_run_undecided() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    let run = place.groupsim(&["run", "good.toml", "--max-events", "500"]).exits(3);
    assert!(run.out.contains("--max-events ran out at "), "{}", run.out);
    // A broken promise is one even if the run is cut; a promise that held so far is none.
    place.file(
        "never.toml",
        &GOOD
            .replace("at-the-end = [\"state == Stable\", \"members == 2\"]", "never = [\"lost > 0\", \"skipped > 0\"]")
            .replace("overall ", "# overall "),
    );
    place.groupsim(&["run", "never.toml", "--until", "10s"]).exits(3);
    place.groupsim(&["run", "never.toml"]).exits(0);
}
