//! Producers: what each library batches, what retries do, and random producers in random weather.

use super::rig::{Seen, ms};
use groupsim::oracle::{Class, Judge};
use groupsim::scenario::parse;
use groupsim::sim::{RunOptions, run};
use proptest::prelude::*;

/// A run of one producer `p` to a topic `t`, on a network of 1 ms.
fn producer(partitions: u32, client: &str, send: &str, config: &str, events: &[&str]) -> Seen {
    let events = events.iter().map(|event| format!("  {{ {event} }},\n")).collect::<String>();
    Seen::of(&format!(
        "run-for = \"2m\"\n[topic.t]\npartitions = {partitions}\n[producer.p]\nclient = \"{client}\"\nsend = {send}\n\
         [producer.p.config]\n{config}\n[timeline]\nevents = [\n{events}]\n"
    ))
}

fn sent(seen: &Seen) -> Vec<String> {
    seen.show("p", &["batch_sent"])
}

#[test]
fn kafka_go_waits_for_batch_timeout_unless_a_batch_is_full_and_0_means_a_second() {
    for config in ["", "BatchTimeout = 0"] {
        let seen = producer(1, "kafka-go", "{ calls = 1, per-call = 250 }", config, &[]);
        assert_eq!(
            sent(&seen),
            [
                "2ms batch_sent t-0 0 100 -1 -1 0",
                "2ms batch_sent t-0 100 200 -1 -1 0",
                "1.002s batch_sent t-0 200 250 -1 -1 0",
            ]
        );
        assert_eq!(seen.show("p", &["returned"]), ["1.002s returned 0 250 0 1002000"], "acks = 0: nobody answers");
    }
    let seen = producer(1, "kafka-go", "{ calls = 2 }", "RequiredAcks = \"all\"\nBatchTimeout = 10", &[]);
    assert_eq!(seen.show("p", &["returned"]), ["14ms returned 0 1 0 14000", "26ms returned 1 1 0 12000"]);
}

#[test]
fn kafka_go_goes_round_robin_and_every_partition_waits_once() {
    let seen = producer(3, "kafka-go", "{ calls = 1, per-call = 10 }", "RequiredAcks = \"all\"", &[]);
    assert_eq!(
        sent(&seen),
        ["1.002s batch_sent t-0 0 4 -1 -1 0", "1.002s batch_sent t-1 0 3 -1 -1 0", "1.002s batch_sent t-2 0 3 -1 -1 0",]
    );
    assert_eq!(seen.at("p", "returned"), ["1.004s"]);
}

#[test]
fn callers_share_a_batch_of_kafka_go() {
    let seen = producer(1, "kafka-go", "{ calls = 4, callers = 4 }", "RequiredAcks = \"all\"", &[]);
    assert_eq!(sent(&seen), ["1.002s batch_sent t-0 0 4 -1 -1 0"]);
    assert_eq!(seen.at("p", "returned"), ["1.004s"; 4]);
}

#[test]
fn kafka_go_tries_again_after_its_deadline_with_a_back_off_that_grows_with_the_square() {
    let cut = r#"at = "500ms", cut = "p", for = "25s""#;
    let seen = producer(1, "kafka-go", "{ calls = 1 }", "RequiredAcks = \"all\"", &[cut]);
    // 10 s, then 100 ms; 10 s, then 400 ms; healed at 25.5 s.
    assert_eq!(seen.at("p", "batch_sent"), ["1.002s", "11.102s", "21.502s"]);
    assert_eq!(seen.at("p", "produce_timeout"), ["11.002s", "21.102s"]);
    assert_eq!(seen.at("p", "batch_acked"), ["25.501s"]);
}

#[test]
fn java_sends_the_first_batch_of_every_partition_as_soon_as_one_is_ready() {
    // A full batch of 1000 bytes is 10 records. 14 records of two keys: of one partition full, of the other not.
    let config = "linger.ms = 5_000\nbatch.size = 1_000";
    let seen = producer(2, "java", "{ calls = 1, per-call = 14, keys = 3, size = 100 }", config, &[]);
    let lines = sent(&seen);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("5.002s")), "nothing is full: {lines:?}");
    let seen = producer(2, "java", "{ calls = 1, per-call = 20, keys = 3, size = 100 }", config, &[]);
    let lines = sent(&seen);
    assert!(lines[..2].iter().all(|line| line.starts_with("2ms")), "one full batch takes the other along: {lines:?}");
    assert_eq!(seen.at("p", "produce_sent")[0], "2ms");
}

#[test]
fn java_keeps_to_one_partition_for_a_batch_of_bytes_when_there_are_no_keys() {
    let seen = producer(3, "java", "{ calls = 1, per-call = 48 }", "batch.size = 16_384\nlinger.ms = 10", &[]);
    // 16 records of 1 KiB each go to a drawn partition, then 16 more to a drawn one, and so on.
    let counts: u64 = seen
        .events("p", &["batch_sent"])
        .map(|e| seen.field(e, "to").parse::<u64>().unwrap() - seen.field(e, "from").parse::<u64>().unwrap())
        .inspect(|count| assert_eq!(count % 16, 0))
        .sum();
    assert_eq!(counts, 48);
}

#[test]
fn librdkafka_sends_one_partition_a_request_and_all_that_it_has() {
    let config = "linger.ms = 100\nbatch.num.messages = 10";
    let seen = producer(1, "librdkafka", "{ calls = 1, per-call = 25 }", config, &[]);
    assert_eq!(
        sent(&seen),
        ["2ms batch_sent t-0 0 10 -1 -1 0", "2ms batch_sent t-0 10 20 -1 -1 0", "2ms batch_sent t-0 20 25 -1 -1 0"],
        "once a batch is full the rest goes along"
    );
    let seen = producer(1, "librdkafka", "{ calls = 1, per-call = 9 }", config, &[]);
    assert_eq!(sent(&seen), ["102ms batch_sent t-0 0 9 -1 -1 0"]);
}

#[test]
fn sarama_flushes_everything_when_it_may_and_has_one_batch_of_a_partition_in_flight() {
    let seen = producer(1, "sarama", r#"{ rate = "1000/s", calls = 5 }"#, "", &[]);
    // The first message waits for the partitions until 2 ms, with the two after it; the answer comes at 4 ms.
    assert_eq!(sent(&seen), ["2ms batch_sent t-0 0 3 -1 -1 0", "4ms batch_sent t-0 3 5 -1 -1 0"]);
    let seen = producer(1, "sarama", "{ calls = 7 }", "Flush.Messages = 5\nFlush.Frequency = 300", &[]);
    assert_eq!(seen.at("p", "batch_sent"), ["2ms"], "seven at once are more than five");
    let seen = producer(1, "sarama", "{ calls = 4 }", "Flush.Messages = 5\nFlush.Frequency = 300", &[]);
    assert_eq!(seen.at("p", "batch_sent"), ["302ms"]);
    let seen = producer(1, "sarama", "{ calls = 4 }", "Flush.Messages = 5", &[]);
    assert_eq!(seen.at("p", "batch_sent"), [] as [&str; 0], "without Frequency four wait for ever");
}

#[test]
fn franz_go_lingers_but_not_in_produce_sync_and_sends_one_request_before_the_first_answer() {
    let seen = producer(1, "franz-go", "{ calls = 3 }", "", &[]);
    assert_eq!(sent(&seen), ["12ms batch_sent t-0 0 3 0 0 0"]);
    let seen = producer(1, "franz-go", r#"{ calls = 1, mode = "sync" }"#, "", &[]);
    assert_eq!(seen.at("p", "returned"), ["4ms"]);
    let full = "ProducerBatchMaxBytes = 1_024";
    let seen = producer(1, "franz-go", "{ calls = 6 }", full, &[]);
    // One, and after its answer four at a time; the last batch is the only one and lingers.
    assert_eq!(seen.at("p", "batch_sent"), ["2ms", "4ms", "4ms", "4ms", "4ms", "6ms"]);
}

#[test]
fn a_producer_id_is_asked_for_once_and_numbers_run_on() {
    let seen = producer(1, "java", r#"{ rate = "100/s", calls = 3 }"#, "", &[]);
    assert_eq!(seen.at("p", "init_producer_id_sent"), ["0s"]);
    assert_eq!(
        sent(&seen),
        ["2ms batch_sent t-0 0 1 0 0 0", "10ms batch_sent t-0 1 2 0 1 0", "20ms batch_sent t-0 2 3 0 2 0"]
    );
}

#[test]
fn what_the_broker_has_already_is_answered_again_and_not_appended() {
    let cut = r#"at = "19500us", cut = "p", for = "40s""#;
    let seen = producer(1, "java", r#"{ rate = "100/s", calls = 3 }"#, "", &[cut]);
    // The request of 20 ms stalls, times out at 30.020 s, goes out again 80 to 120 ms later, and both arrive at 40.0195 s.
    assert_eq!(seen.at("p", "produce_timeout"), ["30.020s"]);
    assert_eq!(seen.broker("p", "batch_appended"), ["3ms", "11ms", "40.019500s"]);
    assert_eq!(seen.broker("p", "batch_known").len(), 1);
    assert_eq!(seen.at("p", "batch_acked").len(), 3);
}

#[test]
fn a_gap_after_delivery_timeout_begins_a_new_epoch() {
    let cut = r#"at = "19500us", cut = "p", for = "75s""#;
    let config = "delivery.timeout.ms = 35_000\nretry.backoff.max.ms = 100";
    let seen = producer(1, "java", r#"{ rate = "1/10s", calls = 9 }"#, config, &[cut]);
    assert!(!seen.at("p", "batch_failed").is_empty());
    let epochs: Vec<String> = seen.events("p", &["batch_sent"]).map(|e| seen.field(e, "epoch")).collect();
    assert_eq!(epochs.first().map(String::as_str), Some("0"));
    assert_eq!(epochs.last().map(String::as_str), Some("1"), "{epochs:?}");
    let last = seen.events("p", &["batch_acked"]).last().map(|e| seen.field(e, "to"));
    assert_eq!(last.as_deref(), Some("9"), "the last record arrives");
}

#[test]
fn send_blocks_when_the_buffer_is_full_and_gives_up_after_max_block() {
    let cut = r#"at = "100ms", cut = "p", for = "20s""#;
    let config = "buffer.memory = 2_048\nmax.block.ms = 3_000";
    let seen = producer(1, "java", r#"{ rate = "1/s", from = "1s", calls = 5 }"#, config, &[cut]);
    // Two records fit. The third is due at 3 s and refused at 6 s, the fourth, which has waited behind it, at 9 s ...
    // The topic's partitions are asked for at 1 s and known when the cut is over.
    assert_eq!(seen.show("p", &["refused"])[0], "4s refused 0 1");
    let known = r#"at = "2500ms", cut = "p", for = "20s""#;
    let seen = producer(1, "java", r#"{ rate = "1/s", from = "1s", calls = 6 }"#, config, &[known]);
    assert_eq!(seen.show("p", &["refused"]), ["8s refused 4 1", "11s refused 5 1"]);
    assert_eq!(seen.show("p", &["returned"])[1..], ["8s returned 4 1 1 3000000", "11s returned 5 1 1 3000000"]);
}

#[test]
fn a_stop_flushes_and_a_crash_leaves_behind_what_was_never_sent() {
    let send = r#"{ rate = "10/s", calls = 15 }"#;
    let config = "linger.ms = 60_000\nbatch.size = 1_000_000\ndelivery.timeout.ms = 100_000";
    let seen = producer(1, "java", send, config, &[r#"at = "1050ms", stop = "p""#]);
    assert_eq!(sent(&seen), ["1.050s batch_sent t-0 0 11 0 0 0"]);
    assert_eq!(seen.at("p", "closed"), ["1.052s"]);
    let seen = producer(1, "java", send, config, &[r#"at = "1050ms", crash = "p""#, r#"at = "3s", start = "p""#]);
    assert_eq!(seen.show("p", &["unsent", "crash"]), ["1.050s unsent t-0 0 11", "1.050s crash"]);
    assert_eq!(seen.at("p", "start"), ["0s", "3s"]);
}

#[test]
fn a_frozen_producer_sends_when_it_goes_on() {
    let seen =
        producer(1, "java", r#"{ rate = "1/s", calls = 4 }"#, "", &[r#"at = "500ms", pause = "p", for = "10s""#]);
    assert_eq!(seen.at("p", "batch_sent"), ["2ms", "10.500s"]);
    assert_eq!(sent(&seen)[1], "10.500s batch_sent t-0 1 4 0 1 0");
}

#[test]
fn a_full_socket_holds_acks_0_up_and_the_connection_is_dropped_when_nothing_moves() {
    let cut = r#"at = "500ms", cut = "p", for = "60s""#;
    let config = "acks = 0\nrequest.timeout.ms = 5_000";
    let seen = producer(1, "java", r#"{ rate = "1000/s", size = "1KiB", from = "1s", until = "2s" }"#, config, &[cut]);
    // Partitions are asked for at 1 s and never come before the cut is over.
    assert!(seen.events("p", &["batch_sent"]).all(|e| ms(e.t) > 60_000), "{:?}", seen.at("p", "batch_sent"));
    let later = r#"at = "1500ms", cut = "p", for = "60s""#;
    let send = r#"{ rate = "1000/s", size = "1KiB", from = "1s", until = "3s" }"#;
    let seen = producer(1, "java", send, config, &[later]);
    let before = seen.events("p", &["batch_sent"]).map(|e| ms(e.t)).filter(|&ms| ms < 3_000).max();
    // What was sent at 1.499 s is not acknowledged either: 128 records of 1 KiB from there on.
    assert_eq!(before, Some(1_626));
    assert_eq!(seen.at("p", "disconnected").first().map(String::as_str), Some("6.626s"));
}

fn weather() -> impl Strategy<Value = String> {
    let who = prop::sample::select(vec!["p", "q", "*"]);
    let verb = prop::sample::select(vec!["cut", "pause", "crash", "stop", "start", "restart"]);
    let length = prop::sample::select(vec!["1us", "300ms", "4s", "40s"]);
    (0u64..20_000_000, who, verb, length).prop_map(|(at, who, verb, length)| {
        let more = match verb {
            "cut" | "pause" => format!(", for = \"{length}\""),
            "restart" => format!(", down-for = \"{length}\""),
            _ => String::new(),
        };
        format!("  {{ at = \"{at}us\", {verb} = \"{who}\"{more} }},\n")
    })
}

fn settings() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("java", ""),
        ("java", "enable.idempotence = false\nrequest.timeout.ms = 900"),
        ("java", "acks = 0\nrequest.timeout.ms = 700"),
        ("java", "acks = 1\nlinger.ms = 30\nbatch.size = 0\nmax.in.flight.requests.per.connection = 1"),
        ("java", "request.timeout.ms = 500\ndelivery.timeout.ms = 2_000\nlinger.ms = 7\nretry.backoff.ms = 0"),
        ("java", "request.timeout.ms = 500\ndelivery.timeout.ms = 900\nbuffer.memory = 9_000\nmax.block.ms = 0"),
        ("librdkafka", ""),
        ("librdkafka", "enable.idempotence = true\nsocket.timeout.ms = 400\nmessage.timeout.ms = 1_500"),
        (
            "librdkafka",
            "retries = 1\nsocket.timeout.ms = 300\nbatch.num.messages = 3\nqueue.buffering.max.messages = 20",
        ),
        ("sarama", "Net.ReadTimeout = 600"),
        ("sarama", "Idempotent = true\nRequiredAcks = \"all\"\nNet.MaxOpenRequests = 1\nNet.ReadTimeout = 600"),
        (
            "sarama",
            "Flush.Messages = 9\nFlush.Frequency = 200\nFlush.MaxMessages = 10\nRetry.Max = 0\nNet.ReadTimeout = 600",
        ),
        ("kafka-go", ""),
        ("kafka-go", "RequiredAcks = \"one\"\nBatchTimeout = 20\nBatchSize = 4\nWriteTimeout = 300"),
        ("kafka-go", "RequiredAcks = \"all\"\nBatchTimeout = 1\nMaxAttempts = 1\nWriteTimeout = 300"),
        ("franz-go", ""),
        ("franz-go", "ProduceRequestTimeout = 100\nRecordDeliveryTimeout = 3_000\nProducerBatchMaxBytes = 3_000"),
        ("franz-go", "DisableIdempotentWrite = true\nRequiredAcks = \"0\"\nMaxProduceRequestsInflightPerBroker = 3"),
    ])
}

fn sends() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "\"100/s\"",
        "{ rate = \"1000/s\", mode = \"async\", size = 700 }",
        "{ rate = \"200000/s\", mode = \"async\", size = 100, until = \"9s\", keys = 5 }",
        "{ rate = \"50/s\", mode = \"sync\", per-call = 7, callers = 3 }",
        "{ calls = 900, mode = \"sync\", per-call = 3 }",
        "{ calls = 100_000, mode = \"async\", from = \"2s\", size = 33 }",
        "{ calls = 2, mode = \"sync\", per-call = 50_000, keys = 3, callers = 2 }",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever producers do in whatever weather, the run comes to its end, twice the same, and no invariant of ours breaks.
    #[test]
    fn producers_end_and_break_nothing(
        (p, q) in (settings(), settings()),
        (p_sends, q_sends) in (sends(), sends()),
        latency in prop::sample::select(vec!["\"1us\"", "\"1ms\"", "{ base = \"1ms\", jitter = \"100%\", loss = \"5%\" }", "\"90ms\""]),
        events in prop::collection::vec(weather(), 0..7),
        seed in 0u64..1_000,
    ) {
        let events = events.concat();
        let text = format!(
            "run-for = \"25s\"\n[network]\nlatency = {latency}\n[topic.t]\npartitions = 3\n\
             [producer.p]\nclient = \"{}\"\nsend = {p_sends}\n[producer.p.config]\n{}\n\
             [producer.q]\nclient = \"{}\"\nsend = {q_sends}\n[producer.q.config]\n{}\n\
             [group.g]\n[group.g.config]\nauto.offset.reset = \"earliest\"\n[timeline]\nevents = [\n{events}]\n",
            p.0, p.1, q.0, q.1
        );
        let loaded = parse("random.toml", &text, &[]).map_err(|e| TestCaseError::fail(format!("{e:?}\n{text}")))?;
        let options = RunOptions { seed: Some(seed), event_budget: Some(60_000), ..RunOptions::default() };
        let mut judge = Judge::new(&loaded.scenario.expect, false, false);
        let end = run(&loaded.scenario, options, &mut [&mut judge]);
        prop_assert_eq!(end.hash, run(&loaded.scenario, options, &mut []).hash);
        let outcome = judge.finish(&end.names, end.virtual_time);
        let broken: Vec<_> = outcome.findings.iter().filter(|f| f.class == Class::Model).collect();
        prop_assert!(broken.is_empty(), "seed {}: {:#?}\n{}", seed, broken, text);
    }
}
