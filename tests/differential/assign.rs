//! Our assignors against those of Kafka's Java client: groups over several rounds, whose members come, go, miss rounds,
//! subscribe to other topics and claim what others have, while partitions are added and topics deleted.

use crate::base64;
use crate::compare::difference;
use crate::kafka::Kafka;
use crate::ours::Ours;
use crate::peer::Peer;
use crate::recorded::{self, Recording};
use crate::run::Played;
use crate::{is_live, number};
use groupsim::assignor::{AssignorMember, assign, cooperative_user_data, sticky_user_data};
use groupsim::config::AssignorKind;
use groupsim::ids::*;
use groupsim::protocol::consumer_protocol::{Subscription, decode_subscription, encode_subscription};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Groups that are on record with all their rounds, of one seed.
const RECORDED: u64 = 40;
const RECORDED_SEED: u64 = 4_400;
/// And some of seed 1, in which partitions that nobody had move before others do (ASSIGN-STICKY-08).
const NEW_ONES_FIRST: [u64; 3] = [646, 1_899, 2_415];

/// What ours makes of an `assign` command.
pub fn assigned(command: &Value) -> Value {
    let mut names = Names::new();
    let kind = command["assignor"].as_str().and_then(AssignorKind::from_name).expect("an assignor");
    let counts = command["topics"].as_object().into_iter().flatten();
    let topics: Vec<(TopicName, u32)> = counts
        .map(|(topic, count)| (TopicName(names.intern(topic)), count.as_u64().expect("a count") as u32))
        .collect();
    let member = |member: &Value| AssignorMember {
        member: MemberId(names.intern(member["member_id"].as_str().expect("a member id"))),
        instance: InstanceId(names.intern(member["group_instance_id"].as_str().unwrap_or(""))),
        subscription: {
            let bytes = base64::decode(member["subscription"].as_str().expect("bytes"));
            decode_subscription(&bytes, &mut names).expect("a subscription")
        },
    };
    let members: Vec<AssignorMember> = command["members"].as_array().into_iter().flatten().map(member).collect();
    let shares = assign(kind, &members, &topics, &mut names);
    let mut assignments: BTreeMap<&str, Value> = BTreeMap::new();
    for (member, partitions) in &shares {
        let mut by_topic: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for partition in partitions {
            by_topic.entry(names.text(partition.topic)).or_default().push(partition.partition);
        }
        assignments.insert(names.text(*member), json!(by_topic));
    }
    json!({ "assignments": assignments })
}

#[derive(Clone)]
struct Member {
    id: String,
    instance: Option<String>,
    topics: Vec<usize>,
    /// What it was given last, and in which generation.
    owned: Vec<(usize, u32)>,
    generation: i32,
}

/// A group through its rounds.
struct Group {
    rng: ChaCha8Rng,
    kind: AssignorKind,
    counts: Vec<u32>,
    members: Vec<Member>,
    generation: i32,
    born: u64,
    /// All subscribe to the same topics.
    alike: bool,
    /// How often, in percent, something is not as it should be.
    hostile: u64,
}

impl Group {
    fn new(seed: u64, number: u64) -> Group {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        let kind = AssignorKind::ALL[[0, 1, 2, 2, 2, 3, 3, 3][(rng.next_u64() % 8) as usize]];
        let mut group = Group {
            rng,
            kind,
            counts: Vec::new(),
            members: Vec::new(),
            generation: 0,
            born: 0,
            alike: false,
            hostile: 0,
        };
        group.alike = group.chance(40);
        group.hostile = group.pick(&[0, 0, 5, 20]);
        let most = group.pick(&[4, 9, 9, 30]);
        for _ in 0..1 + group.below(5) {
            let count = group.below(most) as u32;
            group.counts.push(count);
        }
        let size = group.pick(&[1, 3, 6, 6, 14, 30]);
        for _ in 0..1 + group.below(size) {
            group.add();
        }
        group
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn subscription(&mut self) -> Vec<usize> {
        let alike = self.alike;
        let topics = 0..self.counts.len();
        topics.filter(|_| alike || self.chance(65)).collect()
    }

    fn add(&mut self) {
        let (a, b) = (self.rng.next_u64(), self.rng.next_u64());
        let id = format!("app-{a:016x}{b:016x}");
        let instance = self.chance(15).then(|| format!("i{}", self.born));
        self.born += 1;
        let topics = self.subscription();
        self.members.push(Member { id, instance, topics, owned: Vec::new(), generation: -1 });
    }

    /// What happens between two rounds.
    fn change(&mut self) {
        for _ in 0..self.below(4) {
            let some = self.below(self.members.len().max(1) as u64) as usize;
            match self.below(7) {
                0 | 1 => self.add(),
                2 if self.members.len() > 1 => {
                    self.members.remove(some);
                }
                3 if !self.alike => self.members[some].topics = self.subscription(),
                4 => {
                    let topic = self.below(self.counts.len() as u64) as usize;
                    // Never again once it is gone: Kafka's sticky assignors keep partitions that a topic made anew lacks.
                    if self.counts[topic] > 0 {
                        self.counts[topic] += 1 + self.below(3) as u32;
                    }
                }
                5 if self.chance(self.hostile) => {
                    let topic = self.below(self.counts.len() as u64) as usize;
                    self.counts[topic] = 0;
                }
                _ => {}
            }
        }
    }

    fn command(&mut self, id: u64) -> Value {
        let mut names = Names::new();
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let topics: Map<String, Value> = counts.map(|(t, count)| (format!("topic-{t}"), (*count).into())).collect();
        let mut members = Vec::new();
        for mut member in self.members.clone() {
            self.spoil(&mut member);
            let bytes = self.encode(&member, &mut names);
            members.push(json!({
                "member_id": member.id,
                "group_instance_id": member.instance,
                "subscription": base64::encode(&bytes),
            }));
        }
        json!({ "op": "assign", "id": id, "assignor": self.kind.name(), "topics": topics, "members": members })
    }

    /// Claims what it should not.
    fn spoil(&mut self, member: &mut Member) {
        if !self.chance(self.hostile) {
            return;
        }
        match self.below(3) {
            0 => member.generation = self.below(u64::from(self.generation.unsigned_abs()) + 1) as i32,
            1 => {
                let other = self.below(self.members.len() as u64) as usize;
                member.owned.extend(self.members[other].owned.clone());
                member.owned.sort_unstable();
                member.owned.dedup();
            }
            _ => {
                let topic = self.below(self.counts.len() as u64) as usize;
                if self.counts[topic] > 0 {
                    let partition = self.below(self.counts[topic].into()) as u32;
                    member.owned.retain(|other| *other != (topic, partition));
                    member.owned.push((topic, partition));
                }
            }
        }
    }

    fn encode(&mut self, member: &Member, names: &mut Names) -> Vec<u8> {
        let topic = |topic: usize, names: &mut Names| TopicName(names.intern(&format!("topic-{topic}")));
        let topics = member.topics.iter().map(|&t| topic(t, names)).collect();
        let partition = |&(t, number): &(usize, u32)| TopicPartition::new(topic(t, names), number);
        let owned: Vec<TopicPartition> = member.owned.iter().map(partition).collect();
        let mut generation = Generation(member.generation);
        let sticky = self.kind == AssignorKind::Sticky;
        let old = !sticky && self.chance(self.hostile / 2);
        let user_data = match self.kind {
            AssignorKind::Sticky if member.generation < 0 && owned.is_empty() => None,
            AssignorKind::Sticky => Some(sticky_user_data(&owned, generation, names)),
            AssignorKind::CooperativeSticky => Some(cooperative_user_data(generation)),
            AssignorKind::Range | AssignorKind::RoundRobin => None,
        };
        let user_data = user_data.filter(|_| !self.chance(self.hostile / 4));
        if self.chance(self.hostile / 2) {
            generation = Generation::NONE;
        }
        // An eager member owns nothing when it joins.
        let owned = if sticky { Vec::new() } else { owned };
        let subscription = Subscription { topics, user_data, owned, generation };
        let mut bytes = encode_subscription(&subscription, names).to_vec();
        if old {
            // Version 1 ends with the owned partitions.
            bytes[1] = 1;
            bytes.truncate(bytes.len() - 6);
        }
        bytes
    }

    /// The members are told what they have got; some miss it.
    fn told(&mut self, answer: &Value) {
        self.generation += 1;
        for at in 0..self.members.len() {
            if self.chance(10) {
                continue;
            }
            let given = answer["assignments"][&self.members[at].id].as_object().into_iter().flatten();
            let mut owned = Vec::new();
            for (name, partitions) in given {
                let topic: usize = name["topic-".len()..].parse().expect("one of our topics");
                let number = |n: &Value| (topic, n.as_u64().expect("a partition") as u32);
                owned.extend(partitions.as_array().into_iter().flatten().map(number));
            }
            let member = &mut self.members[at];
            (member.owned, member.generation) = (owned, self.generation);
        }
    }
}

/// Plays one group; returns what was asked, and what differs.
fn play(kafka: &mut dyn Peer, seed: u64, number: u64) -> (Vec<Played>, Option<String>) {
    let mut group = Group::new(seed, number);
    let mut played = Vec::new();
    let mut ours = Ours::new();
    for round in 1..=2 + group.below(5) {
        let command = group.command(round);
        let said = kafka.command(&command).unwrap_or_else(|error| panic!("{command}: {error}"));
        let answer = said.answers[0].body.clone();
        if answer["thrown"].is_string() {
            break;
        }
        let mine = ours.command(&command).expect("ours answers");
        let differs = difference(&said, &mine)
            .map(|_| format!("round {round}: {command}\nkafka {answer}\nours  {}", mine.answers[0].body));
        played.push(Played { command, kafka: said });
        if differs.is_some() {
            return (played, differs);
        }
        group.told(&answer);
        group.change();
    }
    (played, None)
}

#[test]
fn random_groups_get_what_kafkas_assignors_give() {
    if !is_live() {
        return;
    }
    let (seed, first) = (number("GROUPSIM_DIFF_SEED", 1), number("GROUPSIM_DIFF_FIRST", 0));
    let amount = number("GROUPSIM_DIFF_GROUPS", 3_000);
    let mut kafka = Kafka::start();
    let mut wrong = Vec::new();
    let mut assignments: BTreeMap<String, u64> = BTreeMap::new();
    for group in first..first + amount {
        let (played, differs) = play(&mut kafka, seed, group);
        for Played { command, .. } in &played {
            *assignments.entry(command["assignor"].as_str().expect("a name").to_owned()).or_default() += 1;
        }
        wrong.extend(differs.map(|text| format!("group {group}, {text}")));
    }
    eprintln!("seed {seed}, {amount} groups, assignments {assignments:?}, {} groups differ", wrong.len());
    wrong.sort_by_key(String::len);
    assert!(wrong.is_empty(), "{} groups differ\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n\n"));
}

#[test]
fn recorded_assignments_of_kafka_are_ours_too() {
    let files = recorded::files_in(&recorded::folder().join("assign"));
    assert_eq!(files.len(), RECORDED as usize + NEW_ONES_FIRST.len());
    for path in files {
        Recording::read(&path).check().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn assignments_are_recorded_anew() {
    if std::env::var_os("GROUPSIM_DIFF_RECORD").is_none() {
        return;
    }
    let mut kafka = Kafka::start();
    let groups = (0..RECORDED).map(|group| (RECORDED_SEED, group)).chain(NEW_ONES_FIRST.map(|group| (1, group)));
    for (number, (seed, group)) in groups.enumerate() {
        let (played, differs) = play(&mut kafka, seed, group);
        assert_eq!(differs, None, "group {group}");
        let about = format!("rounds of random group {group} of seed {seed}");
        let path = recorded::folder().join("assign").join(format!("{number:02}.jsonl"));
        Recording { about, played }.write(&path);
    }
}
