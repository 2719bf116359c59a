//! Requests, responses and error codes, named as Kafka names them (floor 1).
//!
//! These are values in memory, not bytes on a wire; only what Kafka itself treats as opaque bytes (a member's
//! subscription, its assignment) is encoded, in [`consumer_protocol`], because brokers compare those bytes (JOIN-25).

pub mod consumer_protocol;
mod error;
mod group;
mod log;
mod message;
mod murmur2;
mod offsets;
mod produce;

pub use error::ErrorCode;
pub use group::*;
pub use log::*;
pub use message::*;
pub use murmur2::murmur2;
pub use offsets::*;
pub use produce::*;

use std::sync::Arc;

/// Opaque bytes that brokers pass on and compare but do not read (mostly).
pub type Bytes = Arc<[u8]>;
