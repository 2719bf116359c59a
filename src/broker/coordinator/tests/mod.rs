//! Tests of the coordinator, one file per section of the rule book.

#[path = "../../../../tests/differential/base64.rs"]
mod base64;
mod chaos;
mod delay;
mod differential;
mod heartbeat;
mod join;
mod leader;
mod leave;
mod load;
#[path = "../../../../tests/differential/names.rs"]
mod names;
mod offsets;
mod rebalance;
mod rig;
#[path = "../../../../tests/differential/script.rs"]
mod script;
#[path = "../../../../tests/differential/sent.rs"]
mod sent;
mod session;
#[path = "../../../../tests/differential/settled.rs"]
mod settled;
mod state;
mod static_member;
mod sync;
mod trace;
