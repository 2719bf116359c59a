//! Kafka's error codes, explained: what each means, who sends it when, and what to do about it.

use crate::protocol::ErrorCode;
use std::fmt::Write;

/// The text behind a code, by Kafka's name in any case, or by its number in the protocol.
pub fn explain(subject: &str) -> Option<String> {
    let by_number = subject.parse().ok().and_then(ErrorCode::from_code);
    let code = by_number.or_else(|| ErrorCode::from_name(&subject.to_ascii_uppercase()))?;
    let (means, todo, rules) = text(code);
    let mut out = format!("{} ({})\n\n{means}\n", code.name(), code.code());
    if !todo.is_empty() {
        let _ = write!(out, "\nWhat to do: {todo}\n");
    }
    if !rules.is_empty() {
        let _ = write!(out, "\nRules: {rules}\n");
    }
    Some(out)
}

/// One line for each code: its number, its name, and the first sentence.
pub fn list() -> String {
    let mut out = String::new();
    for &code in ErrorCode::ALL {
        let means = text(code).0;
        let first = means.find(". ").map_or(means, |end| &means[..=end]);
        let _ = writeln!(out, "{:>3}  {:<28} {first}", code.code(), code.name());
    }
    out
}

/// The names of all codes.
pub fn names() -> impl Iterator<Item = &'static str> {
    ErrorCode::ALL.iter().map(|code| code.name())
}

/// Meaning, advice, rule ids.
fn text(code: ErrorCode) -> (&'static str, &'static str, &'static str) {
    use ErrorCode::*;
    match code {
        UnknownServerError => (
            "The broker failed in a way that it has no code for. Clients do not retry it.",
            "look into the broker's log; in a simulation it should never be seen.",
            "",
        ),
        None => ("No error.", "", ""),
        OffsetOutOfRange => (
            "A fetch asked for a position that the partition does not have: below its log start (retention deleted the records) or \
             above its end (the log was truncated). The consumer then applies auto.offset.reset: earliest repeats or skips to the \
             log start, latest skips everything up to the end, none throws.",
            "keep retention longer than the longest outage of the group, and choose auto.offset.reset knowingly: with latest a \
             position that fell out of the log is a silent loss.",
            "CLIENT-35",
        ),
        UnknownTopicOrPartition => (
            "The broker does not host this topic or partition. In an OffsetCommit it is the answer for one partition, the others \
             may be committed.",
            "create the topic, or wait: metadata of a new topic takes a moment to spread.",
            "OFF-09",
        ),
        InvalidFetchSize => ("A fetch asked for a negative number of bytes.", "mend the client.", ""),
        NotLeaderOrFollower => (
            "The broker no longer leads this partition. The client refreshes its metadata and asks the new leader.",
            "nothing: clients retry it.",
            "",
        ),
        RequestTimedOut => (
            "The broker gave up waiting for something, for example for the replicas of __consumer_offsets to take a commit. The \
             commit may still come to be: a duplicate after it is possible, a loss is not.",
            "retry; commitSync does so until default.api.timeout.ms has passed.",
            "SYNC-08",
        ),
        MessageTooLarge => (
            "A record batch is larger than the broker or topic allows.",
            "send smaller batches or raise max.message.bytes.",
            "",
        ),
        OffsetMetadataTooLarge => (
            "The text beside a committed offset is longer than offset.metadata.max.bytes (4096). Only that partition's commit is \
             refused.",
            "put less into the metadata.",
            "OFF-09",
        ),
        CoordinatorLoadInProgress => (
            "The broker has just become coordinator of this group and is still reading its partition of __consumer_offsets. Joins, leaves and \
             commits are refused until it is done, heartbeats are not; members keep their generation.",
            "nothing: clients retry after retry.backoff.ms. A group that meets it for long has a large __consumer_offsets partition.",
            "LOAD-03",
        ),
        CoordinatorNotAvailable => (
            "No broker can be the coordinator now: __consumer_offsets is not there yet, its partition has no leader, or a write to it \
             did not get enough replicas. The client looks for the coordinator again.",
            "nothing: clients retry it.",
            "SYNC-08",
        ),
        NotCoordinator => (
            "This broker is not (or is no longer) the group's coordinator: it moved to another. The client sends FindCoordinator and goes \
             on with the new one; its generation stays valid if the new coordinator finds it in the log.",
            "nothing: clients retry it.",
            "LOAD-02",
        ),
        RecordListTooLarge => ("A record batch is larger than a log segment.", "send smaller batches.", "SYNC-08"),
        NotEnoughReplicas => (
            "Fewer replicas than min.insync.replicas are in sync, so the broker refuses the write.",
            "bring brokers back; clients retry it.",
            "SYNC-08",
        ),
        IllegalGeneration => (
            "A member sent a Heartbeat, SyncGroup or OffsetCommit with a generation that is not the group's current one: the group has \
             rebalanced without it. The member is still known, only its generation is over. Records that it finished since its last \
             accepted commit will be handled again by whoever has the partition now. The Java client throws CommitFailedException \
             from commitSync.",
            "commit in the revoke callback, which runs while the old generation is still accepted, and keep the time between two polls \
             below max.poll.interval.ms. In the callback onPartitionsLost it is too late to commit.",
            "HB-02, SYNC-03, OFF-04, CLIENT-29",
        ),
        InconsistentGroupProtocol => (
            "A JoinGroup was refused because the member has no assignor in common with all the members that are there, or another \
             protocol type, or names none at all.",
            "change assignors in two rolling deploys: first add the new one beside the old one in partition.assignment.strategy, then \
             remove the old one.",
            "JOIN-15",
        ),
        InvalidGroupId => ("The group id is null, or empty where that is not allowed.", "set group.id.", "JOIN-01"),
        UnknownMemberId => (
            "The coordinator does not know this member id: its session timed out, it did not rejoin before the rebalance timeout, it left \
             (also by max.poll.interval.ms), or the group itself is gone. The client forgets its id and joins as a new member; it calls \
             onPartitionsLost, not onPartitionsRevoked, and cannot commit what it has done.",
            "find out which it was: `groupsim run` counts member_removed by reason. A frozen process needs a longer session.timeout.ms, a slow \
             handler a longer max.poll.interval.ms or a smaller max.poll.records.",
            "HB-02, HB-03, SYNC-03, SESS-07, CLIENT-08",
        ),
        InvalidSessionTimeout => (
            "JoinGroup asked for a session.timeout.ms outside the broker's group.min.session.timeout.ms (6 s) to \
             group.max.session.timeout.ms (30 min). The consumer does not start.",
            "change the timeout, or the broker's bounds.",
            "JOIN-02",
        ),
        RebalanceInProgress => (
            "The group is rebalancing. As the answer to a Heartbeat it is how members learn of a rebalance: they revoke and send JoinGroup. \
             As the answer to an OffsetCommit it means that the group waits for the leader's assignment (CompletingRebalance) and takes no \
             commits just now; while it waits for members to join (PreparingRebalance) commits of the old generation are taken.",
            "nothing after a heartbeat. After a commit: poll, then commit again; commitSync in a revoke callback runs before the join \
             and is in time.",
            "HB-04, SYNC-05, OFF-05, OFF-06",
        ),
        TopicAuthorizationFailed => ("The principal may not read this topic.", "grant READ on the topic.", ""),
        GroupAuthorizationFailed => ("The principal may not use this group.", "grant READ on the group.", ""),
        UnsupportedVersion => (
            "The broker does not speak this version of the request.",
            "use a client and a broker that have a version in common.",
            "",
        ),
        InvalidRequest => ("The request contradicts itself.", "mend the client.", ""),
        OutOfOrderSequenceNumber => (
            "A batch of an idempotent producer does not follow the one before it in this partition: a batch between them never came. \
             The broker appends nothing. The producer begins a new epoch once nothing is in flight, and sends again.",
            "nothing, if it is rare: batches that ran into delivery.timeout.ms leave such gaps.",
            "",
        ),
        DuplicateSequenceNumber => (
            "The broker has this batch of this idempotent producer already. Brokers answer the last five batches of a producer again \
             without an error, and producers take this code as a success.",
            "nothing.",
            "",
        ),
        InvalidProducerEpoch => (
            "The batch carries an older producer epoch than the log has seen.",
            "look for two producers that share a transactional.id.",
            "",
        ),
        KafkaStorageError => {
            ("The broker's disk failed; the partition moves to another broker.", "nothing: clients retry it.", "")
        }
        NonEmptyGroup => (
            "A group that still has members cannot be deleted.",
            "stop all its members first, and wait until their sessions are over or they have left.",
            "STATE-13",
        ),
        GroupIdNotFound => (
            "There is no such group: it never had a member or an offset, or it was deleted. A commit that carries a generation gets it too.",
            "look at `kafka-consumer-groups.sh --list`.",
            "STATE-13, OFF-01",
        ),
        MemberIdRequired => (
            "The first answer to a JoinGroup with an empty member id (KIP-394): it carries the id that the coordinator gives, and the member \
             joins again with it. It keeps clients that lose answers from filling the group with members that nobody speaks for. Members \
             with a group.instance.id are spared it.",
            "nothing: it is no failure, each start of a dynamic member has one.",
            "JOIN-10, JOIN-11",
        ),
        GroupMaxSizeReached => (
            "The group has group.max.size members. The consumer does not get in.",
            "start fewer members (more than there are partitions sit idle anyway), or raise the limit.",
            "JOIN-08",
        ),
        FencedInstanceId => (
            "Another process joined with the same group.instance.id, and this one lost it for good. Any request of it gets this code; \
             the client throws FencedInstanceIdException and stops.",
            "give each process an instance id of its own (a StatefulSet's pod name, say), and stop the old one before you start the new one.",
            "STATIC-02, STATIC-03",
        ),
        GroupSubscribedToTopic => (
            "Committed offsets of a topic cannot be deleted while a member of the group subscribes to it.",
            "stop the members first.",
            "OFF-19",
        ),
        UnstableOffsetCommit => (
            "A transaction that is not over holds the committed offset of this partition, and the reader asked for stable offsets only. The \
             client asks again.",
            "nothing, unless it lasts: then a transaction hangs, until transaction.timeout.ms.",
            "OFF-17",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text_and_is_found_by_name_and_number() {
        for &code in ErrorCode::ALL {
            let text = explain(code.name()).unwrap();
            assert!(text.starts_with(&format!("{} ({})\n\n", code.name(), code.code())), "{text}");
            assert_eq!(explain(&code.code().to_string()), Some(text.clone()));
            assert_eq!(explain(&code.name().to_lowercase()), Some(text));
        }
        assert_eq!(explain("GS012"), Option::None);
        assert_eq!(list().lines().count(), ErrorCode::ALL.len());
    }
}
