//! House rules that a compiler does not hold: who imports whom, what the core must not touch, sizes of files.
//!
//! Every check looks at code with comments and strings blanked out, and every check is tried on a forged snippet below.

use std::fmt;
use std::path::{Path, PathBuf};

/// The floors of `src/lib.rs`, in tenths: a module imports from lower floors only, and never from its neighbours.
const FLOORS: &[(&str, u32)] = &[
    ("ids", 0),
    ("time", 0),
    ("protocol", 10),
    ("config", 20),
    ("assignor", 20),
    ("trace", 20),
    ("choice", 20),
    ("context", 25),
    // Only in unit tests.
    ("asked", 25),
    ("broker", 30),
    ("client", 30),
    ("scenario", 30),
    ("oracle", 30),
    ("sim", 40),
    ("report", 50),
    ("profile", 50),
    ("testing", 60),
    ("explore", 60),
    ("kafka", 60),
    ("cli", 70),
];

/// The highest floor of the core: no clock, no thread, no file (floors 0 to 3).
const CORE: u32 = 30;

/// The highest floor that a run's result depends on: no floats, no hash order (floors 0 to 4).
const DECIDES: u32 = 40;

/// Imports between neighbours that are allowed all the same, and why.
const NEIGHBOURS: &[(&str, &str, &str)] =
    &[("assignor", "config", "the names of the assignors stand with the setting that chooses them")];

/// Imports that a floor would allow but the architecture does not, and why.
const FORBIDDEN_IMPORTS: &[(&str, &str, &str)] = &[
    ("report", "broker", "reports read traces and findings, so that they work for real clusters too"),
    ("report", "client", "reports read traces and findings, so that they work for real clusters too"),
];

/// What the core must not touch, as path prefixes; where it may all the same; and why not.
const FORBIDDEN_PATHS: &[(&[&str], &str, &str)] = &[
    (&["std", "time"], "", "the core reads no clock: time comes in as `cx.now`"),
    (&["std", "thread"], "", "the core has no threads"),
    (&["std", "net"], "", "the core opens no sockets"),
    (&["std", "fs"], "src/scenario/", "the core reads no files, but for the loader of scenarios"),
    (&["std", "env"], "", "the core does not look at its environment"),
    (&["std", "process"], "", "the core ends no process"),
    (&["rand"], "src/choice/", "every random decision is a draw from `choice`"),
    (&["rand_chacha"], "src/choice/", "every random decision is a draw from `choice`"),
];

/// Files of floors 0 to 4 that may use floats, and why.
const FLOATS_ALLOWED: &[(&str, &str)] = &[];

/// Files that may be longer than [`MOST_LINES`].
const LONG_FILES: &[(&str, usize, &str)] = &[("src/trace/kinds.rs", 900, "one table of all events")];

const MOST_LINES: usize = 600;
const MOST_LINES_OF_MAIN: usize = 60;

/// Macros and attributes that do not get in.
const FORBIDDEN_WORDS: &[(&str, &str)] = &[
    ("todo!", "unfinished code does not get in"),
    ("unimplemented!", "unfinished code does not get in"),
    ("dbg!", "debugging output does not get in"),
    ("#[ignore", "a test that does not run shows nothing"),
    ("allow(clippy", "clippy is heeded, not silenced"),
];

/// Methods that show the order of a hash map.
const ITERATIONS: &[&str] =
    &["iter", "iter_mut", "into_iter", "keys", "values", "values_mut", "into_keys", "into_values", "drain", "retain"];

/// A finding: where, and what is wrong.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Complaint {
    file: String,
    line: usize,
    why: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

/// A source file.
struct Source {
    /// Path from the root of the repository, with slashes.
    path: String,
    lines: usize,
    /// The text with comments and strings blanked out.
    code: String,
    /// The same without the code of tests.
    product: String,
}

impl Source {
    fn new(path: &str, text: &str, is_test: bool) -> Self {
        let code = blank_comments_and_strings(text);
        let product = if is_test { String::new() } else { blank_test_modules(&code) };
        Source { path: path.to_owned(), lines: text.lines().count(), code, product }
    }

    /// The module of the crate that the file belongs to; none for `lib.rs`, `main.rs` and what is not under `src`.
    fn module(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        let module = inner.split_once('/').map_or_else(|| inner.trim_end_matches(".rs"), |(module, _)| module);
        (module != "lib" && module != "main").then_some(module)
    }

    fn floor(&self) -> Option<u32> {
        floor_of(self.module()?)
    }

    /// How many `super`s lead from this file to the root of the crate.
    fn depth(&self) -> usize {
        let parts = self.path.matches('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    fn complaint(&self, offset: usize, why: impl Into<String>) -> Complaint {
        let line = self.code[..offset].matches('\n').count() + 1;
        Complaint { file: self.path.clone(), line, why: why.into() }
    }
}

fn floor_of(module: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

// ---- the checks ----

/// A module imports from lower floors only.
fn floors(source: &Source) -> Vec<Complaint> {
    let Some(module) = source.module() else { return Vec::new() };
    let Some(floor) = floor_of(module) else {
        return vec![source.complaint(0, format!("module `{module}` has no floor: add it to FLOORS"))];
    };
    let supers = vec!["super"; source.depth()];
    let mut complaints = Vec::new();
    for (offset, path) in paths(&source.product) {
        let from_root = match path.first().copied() {
            Some("crate") => path.get(1),
            Some("super") if path.starts_with(&supers) && !supers.is_empty() => path.get(supers.len()),
            _ => None,
        };
        let Some(&target) = from_root.filter(|target| **target != module && **target != "super") else { continue };
        let neighbour = NEIGHBOURS.iter().any(|(from, to, _)| (*from, *to) == (module, target));
        match floor_of(target) {
            Some(below) if below >= floor && !neighbour => complaints.push(
                source
                    .complaint(offset, format!("`{module}` must not import `{target}`, which is not on a lower floor")),
            ),
            _ => {}
        }
        if let Some((.., why)) = FORBIDDEN_IMPORTS.iter().find(|(from, to, _)| (*from, *to) == (module, target)) {
            complaints.push(source.complaint(offset, format!("`{module}` must not import `{target}`: {why}")));
        }
    }
    complaints
}

/// The core touches no clock, thread, socket, file, environment, and no randomness but `choice`.
fn sans_io(source: &Source) -> Vec<Complaint> {
    if source.floor().is_none_or(|floor| floor > CORE) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (offset, path) in paths(&source.product) {
        for (forbidden, except, why) in FORBIDDEN_PATHS {
            if path.starts_with(forbidden) && (except.is_empty() || !source.path.starts_with(except)) {
                complaints.push(source.complaint(offset, format!("`{}`: {why}", forbidden.join("::"))));
            }
        }
    }
    complaints
}

/// No result depends on the order of a hash map: none of the standard library's, and no walk over a `FxHashMap`.
fn hash_order(source: &Source) -> Vec<Complaint> {
    if source.floor().is_none_or(|floor| floor > DECIDES) {
        return Vec::new();
    }
    let code = &source.product;
    let mut complaints = Vec::new();
    for (offset, word) in words(code) {
        match word {
            "HashMap" | "HashSet" => {
                let why = "order differs from run to run: use BTreeMap, IndexMap, Vec, or FxHashMap for look-ups";
                complaints.push(source.complaint(offset, format!("`{word}`: {why}")));
            }
            "FxHashMap" | "FxHashSet" => {}
            _ => continue,
        }
    }
    let maps = names_of_hash_maps(code);
    for (offset, word) in words(code).into_iter().filter(|(_, word)| maps.contains(word)) {
        let after = code[offset + word.len()..].trim_start();
        let method = after.strip_prefix('.').map(str::trim_start).and_then(|rest| words(rest).first().map(|w| w.1));
        let called = method.is_some_and(|method| ITERATIONS.contains(&method));
        let owner = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let before =
            if code[..offset].ends_with('.') { code[..offset].trim_end_matches(owner) } else { &code[..offset] };
        let before = before.trim_end().trim_end_matches("mut").trim_end_matches(['&', ' ']);
        let looped = before.ends_with(" in") && after.starts_with('{');
        if called || looped {
            let why = format!("`{word}` is a hash map: look things up in it, but do not walk it");
            complaints.push(source.complaint(offset, why));
        }
    }
    complaints
}

/// Names that are declared as `FxHashMap` or `FxHashSet`.
fn names_of_hash_maps(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (offset, word) in words(code) {
        if word != "FxHashMap" && word != "FxHashSet" {
            continue;
        }
        let before = code[..offset].trim_end().trim_end_matches(['&', ' ']).trim_end_matches("mut").trim_end();
        let declared = before.strip_suffix(':').filter(|rest| !rest.ends_with(':')).or(before.strip_suffix('='));
        let last = declared.and_then(|rest| Some((rest.trim_end(), words(rest).pop()?)));
        if let Some((_, (_, name))) = last.filter(|(rest, (at, name))| rest.len() == at + name.len()) {
            names.push(name);
        }
    }
    names
}

/// No floats below the reports: the same bytes on every platform.
fn floats(source: &Source) -> Vec<Complaint> {
    let allowed = FLOATS_ALLOWED.iter().any(|(file, _)| *file == source.path);
    if allowed || source.floor().is_none_or(|floor| floor > DECIDES) {
        return Vec::new();
    }
    let code = &source.product;
    let is_float = |&(offset, word): &(usize, &str)| {
        let digits = word.bytes().all(|b| b.is_ascii_digit() || b == b'_') && word.as_bytes()[0].is_ascii_digit();
        let mut after = code[offset + word.len()..].bytes();
        let fraction = after.next() == Some(b'.') && after.next().is_some_and(|b| b.is_ascii_digit());
        word == "f32" || word == "f64" || (digits && fraction && !code[..offset].ends_with('.'))
    };
    let why = "no floats where results are decided: they differ between platforms";
    words(code).into_iter().filter(is_float).map(|(offset, _)| source.complaint(offset, why)).collect()
}

/// One idea, one file.
fn lengths(source: &Source) -> Vec<Complaint> {
    let exception = LONG_FILES.iter().find(|(file, ..)| *file == source.path).map(|(_, most, _)| *most);
    let most = if source.path == "src/main.rs" { MOST_LINES_OF_MAIN } else { exception.unwrap_or(MOST_LINES) };
    if source.lines <= most {
        return Vec::new();
    }
    let why = format!("{} lines, and {most} are the most: split it", source.lines);
    vec![Complaint { file: source.path.clone(), line: source.lines, why }]
}

/// Nothing unfinished, unheeded or switched off.
fn forbidden_words(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (word, why) in FORBIDDEN_WORDS {
        let found = source.code.match_indices(word);
        complaints.extend(found.map(|(offset, _)| source.complaint(offset, format!("`{word}`: {why}"))));
    }
    complaints
}

// ---- reading Rust, as far as needed ----

/// Identifiers and numbers with their offsets.
fn words(code: &str) -> Vec<(usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut start = None;
    for (offset, c) in code.char_indices().chain([(code.len(), ' ')]) {
        match (start, is_word(c)) {
            (None, true) => start = Some(offset),
            (Some(from), false) => {
                found.push((from, &code[from..offset]));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// Every path in the code that starts with `crate`, `super`, `std`, `rand` or `rand_chacha`, `use` groups spelled out, each
/// with the offset of its last segment.
fn paths(code: &str) -> Vec<(usize, Vec<&str>)> {
    let mut found = Vec::new();
    for (offset, word) in words(code) {
        let inner = code[..offset].ends_with("::");
        if !inner && ["crate", "super", "std", "rand", "rand_chacha"].contains(&word) {
            path_tree(code, offset, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Reads one path or group from `at` on; gives where it ends.
fn path_tree<'a>(code: &'a str, at: usize, prefix: &mut Vec<&'a str>, found: &mut Vec<(usize, Vec<&'a str>)>) -> usize {
    let at = at + (code[at..].len() - code[at..].trim_start().len());
    if code[at..].starts_with('{') {
        let mut next = at + 1;
        loop {
            next += code[next..].len() - code[next..].trim_start().len();
            match code[next..].chars().next() {
                None => return next,
                Some('}') => return next + 1,
                Some(',') => next += 1,
                Some(_) => {
                    let end = path_tree(code, next, prefix, found);
                    next = if end > next { end } else { next + 1 };
                }
            }
        }
    }
    let word = words(&code[at..]).first().filter(|word| word.0 == 0).map_or("", |word| word.1);
    let end = at + word.len();
    prefix.push(word);
    let end = match code[end..].strip_prefix("::") {
        Some(rest) if !word.is_empty() => path_tree(code, code.len() - rest.len(), prefix, found),
        _ => {
            found.push((at, prefix.clone()));
            end
        }
    };
    prefix.pop();
    end
}

/// The text with the insides of comments, strings and characters as blanks; lines stay where they are.
fn blank_comments_and_strings(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_or_comment(bytes, at);
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(code).expect("whole characters are blanked")
}

/// Where the comment, string or character that begins at `at` ends; `at` itself if none does.
fn literal_or_comment(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let word_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    let until = |needle: &[u8], from: usize| {
        let found = rest[from..].windows(needle.len()).position(|window| window == needle);
        found.map_or(bytes.len(), |found| at + from + found + needle.len())
    };
    if rest.starts_with(b"//") {
        return until(b"\n", 2);
    }
    if rest.starts_with(b"/*") {
        return until(b"*/", 2);
    }
    if rest[0] == b'"' {
        let mut end = 1;
        while end < rest.len() && rest[end] != b'"' {
            end += if rest[end] == b'\\' { 2 } else { 1 };
        }
        return (at + end + 1).min(bytes.len());
    }
    let hashes = rest.iter().skip(1).take_while(|byte| **byte == b'#').count();
    if rest[0] == b'r' && rest.get(1 + hashes) == Some(&b'"') && !word_before {
        let mut end = vec![b'"'];
        end.resize(1 + hashes, b'#');
        return until(&end, 2 + hashes);
    }
    if rest[0] == b'\'' {
        let closing = if rest.get(1) == Some(&b'\\') {
            rest.iter().skip(3).position(|b| *b == b'\'').map(|p| p + 3)
        } else {
            // A character of up to four bytes; a lifetime has no closing quote that near, or a comma or `>` before it.
            (2..=5).find(|&p| rest.get(p) == Some(&b'\'')).filter(|&p| p == 2 || !rest[1].is_ascii())
        };
        return closing.map_or(at, |closing| at + closing + 1);
    }
    at
}

/// The code without `#[cfg(test)]` modules that are written out.
fn blank_test_modules(code: &str) -> String {
    let mut product = code.to_owned();
    while let Some(at) = product.find("#[cfg(test)]") {
        let rest = &product[at..];
        let open = rest.find(['{', ';']).unwrap_or(rest.len());
        let mut depth = 0;
        let mut end = rest.len();
        for (offset, byte) in rest.bytes().enumerate().skip(open) {
            depth += match byte {
                b'{' => 1,
                b'}' => -1,
                _ => 0,
            };
            if depth == 0 {
                end = offset + 1;
                break;
            }
        }
        let blanks: String =
            rest[..end].chars().map(|c| if c == '\n' { "\n".into() } else { " ".repeat(c.len_utf8()) }).collect();
        product.replace_range(at..at + end, &blanks);
    }
    product
}

/// The files that a file declares as `#[cfg(test)] mod name;`, as paths without `.rs`.
fn test_modules(path: &str, code: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let folder = stem.strip_suffix("/mod").or(stem.strip_suffix("/lib")).unwrap_or(stem);
    let declared = code.match_indices("#[cfg(test)]").filter_map(|(at, attribute)| {
        let rest = code[at + attribute.len()..].trim_start().strip_prefix("mod ")?;
        let end = rest.find([';', '{'])?;
        rest[end..].starts_with(';').then(|| format!("{folder}/{}", rest[..end].trim()))
    });
    declared.collect()
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Every Rust file under `src` and `tests`.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    rust_files(&root.join("tests"), &mut files);
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let relative = file.strip_prefix(root).expect("under the root").to_string_lossy().replace('\\', "/");
        texts.push((relative, std::fs::read_to_string(&file).expect("a readable source file")));
    }
    let tests: Vec<String> =
        texts.iter().flat_map(|(path, text)| test_modules(path, &blank_comments_and_strings(text))).collect();
    let is_test = |path: &str| {
        let inside = |test: &String| path == format!("{test}.rs") || path.starts_with(&format!("{test}/"));
        path.starts_with("tests/") || tests.iter().any(inside)
    };
    texts.iter().map(|(path, text)| Source::new(path, text, is_test(path))).collect()
}

fn hold(check: fn(&Source) -> Vec<Complaint>) {
    let sources = sources();
    assert!(sources.iter().any(|source| source.path == "src/lib.rs"), "the sources were found");
    let complaints: Vec<String> = sources.iter().flat_map(check).map(|complaint| complaint.to_string()).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn modules_import_from_lower_floors_only() {
    hold(floors);
}

#[test]
fn the_core_touches_neither_clock_nor_thread_nor_file() {
    hold(sans_io);
}

#[test]
fn no_result_depends_on_the_order_of_a_hash_map() {
    hold(hash_order);
}

#[test]
fn no_result_depends_on_floats() {
    hold(floats);
}

#[test]
fn files_are_short() {
    hold(lengths);
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    hold(forbidden_words);
}

// ---- each check on a forged snippet ----

/// The lines that a check complains about in a forged file.
fn trips(check: fn(&Source) -> Vec<Complaint>, path: &str, text: &str) -> Vec<usize> {
    check(&Source::new(path, text, false)).into_iter().map(|complaint| complaint.line).collect()
}

#[test]
fn the_check_of_floors_trips() {
    let forged = "use crate::{ids::Offset, sim};\nuse super::super::client::Member;\n// crate::cli\nfn f() { crate::report::x(); }\n";
    assert_eq!(trips(floors, "src/broker/log/mod.rs", forged), [1, 2, 4]);
    assert_eq!(trips(floors, "src/oracle/mod.rs", "use super::broker::Broker;\nuse super::ids::Seq;"), [1]);
    assert_eq!(trips(floors, "src/oracle/x.rs", "use super::broker::Broker;"), [], "a module of the oracle's own");
    assert_eq!(trips(floors, "src/trace/x.rs", "use crate::config::X;"), [1], "a neighbour");
    assert_eq!(trips(floors, "src/assignor/x.rs", "use crate::config::X;"), [], "a neighbour with a reason");
    assert_eq!(trips(floors, "src/choice/x.rs", "use crate::context::Context;"), [1]);
    assert_eq!(trips(floors, "src/report/x.rs", "use crate::broker::Broker;"), [1], "forbidden by name");
    assert_eq!(trips(floors, "src/somewhere/mod.rs", ""), [1], "no floor");
    let test = "#[cfg(test)]\nmod tests {\n    use crate::sim;\n}\nuse crate::cli;";
    assert_eq!(trips(floors, "src/broker/x.rs", test), [5], "tests may look up");
    assert_eq!(test_modules("src/broker/mod.rs", "#[cfg(test)]\nmod tests;\nmod log;"), ["src/broker/tests"]);
    assert_eq!(test_modules("src/broker/log.rs", "#[cfg(test)]\nmod rig;"), ["src/broker/log/rig"]);
}

#[test]
fn the_check_of_the_core_trips() {
    let forged = "use std::time::Instant;\nuse std::{collections::BTreeMap, fs};\nfn f() { std::thread::sleep(d); }\nuse rand::Rng;";
    assert_eq!(trips(sans_io, "src/client/x.rs", forged), [1, 2, 3, 4]);
    assert_eq!(trips(sans_io, "src/scenario/load.rs", "use std::fs;\nuse std::env;"), [2]);
    assert_eq!(trips(sans_io, "src/choice/random.rs", "use rand_chacha::ChaCha8Rng;"), []);
    assert_eq!(trips(sans_io, "src/sim/x.rs", forged), [], "above the core");
}

#[test]
fn the_check_of_hash_order_trips() {
    assert_eq!(trips(hash_order, "src/sim/x.rs", "use std::collections::{BTreeMap, HashMap};"), [1]);
    let forged = "struct S { map: FxHashMap<u32, u32>, v: Vec<u32> }\nfn f(s: &S) {\n for x in &s.map {}\n s.map\n .keys();\n s.map.get(&1);\n s.v.iter();\n}";
    assert_eq!(trips(hash_order, "src/sim/x.rs", forged), [3, 4]);
    let local = "let mut seen = FxHashSet::default();\nfor x in &mut self.seen {}\nseen.drain();\nlet other: FxHashMap<_, _> = a.iter().collect();\nother.values().sum()";
    assert_eq!(trips(hash_order, "src/oracle/x.rs", local), [2, 3, 5]);
    assert_eq!(trips(hash_order, "src/report/x.rs", local), [], "above what decides");
}

#[test]
fn the_check_of_floats_trips() {
    let forged = "let x = 1.5;\nlet y: f64 = 0;\nlet z = t.0.1;\nlet r = 0..5; // 1.5\nlet s = \"1.5\";";
    assert_eq!(trips(floats, "src/sim/x.rs", forged), [1, 2]);
    assert_eq!(trips(floats, "src/report/x.rs", forged), []);
}

#[test]
fn the_check_of_lengths_trips() {
    assert_eq!(trips(lengths, "src/sim/x.rs", &"\n".repeat(601)), [601]);
    assert_eq!(trips(lengths, "src/sim/x.rs", &"\n".repeat(600)), []);
    assert_eq!(trips(lengths, "src/main.rs", &"\n".repeat(61)), [61]);
}

#[test]
fn the_check_of_words_trips() {
    let forged = "fn f() { todo!() }\n#[ignore]\n#[allow(clippy::all)]\n/* todo!() */ let s = r#\"todo!()\"#; let c = '\"'; dbg!(c);";
    assert_eq!(trips(forbidden_words, "src/sim/x.rs", forged), [1, 4, 2, 3]);
}

#[test]
fn a_complaint_says_where_and_why() {
    let complaint = &forbidden_words(&Source::new("src/sim/x.rs", "\n\ntodo!()", false))[0];
    assert_eq!(complaint.to_string(), "src/sim/x.rs:3: `todo!`: unfinished code does not get in");
}
