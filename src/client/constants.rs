//! Times and limits that a library has built in and no setting changes.

use super::{consumer, franz_go, kafka_go, librdkafka, sarama};
use crate::config::ClientKind;

/// Times (in ms) and limits built into a library, each with the name that `groupsim explain --profile` finds its source by.
pub fn constants(client: ClientKind) -> &'static [(&'static str, u64)] {
    match client {
        ClientKind::Java => consumer::CONSTANTS,
        ClientKind::Librdkafka => librdkafka::CONSTANTS,
        ClientKind::FranzGo => franz_go::CONSTANTS,
        ClientKind::Sarama => sarama::CONSTANTS,
        ClientKind::KafkaGo => kafka_go::CONSTANTS,
    }
}
