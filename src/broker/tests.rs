//! Logs, fetches and what else the broker answers itself.

use super::*;
use crate::choice::RandomChoice;
use crate::ids::{ClientId, GroupId, Incarnation, Names, Symbol};
use crate::protocol::{
    ClientInfo, FetchPartition, FetchedPartition, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTarget,
    TopicMetadata,
};
use crate::trace::{Event, Recorder};

/// A broker with topics `t` (4 partitions) and `u` (1), driven by hand.
struct Rig {
    names: Names,
    choice: RandomChoice,
    recorder: Recorder,
    now: Instant,
    broker: Broker,
    out: Vec<Answer>,
}

impl Rig {
    fn new() -> Self {
        let mut rig = Rig {
            names: Names::new(),
            choice: RandomChoice::new(1),
            recorder: Recorder::new(),
            now: Instant::ZERO,
            broker: Broker::new(BrokerConfig::default()),
            out: Vec::new(),
        };
        for (topic, partitions) in [("t", 4), ("u", 1)] {
            let topic = TopicName(rig.names.intern(topic));
            rig.with(|broker, cx, _| broker.create_partitions(cx, topic, partitions));
        }
        rig.recorder.clear_pending();
        rig
    }

    fn with(&mut self, act: impl FnOnce(&mut Broker, &mut Context<'_>, &mut Vec<Answer>)) {
        let mut cx = Context {
            now: self.now,
            cause: Seq(77),
            names: &mut self.names,
            choice: &mut self.choice,
            recorder: &mut self.recorder,
        };
        act(&mut self.broker, &mut cx, &mut self.out);
    }

    /// `t-3` and so on.
    fn partition(&mut self, text: &str) -> TopicPartition {
        let (topic, number) = text.rsplit_once('-').expect("topic-number");
        TopicPartition::new(TopicName(self.names.intern(topic)), number.parse().expect("a number"))
    }

    fn append(&mut self, partition: &str, count: u64, size: u32) {
        let partition = self.partition(partition);
        self.with(|broker, cx, out| broker.append(cx, partition, count, size, ActorId::DRIVER, out));
    }

    fn delete(&mut self, partition: &str, before: i64) {
        let partition = self.partition(partition);
        self.with(|broker, cx, _| broker.delete_records(cx, partition, Offset(before)));
    }

    /// A request of connection `connection`, with the same number as its correlation id and its cause.
    fn request(&mut self, connection: u32, request: Request) {
        let client = ClientInfo {
            actor: ActorId(connection),
            incarnation: Incarnation(1),
            client_id: ClientId::EMPTY,
            host: Symbol::EMPTY,
        };
        let header = RequestHeader {
            connection: ConnectionId(connection),
            correlation: CorrelationId(connection),
            api_version: 17,
            client,
            cause: Seq(u64::from(connection)),
        };
        self.with(|broker, cx, out| broker.handle_request(cx, header, request, out));
    }

    /// A fetch with Java's defaults from these partitions, written `t-0@17`.
    fn fetch(&mut self, connection: u32, partitions: &str) {
        let request = self.fetch_request(partitions);
        self.request(connection, Request::Fetch(Box::new(request)));
    }

    fn fetch_request(&mut self, partitions: &str) -> FetchRequest {
        let mut wanted = Vec::new();
        for word in partitions.split_whitespace() {
            let (partition, offset) = word.split_once('@').expect("partition@offset");
            let (partition, offset) = (self.partition(partition), Offset(offset.parse().expect("a number")));
            wanted.push(FetchPartition { partition, offset, max_bytes: 1_048_576 });
        }
        FetchRequest { max_wait_ms: 500, min_bytes: 1, max_bytes: 52_428_800, partitions: wanted }
    }

    fn at_us(&mut self, us: u64) {
        self.now = Instant::from_us(us);
    }

    fn deadline(&mut self) {
        self.with(|broker, cx, out| broker.handle_deadline(cx, out));
    }

    /// What was answered since the last look, as `connection: t-0 [17,20) ...`, and its cause.
    fn answers(&mut self) -> Vec<(String, u64)> {
        let show = |p: &FetchedPartition| {
            let name = format!(" {}-{}", self.names.text(p.partition.topic), p.partition.partition);
            match p.error {
                ErrorCode::None => format!("{name} [{},{})", p.from, p.to),
                error => format!("{name} {error}"),
            }
        };
        let describe = |answer: Answer| {
            let Response::Fetch(response) = &answer.response else { panic!("not a fetch: {answer:?}") };
            let partitions: String = response.partitions.iter().map(show).collect();
            (format!("{}:{partitions}", answer.correlation), answer.cause.0)
        };
        self.out.drain(..).map(describe).collect()
    }

    fn events(&mut self) -> Vec<Event> {
        let events = self.recorder.pending().to_vec();
        self.recorder.clear_pending();
        events
    }
}

fn answers(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|&(text, cause)| (text.to_owned(), cause)).collect()
}

#[test]
fn creating_partitions_never_shrinks_a_topic() {
    let mut rig = Rig::new();
    let topic = TopicName(rig.names.intern("t"));
    for partitions in [3, 4, 6] {
        rig.with(|broker, cx, _| broker.create_partitions(cx, topic, partitions));
    }
    assert_eq!(rig.broker.partitions(topic), Some(6));
    assert_eq!(rig.events(), [], "the driver tells");
    let unknown = TopicName(rig.names.intern("unknown"));
    assert_eq!(rig.broker.partitions(unknown), None);
}

#[test]
fn an_append_is_told_with_its_range() {
    let mut rig = Rig::new();
    rig.append("t-1", 3, 100);
    rig.append("t-1", 1_000_000_000, 100);
    rig.append("t-1", 0, 100);
    rig.append("t-9", 1, 100);
    let partition = rig.partition("t-1");
    let events = rig.events();
    let kinds: Vec<Kind> = events.iter().map(|e| e.kind).collect();
    let append = |from, to| Kind::Append { partition, from: Offset(from), to: Offset(to), producer: ActorId::DRIVER };
    assert_eq!(kinds, [append(0, 3), append(3, 1_000_000_003)]);
    assert_eq!((events[0].actor, events[0].cause), (ActorId::BROKER, Seq(77)));
    assert_eq!(rig.broker.log_start(partition), Some(Offset(0)));
    assert_eq!(rig.broker.log_end(partition), Some(Offset(1_000_000_003)));
}

#[test]
fn a_fetch_that_finds_records_is_answered_at_once() {
    let mut rig = Rig::new();
    rig.append("t-0", 10, 100);
    rig.append("t-2", 5, 100);
    rig.fetch(7, "t-2@3 t-1@0 t-0@0");
    let Response::Fetch(response) = &rig.out[0].response else { panic!() };
    let (t2, t0) = (response.partitions[0], response.partitions[1]);
    assert_eq!((t2.log_start, t2.high_watermark), (Offset(0), Offset(5)));
    assert_eq!((t0.log_start, t0.high_watermark), (Offset(0), Offset(10)));
    assert_eq!(rig.answers(), answers(&[("7: t-2 [3,5) t-0 [0,10)", 7)]));
    assert_eq!(rig.broker.next_deadline(), None);
}

#[test]
fn a_fetch_that_finds_nothing_waits_for_the_next_append() {
    let mut rig = Rig::new();
    rig.at_us(1_500);
    rig.fetch(7, "t-0@0 t-1@0");
    assert_eq!(rig.answers(), []);
    rig.at_us(2_000);
    rig.append("t-2", 1, 100);
    assert_eq!(rig.answers(), []);
    rig.append("t-1", 2, 100);
    let append = rig.recorder.last_seq();
    assert_eq!(rig.answers(), answers(&[("7: t-1 [0,2)", append.0)]), "caused by the append");
    assert_eq!(rig.broker.next_deadline(), None);
    rig.append("t-1", 2, 100);
    assert_eq!(rig.answers(), [], "answered once");
}

#[test]
fn a_fetch_waits_for_exactly_fetch_max_wait_ms_on_kafkas_clock() {
    let mut rig = Rig::new();
    rig.at_us(1_999);
    rig.fetch(7, "t-0@0");
    assert_eq!(rig.broker.next_deadline(), Some(Instant::from_us(501_000)));
    rig.at_us(500_999);
    rig.deadline();
    assert_eq!(rig.answers(), []);
    rig.at_us(501_000);
    rig.deadline();
    assert_eq!(rig.answers(), answers(&[("7:", 7)]));
    assert_eq!(rig.broker.next_deadline(), None);
}

#[test]
fn fetches_that_fall_due_together_leave_in_the_order_in_which_they_came() {
    let mut rig = Rig::new();
    for connection in [9, 3, 5] {
        rig.fetch(connection, "t-0@0 t-1@0");
    }
    rig.append("t-1", 1, 1);
    let append = rig.recorder.last_seq().0;
    let expected = [("9: t-1 [0,1)", append), ("3: t-1 [0,1)", append), ("5: t-1 [0,1)", append)];
    assert_eq!(rig.answers(), answers(&expected));
    for connection in [9, 3, 5] {
        rig.fetch(connection, "t-0@0");
    }
    rig.at_us(500_000);
    rig.deadline();
    assert_eq!(rig.answers(), answers(&[("9:", 9), ("3:", 3), ("5:", 5)]));
}

#[test]
fn fetch_min_bytes_counts_all_partitions() {
    let mut rig = Rig::new();
    rig.append("t-0", 1, 100);
    let mut request = rig.fetch_request("t-0@0 t-1@0");
    request.min_bytes = 300;
    rig.request(7, Request::Fetch(Box::new(request)));
    rig.append("t-1", 1, 199);
    assert_eq!(rig.answers(), []);
    rig.append("t-0", 1, 1);
    let append = rig.recorder.last_seq().0;
    assert_eq!(rig.answers(), answers(&[("7: t-0 [0,2) t-1 [0,1)", append)]));
}

#[test]
fn what_there_is_is_answered_when_the_wait_is_over() {
    let mut rig = Rig::new();
    rig.append("t-0", 1, 100);
    let mut request = rig.fetch_request("t-0@0 t-1@0");
    request.min_bytes = 300;
    rig.request(7, Request::Fetch(Box::new(request)));
    rig.at_us(500_000);
    rig.deadline();
    assert_eq!(rig.answers(), answers(&[("7: t-0 [0,1)", 7)]));
}

#[test]
fn a_partitions_limit_bounds_what_it_adds_to_fetch_min_bytes() {
    let mut rig = Rig::new();
    let mut request = rig.fetch_request("t-0@0 t-1@0");
    request.min_bytes = 300;
    request.partitions[0].max_bytes = 200;
    rig.request(7, Request::Fetch(Box::new(request)));
    rig.append("t-0", 50, 100);
    assert_eq!(rig.answers(), []);
    rig.append("t-1", 1, 100);
    let append = rig.recorder.last_seq().0;
    assert_eq!(rig.answers(), answers(&[("7: t-0 [0,2) t-1 [0,1)", append)]));
}

#[test]
fn no_wait_and_no_minimum_are_answered_at_once() {
    let mut rig = Rig::new();
    let mut no_wait = rig.fetch_request("t-0@0");
    no_wait.max_wait_ms = 0;
    rig.request(7, Request::Fetch(Box::new(no_wait)));
    let mut no_minimum = rig.fetch_request("t-0@0");
    no_minimum.min_bytes = 0;
    rig.request(8, Request::Fetch(Box::new(no_minimum)));
    rig.fetch(9, "");
    assert_eq!(rig.answers(), answers(&[("7:", 7), ("8:", 8), ("9:", 9)]));
}

#[test]
fn limits_in_bytes_bound_each_partition_and_the_whole() {
    let mut rig = Rig::new();
    for partition in ["t-0", "t-1", "t-2"] {
        rig.append(partition, 100, 100);
    }
    let mut request = rig.fetch_request("t-0@0 t-1@0 t-2@0");
    request.max_bytes = 1_050;
    for (partition, max_bytes) in request.partitions.iter_mut().zip([300, 450, 900]) {
        partition.max_bytes = max_bytes;
    }
    rig.request(7, Request::Fetch(Box::new(request)));
    // 300, 450 (four records and a half), and 300 of the 900.
    assert_eq!(rig.answers(), answers(&[("7: t-0 [0,3) t-1 [0,4) t-2 [0,3)", 7)]));
}

#[test]
fn the_first_record_comes_however_large_it_is() {
    let mut rig = Rig::new();
    rig.append("t-1", 2, 5_000_000);
    rig.append("t-2", 2, 5_000_000);
    rig.append("t-3", 9, 10);
    let mut request = rig.fetch_request("t-0@0 t-1@0 t-2@0 t-3@0");
    request.max_bytes = 6_000_000;
    rig.request(7, Request::Fetch(Box::new(request.clone())));
    assert_eq!(rig.answers(), answers(&[("7: t-1 [0,1) t-3 [0,9)", 7)]), "t-2 has room for no whole record");
    request.max_bytes = 100;
    rig.request(7, Request::Fetch(Box::new(request)));
    assert_eq!(rig.answers(), answers(&[("7: t-1 [0,1)", 7)]));
}

#[test]
fn a_position_outside_the_log_is_answered_at_once() {
    let mut rig = Rig::new();
    rig.append("t-0", 10, 1);
    rig.delete("t-0", 4);
    rig.fetch(7, "t-1@0 t-0@3");
    rig.fetch(8, "t-0@11");
    let Response::Fetch(response) = &rig.out[0].response else { panic!() };
    assert_eq!((response.partitions[0].log_start, response.partitions[0].high_watermark), (Offset(4), Offset(10)));
    rig.fetch(9, "t-0@10");
    assert_eq!(rig.answers(), answers(&[("7: t-0 OFFSET_OUT_OF_RANGE", 7), ("8: t-0 OFFSET_OUT_OF_RANGE", 8)]));
}

#[test]
fn a_partition_that_does_not_exist_is_answered_together_with_the_others() {
    let mut rig = Rig::new();
    rig.fetch(7, "t-9@0 none-0@0");
    let unknown = "7: t-9 UNKNOWN_TOPIC_OR_PARTITION none-0 UNKNOWN_TOPIC_OR_PARTITION";
    assert_eq!(rig.answers(), answers(&[(unknown, 7)]));
    rig.fetch(8, "t-9@0 t-0@0");
    assert_eq!(rig.answers(), []);
    rig.at_us(500_000);
    rig.deadline();
    assert_eq!(rig.answers(), answers(&[("8: t-9 UNKNOWN_TOPIC_OR_PARTITION", 8)]));
}

#[test]
fn deleting_records_moves_the_log_start_and_is_told() {
    let mut rig = Rig::new();
    rig.append("t-0", 10, 1);
    rig.events();
    let mut fetch = rig.fetch_request("t-0@2");
    fetch.min_bytes = 100;
    rig.request(7, Request::Fetch(Box::new(fetch)));
    rig.delete("t-0", 4);
    rig.delete("t-0", 4);
    rig.delete("t-0", -1);
    rig.delete("t-9", 1);
    let partition = rig.partition("t-0");
    let kinds: Vec<Kind> = rig.events().iter().map(|e| e.kind).collect();
    let log_start = |offset| Kind::LogStart { partition, offset: Offset(offset) };
    assert_eq!(kinds, [log_start(4), log_start(10)]);
    assert_eq!(rig.answers(), []);
    rig.at_us(500_000);
    rig.deadline();
    assert_eq!(rig.answers(), answers(&[("7: t-0 OFFSET_OUT_OF_RANGE", 7)]), "learns of it when its wait is over");
}

#[test]
fn a_partition_named_twice_is_answered_once() {
    let mut rig = Rig::new();
    rig.fetch(7, "t-0@0 t-0@0");
    rig.append("t-0", 1, 1);
    let append = rig.recorder.last_seq().0;
    assert_eq!(rig.answers(), answers(&[("7: t-0 [0,1) t-0 [0,1)", append)]));
}

#[test]
fn list_offsets_gives_both_ends() {
    let mut rig = Rig::new();
    rig.append("t-0", 10, 1);
    rig.delete("t-0", 4);
    let (t0, gone) = (rig.partition("t-0"), rig.partition("t-4"));
    let partitions =
        vec![(t0, ListOffsetsTarget::Latest), (gone, ListOffsetsTarget::Latest), (t0, ListOffsetsTarget::Earliest)];
    rig.request(7, Request::ListOffsets(Box::new(ListOffsetsRequest { partitions })));
    let expected = ListOffsetsResponse {
        partitions: vec![
            (t0, Offset(10), ErrorCode::None),
            (gone, Offset::NONE, ErrorCode::UnknownTopicOrPartition),
            (t0, Offset(4), ErrorCode::None),
        ],
    };
    assert_eq!(rig.out[0].response, Response::ListOffsets(Box::new(expected)));
    assert_eq!((rig.out[0].connection, rig.out[0].cause), (ConnectionId(7), Seq(7)));
}

#[test]
fn metadata_describes_the_topics_asked_for() {
    let mut rig = Rig::new();
    let [u, none, t] = ["u", "none", "t"].map(|name| TopicName(rig.names.intern(name)));
    rig.request(7, Request::Metadata(vec![u, none, t]));
    let expected = [(u, ErrorCode::None, 1), (none, ErrorCode::UnknownTopicOrPartition, 0), (t, ErrorCode::None, 4)]
        .map(|(topic, error, partitions)| TopicMetadata { topic, error, partitions });
    assert_eq!(rig.out[0].response, Response::Metadata(expected.to_vec()));
}

#[test]
fn the_one_broker_coordinates_every_group() {
    let mut rig = Rig::new();
    rig.request(7, Request::FindCoordinator(GroupId(Symbol(5))));
    assert_eq!(rig.out[0].response, Response::FindCoordinator(ErrorCode::None));
}

#[test]
fn fetch_min_bytes_counts_what_the_answers_limit_leaves_out() {
    let mut rig = Rig::new();
    rig.append("t-0", 1, 250);
    rig.append("t-1", 1, 100);
    let mut request = rig.fetch_request("t-0@0 t-1@0");
    (request.min_bytes, request.max_bytes) = (300, 300);
    rig.request(7, Request::Fetch(Box::new(request)));
    assert_eq!(rig.answers(), answers(&[("7: t-0 [0,1)", 7)]));
}
