//! How the fields of an event are folded into the hash, exported, and read back.

use super::labels::*;
use crate::ids::*;
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::Duration;

/// A field as exports show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldValue {
    /// A number.
    Int(i64),
    /// A name or label.
    Text(String),
}

impl FieldValue {
    fn int(&self) -> Option<i64> {
        match self {
            FieldValue::Int(n) => Some(*n),
            FieldValue::Text(text) => text.parse().ok(),
        }
    }

    fn text(&self) -> String {
        match self {
            FieldValue::Int(n) => n.to_string(),
            FieldValue::Text(text) => text.clone(),
        }
    }
}

/// A type that a trace event may have as a field.
pub trait Field: Copy {
    /// The field as one word, in a form that is the same on every platform.
    fn word(self) -> u64;

    /// The field as exports show it.
    fn value(self, names: &Names) -> FieldValue;

    /// The field read back; `None` if the value cannot be one.
    fn read(value: &FieldValue, names: &mut Names) -> Option<Self>;
}

macro_rules! int_fields {
    ($($type:ty: $make:expr, $get:expr;)*) => {$(
        impl Field for $type {
            fn word(self) -> u64 {
                let get: fn($type) -> i64 = $get;
                get(self) as u64
            }
            fn value(self, _: &Names) -> FieldValue {
                let get: fn($type) -> i64 = $get;
                FieldValue::Int(get(self))
            }
            fn read(value: &FieldValue, _: &mut Names) -> Option<Self> {
                let make: fn(i64) -> Option<$type> = $make;
                make(value.int()?)
            }
        }
    )*};
}

int_fields! {
    u32: |n| u32::try_from(n).ok(), |v| i64::from(v);
    i32: |n| i32::try_from(n).ok(), |v| i64::from(v);
    i64: Some, |v| v;
    u64: |n| Some(n as u64), |v| v as i64;
    Generation: |n| i32::try_from(n).ok().map(Generation), |v| i64::from(v.0);
    Offset: |n| Some(Offset(n)), |v| v.0;
    Incarnation: |n| u32::try_from(n).ok().map(Incarnation), |v| i64::from(v.0);
    CorrelationId: |n| u32::try_from(n).ok().map(CorrelationId), |v| i64::from(v.0);
    ActorId: |n| u32::try_from(n).ok().map(ActorId), |v| i64::from(v.0);
    // The longest duration (a stuck handler's) is -1 in exports.
    Duration: |n| Some(Duration::from_us(n as u64)), |v| v.as_us() as i64;
}

impl Field for bool {
    fn word(self) -> u64 {
        u64::from(self)
    }
    fn value(self, _: &Names) -> FieldValue {
        FieldValue::Int(i64::from(self))
    }
    fn read(value: &FieldValue, _: &mut Names) -> Option<Self> {
        value.int().map(|n| n != 0)
    }
}

macro_rules! symbol_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn word(self) -> u64 {
                u64::from(Symbol::from(self).0)
            }
            fn value(self, names: &Names) -> FieldValue {
                FieldValue::Text(names.text(self).to_owned())
            }
            fn read(value: &FieldValue, names: &mut Names) -> Option<Self> {
                Some(names.intern(&value.text()).into())
            }
        }
    )*};
}

symbol_fields!(Symbol, GroupId, MemberId, InstanceId, TopicName, ProtocolName, ClientId);

/// `orders-3`, as Kafka writes a partition.
impl Field for TopicPartition {
    fn word(self) -> u64 {
        (u64::from(self.topic.0.0) << 32) | u64::from(self.partition)
    }
    fn value(self, names: &Names) -> FieldValue {
        FieldValue::Text(format!("{}-{}", names.text(self.topic), self.partition))
    }
    fn read(value: &FieldValue, names: &mut Names) -> Option<Self> {
        let text = value.text();
        let (topic, partition) = text.rsplit_once('-')?;
        Some(TopicPartition::new(names.intern(topic).into(), partition.parse().ok()?))
    }
}

macro_rules! label_fields {
    ($($type:ty: $label:ident, $from:ident;)*) => {$(
        impl Field for $type {
            fn word(self) -> u64 {
                self as i64 as u64
            }
            fn value(self, _: &Names) -> FieldValue {
                FieldValue::Text(self.$label().to_owned())
            }
            fn read(value: &FieldValue, _: &mut Names) -> Option<Self> {
                <$type>::$from(&value.text())
            }
        }
    )*};
}

label_fields! {
    Api: name, from_name;
    ErrorCode: name, from_name;
    GroupState: name, from_name;
    Role: label, from_label;
    StateReason: label, from_label;
    RemovalReason: label, from_label;
    PendingEnd: label, from_label;
    CommitOrigin: label, from_label;
    CommitError: label, from_label;
    PositionOrigin: label, from_label;
    ResetReason: label, from_label;
    DropReason: label, from_label;
    Verb: label, from_label;
    Channel: label, from_label;
    SendFailure: label, from_label;
}
