use super::*;
use proptest::prelude::*;

fn topic(names: &mut Names, text: &str) -> TopicName {
    TopicName(names.intern(text))
}

#[test]
fn a_subscription_is_written_byte_for_byte_as_kafka_does() {
    let mut names = Names::new();
    let (b, a) = (topic(&mut names, "b"), topic(&mut names, "ab"));
    let subscription = Subscription {
        topics: vec![b, a],
        user_data: Some(Bytes::from([7u8, 8].as_slice())),
        owned: vec![TopicPartition::new(b, 1), TopicPartition::new(a, 3), TopicPartition::new(b, 0)],
        generation: Generation(258),
    };
    #[rustfmt::skip]
    let expected = [
        0, 3, // version
        0, 0, 0, 2, 0, 2, b'a', b'b', 0, 1, b'b', // topics, sorted
        0, 0, 0, 2, 7, 8, // user data
        0, 0, 0, 2, // owned partitions: two topics
        0, 2, b'a', b'b', 0, 0, 0, 1, 0, 0, 0, 3,
        0, 1, b'b', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1,
        0, 0, 1, 2, // generation
        255, 255, // no rack
    ];
    assert_eq!(&*encode_subscription(&subscription, &names), &expected[..]);
}

#[test]
fn a_subscription_without_anything_is_written_byte_for_byte() {
    let subscription = Subscription { topics: vec![], user_data: None, owned: vec![], generation: Generation::NONE };
    let expected = [0, 3, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255];
    assert_eq!(&*encode_subscription(&subscription, &Names::new()), &expected[..]);
}

#[test]
fn every_version_of_a_subscription_is_read() {
    let mut names = Names::new();
    let t = topic(&mut names, "t");
    let plain = Subscription { topics: vec![t], user_data: None, owned: vec![], generation: Generation::NONE };
    let owning = Subscription { owned: vec![TopicPartition::new(t, 5)], ..plain.clone() };
    let current = Subscription { generation: Generation(9), ..owning.clone() };

    let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, 1, b't', 255, 255, 255, 255];
    assert_eq!(decode_subscription(&bytes, &mut names), Some(plain));
    bytes.extend([0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 5]);
    bytes[1] = 1;
    assert_eq!(decode_subscription(&bytes, &mut names), Some(owning));
    bytes.extend([0, 0, 0, 9]);
    bytes[1] = 2;
    assert_eq!(decode_subscription(&bytes, &mut names), Some(current.clone()));
    bytes.extend([0, 2, b'r', b'1']);
    bytes[1] = 3;
    assert_eq!(decode_subscription(&bytes, &mut names), Some(current.clone()));
    bytes.extend([1, 2, 3]);
    bytes[1] = 77;
    assert_eq!(decode_subscription(&bytes, &mut names), Some(current));
}

#[test]
fn an_assignment_is_written_byte_for_byte_as_kafka_does() {
    let mut names = Names::new();
    let (b, a) = (topic(&mut names, "b"), topic(&mut names, "a"));
    let partitions = vec![TopicPartition::new(b, 2), TopicPartition::new(a, 0), TopicPartition::new(b, 1)];
    #[rustfmt::skip]
    let expected = [
        0, 3,
        0, 0, 0, 2, // topics as they first appear
        0, 1, b'b', 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1,
        0, 1, b'a', 0, 0, 0, 1, 0, 0, 0, 0,
        255, 255, 255, 255,
    ];
    let encoded = encode_assignment(&Assignment { partitions, user_data: None }, &names);
    assert_eq!(&*encoded, &expected[..]);
    let decoded = decode_assignment(&encoded, &mut names).map(|a| a.partitions);
    let grouped = vec![TopicPartition::new(b, 2), TopicPartition::new(b, 1), TopicPartition::new(a, 0)];
    assert_eq!(decoded, Some(grouped));
}

#[test]
fn bytes_that_are_nothing_are_refused() {
    let mut names = Names::new();
    let hostile: [&[u8]; 9] = [
        &[],
        &[0],
        &[255, 255, 0, 0, 0, 0, 255, 255, 255, 255],     // negative version
        &[0, 0, 127, 255, 255, 255, 0, 0],               // two thousand million topics
        &[0, 0, 255, 255, 255, 255, 255, 255, 255, 255], // null topics
        &[0, 0, 0, 0, 0, 1, 0, 5, b't', 255, 255, 255, 255], // topic longer than the rest
        &[0, 0, 0, 0, 0, 1, 0, 1, 0xFF, 255, 255, 255, 255], // topic not UTF-8
        &[0, 0, 0, 0, 0, 0, 127, 255, 255, 255],         // user data longer than the rest
        &[0, 3, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 9], // owned partitions missing
    ];
    for bytes in hostile {
        assert_eq!(decode_subscription(bytes, &mut names), None, "{bytes:?}");
    }
    assert_eq!(decode_assignment(&[], &mut names), None);
    let negative_partition = [0, 0, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255];
    assert_eq!(decode_assignment(&negative_partition, &mut names), None);
    assert_eq!(names.len(), 1, "nothing of refused bytes is interned");
}

#[test]
fn java_orders_strings_by_utf16_code_unit() {
    assert_eq!(java_order("a", "b"), Ordering::Less);
    assert_eq!(java_order("a", "a"), Ordering::Equal);
    assert_eq!(java_order("ab", "a"), Ordering::Greater);
    assert_eq!(java_order("t10", "t2"), Ordering::Less);
    assert_eq!(java_order("\u{FF5E}", "\u{1F600}"), Ordering::Greater);
    assert_eq!(java_order("\u{1F600}", "\u{E000}"), Ordering::Less);
}

/// Topics, user data, owned partitions (topics by index) and generation.
type RandomSubscription = (Vec<String>, Option<Vec<u8>>, Vec<(usize, u32)>, i32);

fn subscriptions() -> impl Strategy<Value = RandomSubscription> {
    (
        proptest::collection::btree_set("[a-z0-9._-]{1,12}", 0..6).prop_map(|s| s.into_iter().collect()),
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
        proptest::collection::vec((0..6usize, 0..i32::MAX as u32), 0..20),
        any::<i32>(),
    )
}

proptest! {
    #[test]
    fn java_order_is_the_order_of_code_units(a in ".{0,6}", b in ".{0,6}") {
        prop_assert_eq!(java_order(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
    }

    #[test]
    fn what_is_written_is_read_back((topics, user_data, owned, generation) in subscriptions()) {
        let mut names = Names::new();
        let topics: Vec<TopicName> = topics.iter().map(|t| topic(&mut names, t)).collect();
        let mut owned: Vec<TopicPartition> = owned
            .into_iter()
            .filter(|(t, _)| *t < topics.len())
            .map(|(t, p)| TopicPartition::new(topics[t], p))
            .collect();
        let user_data = user_data.map(Bytes::from);
        let generation = Generation(generation);
        let mut subscription = Subscription { topics, user_data, owned: owned.clone(), generation };
        let encoded = encode_subscription(&subscription, &names);
        subscription.owned.sort_by(|a, b| {
            java_order(names.text(a.topic), names.text(b.topic)).then(a.partition.cmp(&b.partition))
        });
        prop_assert_eq!(decode_subscription(&encoded, &mut names), Some(subscription.clone()));

        owned.sort();
        let assignment = Assignment { partitions: owned, user_data: subscription.user_data };
        let encoded = encode_assignment(&assignment, &names);
        prop_assert_eq!(decode_assignment(&encoded, &mut names), Some(assignment));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut names = Names::new();
        if let Some(subscription) = decode_subscription(&bytes, &mut names) {
            prop_assert!(subscription.topics.len() <= bytes.len());
        }
        if let Some(assignment) = decode_assignment(&bytes, &mut names) {
            prop_assert!(assignment.partitions.len() <= bytes.len());
        }
    }
}
