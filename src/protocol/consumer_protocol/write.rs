//! Writing Kafka's primitive types.

use crate::ids::{Names, TopicPartition};
use crate::protocol::Bytes;

/// Bytes in the making.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Writer { bytes: Vec::with_capacity(capacity) }
    }

    pub(crate) fn int16(&mut self, value: i16) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn int32(&mut self, value: i32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// Length of an array.
    pub(crate) fn length(&mut self, length: usize) {
        self.int32(i32::try_from(length).unwrap_or(i32::MAX));
    }

    /// A string. Kafka knows none over 32,767 bytes (a topic's name has at most 249 characters); what is longer is cut.
    pub(crate) fn string(&mut self, text: &str) {
        let mut length = text.len().min(i16::MAX as usize);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        self.int16(i16::try_from(length).unwrap_or(i16::MAX));
        self.bytes.extend_from_slice(&text.as_bytes()[..length]);
    }

    pub(crate) fn null_string(&mut self) {
        self.int16(-1);
    }

    pub(crate) fn nullable_bytes(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.int32(-1),
            Some(value) => {
                self.length(value.len());
                self.bytes.extend_from_slice(value);
            }
        }
    }

    /// `[]TopicPartition`: an entry for each run of partitions of one topic.
    pub(crate) fn topic_partitions(&mut self, partitions: &[TopicPartition], names: &Names) {
        let entries_at = self.bytes.len();
        self.int32(0);
        let mut entries = 0;
        for run in partitions.chunk_by(|a, b| a.topic == b.topic) {
            entries += 1;
            self.string(names.text(run[0].topic));
            self.length(run.len());
            for partition in run {
                self.int32(i32::try_from(partition.partition).unwrap_or(i32::MAX));
            }
        }
        self.bytes[entries_at..entries_at + 4].copy_from_slice(&i32::to_be_bytes(entries));
    }

    pub(crate) fn finish(self) -> Bytes {
        self.bytes.into()
    }
}
