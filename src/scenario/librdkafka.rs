//! Values of properties as librdkafka takes them.

use super::codes::Code;
use super::report::{Report, Span};
use crate::config::{AssignorKind, ClientKind};

/// librdkafka has more words than Java for the same.
pub(super) fn word(client: ClientKind, text: &str) -> &str {
    match text {
        _ if client != ClientKind::Librdkafka => text,
        "smallest" | "beginning" => "earliest",
        "largest" | "end" => "latest",
        "error" => "none",
        _ => text,
    }
}

/// The assignors of librdkafka among those of a list; `None` if it refuses the list.
pub(super) fn assignors(
    report: &mut Report,
    span: Span,
    mut found: Vec<AssignorKind>,
    written_for: ClientKind,
) -> Option<Vec<AssignorKind>> {
    if found.contains(&AssignorKind::Sticky) {
        let help = "it has range, roundrobin and cooperative-sticky".to_string();
        report.add(Code::BadKafkaValue, span, "librdkafka has no assignor `sticky`", help);
        return None;
    }
    let cooperative = found.iter().position(|&a| a == AssignorKind::CooperativeSticky);
    match (cooperative, &mut report.recast) {
        (None, _) => Some(found),
        (Some(_), _) if found.len() == 1 => Some(found),
        // The Java client runs the assignor that all members prefer: the one that stands before it, eagerly.
        (Some(at), Some(recast)) if at > 0 && written_for == ClientKind::Java => {
            found.remove(at);
            recast.drop(written_for, "partition.assignment.strategy = cooperative-sticky");
            Some(found)
        }
        (Some(_), _) => {
            let message = "librdkafka does not take eager and cooperative assignors in one list";
            let help = "its constructor fails: \"online migration between assignors with different protocol types is not \
                        supported\"";
            report.add(Code::BadKafkaValue, span, message, help.to_string());
            None
        }
    }
}
