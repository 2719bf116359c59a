//! Times that a library has built in and no setting changes.

use super::{consumer, franz_go, librdkafka};
use crate::config::ClientKind;

/// Times built into a library, in ms, each with the name that `groupsim explain --profile` finds its source by.
pub fn constants(client: ClientKind) -> &'static [(&'static str, u64)] {
    match client {
        ClientKind::Java => consumer::CONSTANTS,
        ClientKind::Librdkafka => librdkafka::CONSTANTS,
        ClientKind::FranzGo => franz_go::CONSTANTS,
        _ => &[],
    }
}
