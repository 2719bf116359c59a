//! Our coordinator against a real broker, over TCP and in real time (docs/fidelity.md, "Over TCP").
//!
//! With `GROUPSIM_KAFKA_BROKER=1` the tests start brokers of their own; `GROUPSIM_TCP_SEQUENCES` random sequences from seed
//! `GROUPSIM_DIFF_SEED`, `GROUPSIM_TCP_AT_ONCE` at a time. With `GROUPSIM_KAFKA_HARNESS=1` too, Kafka's coordinator on a
//! virtual clock must give the same answers to the same commands. `GROUPSIM_BOOTSTRAP_SERVERS=host:port` has the directed
//! tests ask that broker, as far as they need no settings of their own.

mod broker;
mod connection;
mod directed;
mod peer;
mod play;
mod sequences;
mod tally;
mod wire;

use std::io::Write;

/// Whether the tests may start a broker; says so if not.
fn may_start() -> bool {
    let may = std::env::var_os("GROUPSIM_KAFKA_BROKER").is_some();
    if !may {
        // Not eprintln!, which the test harness swallows where a test passes.
        let text = "SKIPPED: no real Kafka broker; set GROUPSIM_KAFKA_BROKER=1 (needs Java 17 and Maven)";
        writeln!(std::io::stderr(), "{text}").expect("stderr takes a line");
    }
    may
}
