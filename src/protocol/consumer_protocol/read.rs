//! Reading Kafka's primitive types from bytes that anybody may have written.

use crate::ids::{Names, TopicName, TopicPartition};

/// Topics with their partitions, not yet interned.
pub(crate) type RawPartitions<'a> = Vec<(&'a str, Vec<u32>)>;

/// A cursor over bytes. Every method gives `None` if the bytes are too short or make no sense; no length read from them is
/// trusted before it was compared with what is left.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn int16(&mut self) -> Option<i16> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(i16::from_be_bytes(*bytes))
    }

    pub(crate) fn int32(&mut self) -> Option<i32> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(i32::from_be_bytes(*bytes))
    }

    /// The version at the front; a negative one is refused.
    pub(crate) fn version(&mut self) -> Option<i16> {
        self.int16().filter(|version| *version >= 0)
    }

    pub(crate) fn string(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.int16()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    pub(crate) fn nullable_string(&mut self) -> Option<Option<&'a str>> {
        let length = self.int16()?;
        if length < 0 {
            return Some(None);
        }
        std::str::from_utf8(self.take(usize::try_from(length).ok()?)?).ok().map(Some)
    }

    pub(crate) fn nullable_bytes(&mut self) -> Option<Option<&'a [u8]>> {
        let length = self.int32()?;
        if length < 0 {
            return Some(None);
        }
        self.take(usize::try_from(length).ok()?).map(Some)
    }

    /// An array of elements that take at least `least` bytes each.
    pub(crate) fn array<T>(&mut self, least: usize, mut element: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = usize::try_from(self.int32()?).ok()?;
        if length > self.rest.len() / least {
            return None;
        }
        let mut elements = Vec::with_capacity(length);
        for _ in 0..length {
            elements.push(element(self)?);
        }
        Some(elements)
    }

    /// `[]TopicPartition`: topic and partition numbers.
    pub(crate) fn topic_partitions(&mut self) -> Option<RawPartitions<'a>> {
        self.array(6, |reader| {
            let topic = reader.string()?;
            let partitions = reader.array(4, |reader| u32::try_from(reader.int32()?).ok())?;
            Some((topic, partitions))
        })
    }
}

/// The partitions with their topics interned.
pub(crate) fn intern_partitions(raw: &RawPartitions<'_>, names: &mut Names) -> Vec<TopicPartition> {
    let mut all = Vec::with_capacity(raw.iter().map(|(_, partitions)| partitions.len()).sum());
    for (topic, partitions) in raw {
        let topic = TopicName(names.intern(topic));
        all.extend(partitions.iter().map(|&partition| TopicPartition::new(topic, partition)));
    }
    all
}
