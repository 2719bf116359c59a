//! Kafka keys, defaults, ranges, and the plain policies that scenarios fill (floor 2).

mod broker;
mod client;
pub mod expect;
mod kafka_go;
pub mod keys;
mod library;
mod policy;
mod producer;
mod sarama;

pub use broker::BrokerConfig;
pub use client::*;
pub use kafka_go::KafkaGoConfig;
pub use policy::*;
pub use producer::*;
pub use sarama::SaramaConfig;
