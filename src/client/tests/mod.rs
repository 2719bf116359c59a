//! Tests of the client rules: a scripted rig plays the broker.

mod close;
mod commit;
mod cooperative;
mod crew;
mod franz_go;
mod handler;
mod heartbeat;
mod join;
mod kafka_go;
mod librdkafka;
mod network;
mod position;
mod rig;
mod sarama;
