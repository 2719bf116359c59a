//! What kafka-go's Reader has not, and what it has its own way.

use super::codes::Code;
use super::kafka::{Parsed, Settings};
use super::report::{Report, Span};
use super::tree::{Node, Value};
use crate::config::{AssignorKind, CommitMode, CommitOffset, CommitPolicy, CommitWhen};

/// The commit policy with CommitMessages: nothing is committed but what the application hands over, and whether it waits
/// for that is a setting of the Reader. Without a word about it the application calls ReadMessage.
pub(super) fn commit(
    report: &mut Report,
    value: Option<&Value>,
    settings: &Settings,
    policy: CommitPolicy,
) -> CommitPolicy {
    let table = value.and_then(|v| match &v.node {
        Node::Table(table) => Some(table),
        _ => None,
    });
    let get = |key: &str| table.and_then(|t| t.get(key));
    let word = |key: &str| {
        get(key).and_then(|v| if let Node::Text(text) = &v.node { Some((text.as_str(), v.span)) } else { None })
    };
    let flushes = settings.get("CommitInterval").is_some_and(|s| !matches!(s.value, Parsed::Integer(0)));
    if let Some(("auto", span)) = word("when") {
        let help = "ReadMessage commits before the application has the message: `before-record`; FetchMessage commits \
                    nothing, CommitMessages what it is given: `after-record`";
        report.add(Code::BadCommit, span, "kafka-go has no auto-commit", help.to_string());
    }
    match word("mode") {
        Some(("async", span)) if !flushes => {
            let help = "set CommitInterval: CommitMessages returns at once then, and offsets are committed so often"
                .to_string();
            report.add(Code::BadCommit, span, "kafka-go's CommitMessages waits while CommitInterval is 0", help);
        }
        Some(("sync", span)) if flushes => {
            let help = "leave CommitInterval out: CommitMessages waits for the answer then".to_string();
            report.add(Code::BadCommit, span, "kafka-go's CommitMessages does not wait with CommitInterval", help);
        }
        _ => {}
    }
    if let Some(("position", span)) = word("offset") {
        let help = "CommitMessages takes messages, and the application has those that it has fetched".to_string();
        report.add(Code::BadCommit, span, "kafka-go's Reader tells no positions", help);
    }
    let mode = if flushes { CommitMode::Async } else { CommitMode::Sync };
    if matches!(policy.when, CommitWhen::Auto { .. }) {
        let (when, offset) = (CommitWhen::BeforeRecord, CommitOffset::AboutToHandle);
        return CommitPolicy { when, offset, mode, on_revoke: false, ..policy };
    }
    CommitPolicy { mode, on_revoke: false, ..policy }
}

/// Refuses what a Reader with a GroupID has not.
pub(super) fn refuse(report: &mut Report, fixed: Option<Span>, from: Option<Span>) {
    if let Some(span) = fixed {
        report.error(Code::NotInLibrary, span, "kafka-go's Reader has no static membership");
    }
    if let Some(span) = from {
        let help = "auto.offset.reset is its StartOffset, for partitions without a committed offset".to_string();
        report.add(Code::NotInLibrary, span, "kafka-go's Reader cannot be told where to start in a group", help);
    }
}

/// Whether the Reader takes this word for a property.
pub(super) fn word(report: &mut Report, name: &str, span: Span, word: &str) -> bool {
    let refused = name == "auto.offset.reset" && word == "none";
    if refused {
        let help = "StartOffset is FirstOffset or LastOffset".to_string();
        report.add(Code::BadKafkaValue, span, "kafka-go always starts somewhere", help);
    }
    !refused
}

/// The balancers of a list; `None` if the Reader has not all of them.
pub(super) fn balancers(report: &mut Report, span: Span, found: Vec<AssignorKind>) -> Option<Vec<AssignorKind>> {
    let stranger = found.iter().find(|a| !matches!(a, AssignorKind::Range | AssignorKind::RoundRobin));
    let Some(stranger) = stranger else { return Some(found) };
    let message = format!("kafka-go has no balancer `{}`", stranger.name());
    report.add(Code::BadKafkaValue, span, message, "it has range and roundrobin".to_string());
    None
}
