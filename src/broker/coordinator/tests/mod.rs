//! Tests of the coordinator, one file per section of the rule book.

mod chaos;
mod delay;
mod differential;
mod heartbeat;
mod join;
mod leader;
mod leave;
mod load;
mod offsets;
mod rebalance;
mod rig;
mod session;
mod state;
mod static_member;
mod sync;
mod trace;
