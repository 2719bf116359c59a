//! What the constructors of the client libraries refuse, and what groupsim says to what they would not like.

use super::*;

/// Code and words of everything that is said to `more` behind [`SMALL`].
fn said(more: &str) -> Vec<(&'static str, String)> {
    let all = diagnostics(&format!("{SMALL}{more}"), &[]);
    all.into_iter().map(|d| (d.code.name(), format!("{} | {:?}", d.one_line(), d.help))).collect()
}

fn says(more: &str, code: &str, words: &str) {
    let all = said(more);
    assert!(all.len() == 1 && all[0].0 == code && all[0].1.contains(words), "{more}: {all:#?}");
}

fn consumer(client: &str, line: &str) -> String {
    format!("client = \"{client}\"\n[group.billing.config]\n{line}\n")
}

fn producer(client: &str, line: &str) -> String {
    format!("[producer.p]\ntopic = \"orders\"\nclient = \"{client}\"\nsend = \"1/s\"\n[producer.p.config]\n{line}\n")
}

#[test]
fn what_franz_go_refuses_is_refused() {
    let consumers = [
        ("GreedyAutoCommit = true\nAutoCommitMarks = true", "both greedy autocommitting and marked"),
        ("enable.auto.commit = false\nGreedyAutoCommit = true", "both disable autocommitting and enable greedy"),
        ("enable.auto.commit = false\nAutoCommitMarks = true", "both disable autocommitting and enable marked"),
        ("fetch.max.wait.ms = 9", "max fetch wait 9 is less than allowed 10"),
        ("auto.commit.interval.ms = 99", "autocommit interval 99 is less than allowed 100"),
        ("rebalance.timeout.ms = 99", "rebalance timeout 99 is less than allowed 100"),
        ("request.timeout.ms = 900001", "request timeout overhead 900001 is larger than allowed 900000"),
        ("metadata.max.age.ms = 3600001", "metadata max age 3600001 is larger"),
        ("metadata.max.age.ms = 4999", "metadata max age 4999 is less"),
    ];
    for (line, words) in consumers {
        says(&consumer("franz-go", line), "GS033", words);
    }
    let producers = [
        ("RecordDeliveryTimeout = 999", "record timeout 999 is less than allowed 1000"),
        ("ProducerLinger = 60001", "linger 60001 is larger than allowed 60000"),
        ("ProducerBatchMaxBytes = 511", "max record batch bytes 511 is less than allowed 512"),
        ("RequiredAcks = \"none\"", "DisableIdempotentWrite = true"),
    ];
    for (line, words) in producers {
        says(&producer("franz-go", line), "GS033", words);
    }
    assert_eq!(said(&consumer("franz-go", "fetch.max.wait.ms = 10\nauto.commit.interval.ms = 100")), []);
    assert_eq!(said(&producer("franz-go", "RecordDeliveryTimeout = 0\nProducerLinger = 60000")), []);
}

#[test]
fn what_sarama_refuses_is_refused() {
    let below = "Flush.MaxMessages must be >= Producer.Flush.Messages";
    says(&producer("sarama", "Flush.MaxMessages = 5\nFlush.Messages = 6"), "GS033", below);
    says(&consumer("sarama", "fetch.min.bytes = 0"), "GS033", "Consumer.Fetch.Min must be > 0");
    says(&consumer("sarama", "auto.commit.interval.ms = 0"), "GS033", "AutoCommit.Interval must be > 0");
    says(&consumer("sarama", "auto.commit.interval.ms = -1"), "GS033", "sarama's default is 1000");
    assert_eq!(said(&producer("sarama", "Flush.Messages = 6\nFlush.MaxMessages = 6")), []);
}

#[test]
fn a_zero_of_kafka_go_is_its_default() {
    let plain = small("client = \"kafka-go\"\n").groups.remove(0).member_configs.remove(0).client;
    let keys = ["session.timeout.ms", "heartbeat.interval.ms", "rebalance.timeout.ms", "fetch.max.bytes"];
    let own = ["QueueCapacity", "PartitionWatchInterval", "JoinGroupBackoff", "ReadBackoffMin", "ReadBackoffMax"];
    for key in keys.into_iter().chain(own) {
        let scenario = small(&consumer("kafka-go", &format!("{key} = 0")));
        assert_eq!(scenario.groups[0].member_configs[0].client, plain, "{key}");
    }
    says(&consumer("kafka-go", "fetch.min.bytes = 9\nfetch.max.bytes = 8"), "GS033", "minimum batch size greater");
    says(&consumer("java", "heartbeat.interval.ms = 0"), "GS033", "at least 1, not 0");
}

#[test]
fn help_speaks_of_the_library() {
    says(&consumer("kafka-go", "partition.assignment.strategy = \"rang\""), "GS033", "ships with kafka-go");
    assert!(!said(&consumer("kafka-go", "partition.assignment.strategy = \"x\""))[0].1.contains("sticky"));
    says(&consumer("sarama", "Flush.Messages = 3"), "GS030", "it is a producer's");
    says(&consumer("java", "linger.ms = 3"), "GS030", "it is a producer's");
}

#[test]
fn what_would_do_nothing_is_refused() {
    says("commit = { when = \"never\", retry = 5 }\n", "GS040", "nothing is committed");
    let restart = "[timeline]\nevents = [{ at = \"9s\", restart = \"p\", as = \"new\" }]\n";
    says(&format!("{}{restart}", producer("java", "")), "GS023", "a producer comes back under its own name");
}

#[test]
fn lints_of_groups_and_records() {
    let fenced = "[group.billing.member.\"billing-*\"]\nstatic = \"a\"\n";
    says(fenced, "GS091", "`billing-0` and `billing-1` start with one group.instance.id, `a`");
    let mixed = "[group.billing.member.billing-1]\ncommit = { when = \"never\", store = \"with-result\" }\n";
    says(mixed, "GS092", "only some of its members");
    let large = |client: &str, size: u32| {
        format!("[producer.p]\ntopic = \"orders\"\nclient = \"{client}\"\nsend = {{ rate = \"1/s\", size = {size} }}\n")
    };
    says(&large("kafka-go", 1_048_577), "GS093", "larger than BatchBytes, 1,048,576");
    says(&large("java", 1_048_577), "GS093", "larger than max.request.size, 1,048,576");
    says(&large("librdkafka", 1_000_001), "GS093", "larger than message.max.bytes");
    assert_eq!(said(&large("kafka-go", 1_048_576)), []);
}

#[test]
fn gaps_point_at_the_workers() {
    let process = "process = { workers = 4, order = \"none\" }\n";
    let text =
        format!("{SMALL}client = \"sarama\"\n{process}[group.billing.config]\nauto.offset.reset = \"earliest\"\n");
    let found = diagnostics(&text, &[]);
    assert_eq!(found.iter().map(|d| (d.code.name(), d.line_and_column().0)).collect::<Vec<_>>(), [("GS090", 10)]);
}
