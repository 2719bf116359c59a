//! The virtual-time driver against what scenario files promise: every verb and fault, to the microsecond.
//!
//! A single member of a group without initial delay, on a network of 1 ms, begins its first record at 14 ms: seven round
//! trips (coordinator, two joins, sync, offset fetch, list offsets, fetch). Stand-alone readers need three.

mod broker_events;
mod producers;
mod random;
mod rig;
mod sarama;
mod stops;
mod successors;
mod timeline;
mod whole;
mod windows;
mod workers;
