//! A real Apache Kafka (floor 6, feature `kafka`): the same scenario against a real cluster, in real time.
//!
//! `cluster` makes topics and takes them away again, `wire` stands between a member and the cluster and notes what passes,
//! `member` is the process of one consumer, `real` plays a scenario with such processes and gives a trace in groupsim's own
//! schema, `observed` sums a trace up, simulated or real, and `compare` puts the two side by side.

pub mod cluster;
pub mod compare;
pub mod member;
pub mod observed;
pub mod real;
pub mod wire;
