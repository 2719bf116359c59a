use super::*;
use crate::ids::*;
use crate::time::{Duration, Instant};
use crate::trace::{Event, Kind, Role, Trace};

fn sample() -> Trace {
    let mut names = Names::new();
    let mut events = Vec::new();
    let actors = [(0, "driver"), (1, "broker"), (7, "billing-0"), (9, "billing-0"), (10, "#odd"), (11, "a \"b\", ü\n")];
    let scenario = names.intern("round trip");
    let mut kinds =
        vec![(ActorId::DRIVER, Kind::MetaRun { scenario, seed: u64::MAX, run_for: Duration::from_secs(5) })];
    for (id, name) in actors {
        let (name, group) = (names.intern(name), GroupId(names.intern("billing")));
        kinds.push((ActorId::DRIVER, Kind::MetaActor { subject: ActorId(id), name, group, role: Role::Member }));
    }
    for (id, _) in actors {
        kinds.push((ActorId(id), Kind::Poll {}));
    }
    let partition = TopicPartition::new(TopicName(names.intern("my-topic")), 3);
    let client = ActorId(7);
    let (group, member) = (GroupId(names.intern("billing")), MemberId(names.intern("c-1")));
    kinds.push((
        ActorId::BROKER,
        Kind::CommitApplied {
            group,
            member,
            generation: Generation(3),
            client,
            request: CorrelationId(4),
            partition,
            offset: Offset(17),
        },
    ));
    kinds.push((client, Kind::ProcessStart { partition, from: Offset(0), to: Offset(5), per_record: Duration::MAX }));
    for (i, (actor, kind)) in kinds.into_iter().enumerate() {
        let seq = i as u64 + 1;
        events.push(Event {
            seq: Seq(seq),
            t: Instant::from_us(seq * 1_001),
            actor,
            incarnation: Incarnation(1),
            cause: Seq(seq / 2),
            kind,
        });
    }
    Trace { events, names }
}

/// An event without symbols, which are numbered anew on reading.
fn plain(trace: &Trace) -> Vec<String> {
    let line = |e: &Event| {
        format!(
            "{} {} {:?} {:?} {} {} {:?}",
            e.seq,
            e.t,
            e.actor,
            e.incarnation,
            e.cause,
            e.kind.name(),
            e.kind.fields(&trace.names)
        )
    };
    trace.events.iter().map(line).collect()
}

#[test]
fn both_formats_read_back_what_they_wrote() {
    let trace = sample();
    let (mut jsonl, mut csv) = (Vec::new(), Vec::new());
    write_jsonl(&trace, &mut jsonl).unwrap();
    write_csv(&trace, &mut csv).unwrap();
    let from_jsonl = read_jsonl(&jsonl[..]).unwrap();
    let from_csv = read_csv(&csv[..]).unwrap();
    assert_eq!(plain(&from_jsonl), plain(&trace));
    assert_eq!(plain(&from_csv), plain(&trace));
    let mut again = Vec::new();
    write_jsonl(&from_csv, &mut again).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(jsonl).unwrap());
}

#[test]
fn the_first_lines_are_the_documented_ones() {
    let mut jsonl = Vec::new();
    write_jsonl(&sample(), &mut jsonl).unwrap();
    let text = String::from_utf8(jsonl).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some(
            r#"{"schema":1,"format":"groupsim-trace","columns":["seq","t_us","actor","incarnation","kind","fields","cause"]}"#
        )
    );
    assert_eq!(
        lines.next(),
        Some(
            r#"{"seq":1,"t_us":1001,"actor":"driver","incarnation":1,"kind":"meta_run","fields":{"scenario":"round trip","seed":-1,"run_for":5000000},"cause":0}"#
        )
    );
    assert!(text.contains(r##""actor":"#9","incarnation":1,"kind":"poll""##), "the second billing-0 goes by its id");
}

const HEADER: &str = r#"{"schema":1,"format":"groupsim-trace"}"#;

fn poll(seq: u64, t: u64, actor: &str, cause: u64) -> String {
    format!(
        r#"{{"seq":{seq},"t_us":{t},"actor":"{actor}","incarnation":0,"kind":"poll","fields":{{}},"cause":{cause}}}"#
    )
}

#[test]
fn a_hostile_file_gives_the_line_and_a_reason() {
    let good = poll(1, 5, "driver", 0);
    let cases = [
        (String::new(), 1, "empty"),
        ("{".to_owned(), 1, "no groupsim trace"),
        (HEADER.replace('1', "2"), 1, "schema 2"),
        (format!("{HEADER}\n{good}\nnonsense"), 3, "expected"),
        (format!("{HEADER}\n\n{good}\n{good}"), 4, "must go up"),
        (format!("{HEADER}\n{good}\n{}", poll(2, 4, "driver", 1)), 3, "does not go back"),
        (format!("{HEADER}\n{good}\n{}", poll(2, 6, "nobody", 1)), 3, "no actor `nobody`"),
        (format!("{HEADER}\n{good}\n{}", poll(2, 6, "driver", 2)), 3, "no earlier event"),
        (format!("{HEADER}\n{}", good.replace("\"poll\"", "\"dance\"")), 2, "no event kind `dance`"),
        (format!("{HEADER}\n{}", good.replace("{}", r#"{"x":1}"#)), 2, "no field `x`"),
        (format!("{HEADER}\n{}", good.replace("\"poll\"", "\"append\"")), 2, "incomplete"),
        (
            format!(
                "{HEADER}\n{}",
                good.replace("\"poll\"", "\"revoked\"").replace("{}", r#"{"topic":"a","from":0,"to":4000000000}"#)
            ),
            2,
            "the most that is read",
        ),
        (format!("{HEADER}\n{}", "x".repeat(2 << 20)), 2, "longer than"),
    ];
    for (text, line, reason) in cases {
        let error = read_jsonl(text.as_bytes()).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(reason), "{error} should say {reason}");
    }
}

#[test]
fn a_hostile_csv_gives_the_line_and_a_reason() {
    let header = COLUMNS.join(",");
    let cases = [
        ("a,b,c".to_owned(), 1, "no groupsim trace"),
        (format!("{header}\n1,2"), 2, "2 columns where 7"),
        (format!("{header}\n1,-5,driver,0,poll,{{}},0"), 2, "`t_us` is `-5`"),
        (format!("{header}\n1,5,driver,0,poll,[],0"), 2, "`fields`"),
        (format!("{header}\n1,5,driver,0,poll,{{}},0\n2,5,who,0,poll,{{}},0"), 3, "no actor `who`"),
    ];
    for (text, line, reason) in cases {
        let error = read_csv(text.as_bytes()).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(reason), "{error} should say {reason}");
    }
    assert!(read_csv(&b"\xff\xfe\x00garbage,\x80\n\xff"[..]).is_err());
}
