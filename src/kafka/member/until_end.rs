//! `until = "end"`: where the partitions ended when they were taken, and whether they have been read to there.

use super::consumer::Consuming;
use super::reporter::Reporter;
use super::talk::{Place, Told};
use crate::config::{AutoOffsetReset, MemberConfig, Membership, StartAt};
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// The ends to reach.
#[derive(Debug, Default)]
pub struct Ends {
    /// End, and the next offset to be read.
    open: BTreeMap<Place, (i64, i64)>,
    any: bool,
}

impl Ends {
    /// Partitions were taken: looks up where they end and where reading begins.
    pub fn taken(
        &mut self,
        consumer: &Consuming,
        member: &MemberConfig,
        places: Vec<Place>,
        reporter: &Reporter,
    ) -> Result<(), KafkaError> {
        for place in places {
            let (low, high) = consumer.fetch_watermarks(&place.0, place.1 as i32, PATIENCE)?;
            let begin = match member.from {
                StartAt::Beginning => low,
                StartAt::End => high,
                StartAt::Offset(offset) => offset,
                StartAt::Committed => {
                    committed(consumer, member, &place)?.unwrap_or(match member.client.auto_offset_reset {
                        AutoOffsetReset::Earliest => low,
                        AutoOffsetReset::Latest | AutoOffsetReset::None => high,
                    })
                }
            };
            self.any = true;
            self.open.insert(place.clone(), (high, begin));
            self.read(&place, begin, reporter);
        }
        Ok(())
    }

    /// The next record to be read from `place` is `next`.
    pub fn read(&mut self, place: &Place, next: i64, reporter: &Reporter) {
        if let Some((end, at)) = self.open.get_mut(place) {
            *at = next;
            if next >= *end {
                self.open.remove(place);
                reporter.say(Told::ReachedEnd(place.clone(), next));
            }
        }
    }

    /// Whether every partition taken has been read to its end.
    pub fn all_reached(&self) -> bool {
        self.any && self.open.is_empty()
    }
}

fn committed(consumer: &Consuming, member: &MemberConfig, place: &Place) -> Result<Option<i64>, KafkaError> {
    if matches!(member.membership, Membership::Assign(_)) {
        return Ok(None);
    }
    let mut list = TopicPartitionList::new();
    list.add_partition(&place.0, place.1 as i32);
    let committed = consumer.committed_offsets(list, PATIENCE)?;
    Ok(committed.elements().first().and_then(|element| match element.offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }))
}
