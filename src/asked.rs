//! What unit tests of rules ask of ours, written down for Kafka: shared with `tests/differential`, which asks it.

#[path = "../tests/differential/base64.rs"]
pub mod base64;
#[path = "../tests/differential/names.rs"]
pub mod names;
#[path = "../tests/differential/script.rs"]
pub mod script;
#[path = "../tests/differential/sent.rs"]
pub mod sent;
#[path = "../tests/differential/settled.rs"]
pub mod settled;
