//! groupsim beside a real Kafka: `GROUPSIM_KAFKA_BROKER=1 cargo test --features kafka --test cross_check`.

#[path = "../kafka_broker/mod.rs"]
mod kafka_broker;

mod cluster;
mod proxy;
mod real;
