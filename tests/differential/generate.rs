//! Random sequences: clients that mostly do the right thing, now and then the wrong one, and a clock that likes deadlines.

use crate::resolve::{METADATA, PROTOCOLS};
use crate::step::*;
use crate::view::{Client, FIRST_STATIC, Phase, SLOTS, View};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

/// What the clock of a sequence is, which decides how long its timeouts and steps are.
#[derive(Clone, Copy, PartialEq)]
enum Clock {
    Virtual,
    /// Every wait is a real one.
    #[cfg(feature = "kafka")]
    Real,
}

/// Makes up a sequence, step by step.
pub struct Generator {
    rng: ChaCha8Rng,
    clock: Clock,
    /// Versions of JoinGroup per slot.
    versions: [i64; SLOTS],
    /// How likely, in percent, a client does the wrong thing, appends fail, the coordinator moves.
    hostile: u64,
    faulty: u64,
    loading: bool,
    groups: usize,
    slots: usize,
    /// Session timeouts are all different, or the order in which members time out at one instant would be Kafka's hash
    /// order.
    joins: i64,
    rebalance_ms: i64,
    session_ms: i64,
    metadata_max: usize,
}

impl Generator {
    pub fn new(seed: u64, sequence: u64) -> (Generator, Value) {
        let mut generator = Generator::unset(seed, sequence, Clock::Virtual);
        let config = generator.start();
        (generator, config)
    }

    /// A sequence for a broker in real time, all of whose metadata must be as long as `metadata_max` at the most.
    #[cfg(feature = "kafka")]
    pub fn in_real_time(seed: u64, sequence: u64, metadata_max: usize) -> Generator {
        let mut generator = Generator::unset(seed, sequence, Clock::Real);
        for slot in 0..SLOTS {
            generator.versions[slot] = generator.pick(&[9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        }
        generator.hostile = generator.pick(&[2, 5, 10, 25]);
        generator.groups = generator.pick(&[1, 1, 1, 2]);
        generator.slots = generator.pick(&[SLOTS, 5, 4, 4, 3, 2]);
        generator.rebalance_ms = generator.pick(&[900, 1_500, 3_000]);
        generator.session_ms = generator.pick(&[1_500, 3_000, 6_000, 9_000]);
        generator.metadata_max = metadata_max;
        generator
    }

    fn unset(seed: u64, sequence: u64, clock: Clock) -> Generator {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(sequence);
        Generator {
            rng,
            clock,
            versions: [9; SLOTS],
            hostile: 0,
            faulty: 0,
            loading: false,
            groups: 1,
            slots: SLOTS,
            joins: 0,
            rebalance_ms: 0,
            session_ms: 0,
            metadata_max: 0,
        }
    }

    fn start(&mut self) -> Value {
        for slot in 0..SLOTS {
            self.versions[slot] = self.pick(&[9, 9, 9, 5, 4, 3, 8, 2]);
        }
        self.hostile = self.pick(&[2, 5, 10, 25]);
        self.faulty = self.pick(&[0, 0, 1, 3]);
        self.groups = self.pick(&[1, 1, 1, 2]);
        self.slots = self.pick(&[SLOTS, SLOTS, 5, 4]);
        self.rebalance_ms = self.pick(&[5_000, 5_000, 8_000, 20_000, 60_000, 300_000]);
        self.session_ms = self.pick(&[6_000, 10_000, 45_000, 400_000]);
        self.metadata_max = self.pick(&[4_096, 8]);
        let mut broker = json!({
            "group.initial.rebalance.delay.ms": self.pick(&[3_000, 3_000, 3_000, 0, 100, 7_000]),
            "offset.metadata.max.bytes": self.metadata_max,
        });
        if self.chance(20) {
            broker["group.max.size"] = self.pick(&[1, 2, 3, 3, 4, 4]).into();
        }
        if self.chance(40) {
            broker["offsets.retention.minutes"] = self.pick(&[1, 2]).into();
            broker["offsets.retention.check.interval.ms"] = self.pick(&[7_000, 60_000, 1_000]).into();
        }
        let seed = self.below(1_000);
        json!({ "op": "config", "broker": broker, "topics": { "orders": 3, "refunds": 2 }, "seed": seed })
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.rng.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn slot(&mut self) -> Slot {
        let slots = self.slots as u64;
        self.below(slots) as usize
    }

    fn group(&mut self) -> Group {
        let groups = self.groups as u64;
        self.below(groups) as usize
    }

    /// The next step of the sequence.
    pub fn next(&mut self, view: &View) -> Step {
        match self.below(100) {
            0..20 => self.time(view),
            20..26 => self.admin(),
            26..29 if self.chance(30 * self.faulty) || self.loading => self.fault(),
            _ => {
                let (group, slot) = (self.group(), self.slot());
                let step = self.client(view, group, slot);
                if self.chance(self.hostile) { self.spoil(step, view) } else { step }
            }
        }
    }

    fn time(&mut self, view: &View) -> Step {
        if self.clock != Clock::Virtual {
            let next = Step::AdvanceToNext(self.pick(&[0, 0, -1]));
            return if self.chance(50) { next } else { Step::Advance(self.below(700)) };
        }
        let busy = view.clients.iter().flatten().any(|c| matches!(c.phase, Phase::Joined | Phase::Out));
        match self.below(10) {
            0..4 => Step::AdvanceToNext(self.pick(&[0, 0, 0, -1, 1])),
            4 if !busy => Step::Advance(self.below(400_000)),
            5..7 => Step::Advance(self.pick(&[0, 1, 99, 100, 2_999, 3_000, 3_001, 5_000])),
            _ => Step::Advance(self.below(3_500)),
        }
    }

    fn admin(&mut self) -> Step {
        // Also a group that nobody joins.
        let elsewhere = self.chance(10);
        let group = match self.clock {
            _ if !elsewhere => self.group(),
            Clock::Virtual => self.pick(&[1, 2]),
            // Group 2 has no name, so that all sequences of a broker would meet there.
            #[cfg(feature = "kafka")]
            Clock::Real => 1,
        };
        match self.below(20) {
            0..6 => {
                let mut groups = vec![group];
                if self.chance(20) {
                    groups.push((group + 1) % 2);
                }
                Step::Describe { groups, version: self.pick(&[6, 5]) }
            }
            6..8 => Step::List,
            8..10 => Step::Delete { groups: if self.chance(20) { vec![0, 1] } else { vec![group] } },
            10..14 => {
                // Unknown topics are turned away above the coordinator.
                let mut partitions = vec![(self.below(2) as usize, self.below(2) as u32)];
                if self.chance(50) {
                    partitions.push(((partitions[0].0 + 1) % 2, self.below(2) as u32));
                }
                Step::OffsetDelete { group, partitions }
            }
            14..16 => {
                let from = Sender { group, slot: self.slot(), member: MemberRef::Empty, instance: InstanceRef::Absent };
                self.commit(from, GenerationRef::Absent)
            }
            _ => Step::Fetch { group, all: self.chance(50) },
        }
    }

    fn fault(&mut self) -> Step {
        const ERRORS: [&str; 8] = [
            "NOT_ENOUGH_REPLICAS",
            "NOT_ENOUGH_REPLICAS",
            "UNKNOWN_TOPIC_OR_PARTITION",
            "REQUEST_TIMED_OUT",
            "NOT_LEADER_OR_FOLLOWER",
            "KAFKA_STORAGE_ERROR",
            "MESSAGE_TOO_LARGE",
            "RECORD_LIST_TOO_LARGE",
        ];
        if self.loading {
            self.loading = false;
            Step::FinishLoad
        } else if self.chance(20) {
            self.loading = true;
            Step::StartLoad
        } else if self.chance(40) {
            Step::Reload
        } else {
            Step::FailAppends { error: self.pick(&ERRORS), count: self.pick(&[1, 1, 2, 0]) }
        }
    }

    /// What the client of a slot would do now.
    fn client(&mut self, view: &View, group: Group, slot: Slot) -> Step {
        let client = view.client(group, slot);
        let from = Sender { group, slot, member: MemberRef::Own, instance: InstanceRef::Own };
        match client.phase {
            Phase::Out if !client.member.is_empty() && self.chance(15) => match self.below(3) {
                0 => Step::Heartbeat { from, generation: GenerationRef::Seen(0) },
                1 => self.commit(from, GenerationRef::Seen(0)),
                _ => self.leave(group, slot),
            },
            Phase::Out => self.join(from, client),
            Phase::Joining => match self.below(10) {
                0 => self.join(from, client),
                1 => self.commit(from, GenerationRef::Seen(0)),
                2 => self.leave(group, slot),
                3..6 => Step::Heartbeat { from, generation: GenerationRef::Seen(0) },
                _ => Step::AdvanceToNext(self.pick(&[0, 0, 0, -1, 1])),
            },
            Phase::Joined => match self.below(20) {
                0 => self.join(from, client),
                1 => Step::Heartbeat { from, generation: GenerationRef::Seen(0) },
                2 => self.commit(from, GenerationRef::Seen(0)),
                3 => self.leave(group, slot),
                _ => self.sync(from, client),
            },
            Phase::Syncing => match self.below(10) {
                0 => self.join(from, client),
                1 => self.sync(from, client),
                2 => self.leave(group, slot),
                3 => self.commit(from, GenerationRef::Seen(0)),
                4..6 => Step::Advance(self.below(1_000)),
                _ => Step::Heartbeat { from, generation: GenerationRef::Seen(0) },
            },
            Phase::Synced => match self.below(40) {
                0..3 => self.join(from, client),
                3 => self.leave(group, slot),
                // A restart.
                4 => self.join(Sender { member: MemberRef::Empty, ..from }, client),
                5..7 => self.sync(from, client),
                7..16 => self.commit(from, GenerationRef::Seen(0)),
                _ => Step::Heartbeat { from, generation: GenerationRef::Seen(0) },
            },
        }
    }

    fn join(&mut self, from: Sender, client: &Client) -> Step {
        self.joins += 1;
        let fresh = client.protocol_type_sent.is_empty();
        let keep = !fresh && self.chance(60);
        let usual = if self.chance(95) { self.below(6) as usize } else { self.below(PROTOCOLS.len() as u64) as usize };
        let (session_timeout_ms, rebalance_timeout_ms) = self.timeouts(from.slot);
        Step::Join {
            from,
            version: self.join_version(from.slot),
            protocol_type: if self.below(1_000) < 995 { "consumer" } else { self.pick(&["connect", ""]) },
            protocols: if keep || (!fresh && self.chance(60)) { client.protocols } else { usual },
            metadata: if keep { client.metadata } else { self.below(METADATA as u64) as usize },
            session_timeout_ms,
            rebalance_timeout_ms,
        }
    }

    /// Of the session and of a rebalance.
    fn timeouts(&mut self, slot: Slot) -> (i64, i64) {
        #[cfg(feature = "kafka")]
        if self.clock == Clock::Real {
            // Timers that are started together are due 20 ms apart or more.
            let rebalance_ms = if self.chance(70) { self.rebalance_ms } else { self.pick(&[600, 2_000]) };
            let session_ms = if self.chance(80) { self.session_ms } else { self.pick(&[800, 3_000, 8_000]) };
            return (session_ms + 40 * self.joins, rebalance_ms + 20 + 40 * self.joins);
        }
        let rebalance_ms = if self.chance(70) {
            self.rebalance_ms
        } else if slot < FIRST_STATIC {
            self.pick(&[0, 1, 1_000, 7_000, 30_000])
        } else {
            self.pick(&[500, 1_000, 7_000, 30_000])
        };
        let session_ms = if self.chance(80) { self.session_ms } else { self.pick(&[6_000, 20_000, 310_000]) };
        (session_ms + self.joins, rebalance_ms + if rebalance_ms > 1_000 { self.joins } else { 0 })
    }

    fn join_version(&mut self, slot: Slot) -> i64 {
        if self.chance(90) { self.versions[slot] } else { self.pick(&[0, 1, 3, 4, 5, 8, 9]) }
    }

    fn sync(&mut self, from: Sender, client: &Client) -> Step {
        let assignments = match (client.leads, self.below(10)) {
            (true, 0) => self.pick(&[Assignments::None, Assignments::Partial, Assignments::WithBogus]),
            (true, _) => Assignments::All,
            (false, 0) => Assignments::WithBogus,
            (false, _) => Assignments::None,
        };
        Step::Sync {
            from,
            version: if self.clock == Clock::Virtual {
                self.pick(&[5, 5, 3])
            } else {
                self.pick(&[0, 1, 2, 3, 4, 5, 5])
            },
            generation: GenerationRef::Seen(0),
            protocol: if self.chance(50) { ProtocolRef::Right } else { ProtocolRef::Absent },
            assignments,
        }
    }

    fn leave(&mut self, group: Group, slot: Slot) -> Step {
        let mut members = vec![(slot, MemberRef::Own, InstanceRef::Own)];
        if slot >= FIRST_STATIC && self.chance(50) {
            members[0] =
                self.pick(&[(slot, MemberRef::Empty, InstanceRef::Own), (slot, MemberRef::Own, InstanceRef::Absent)]);
        }
        while self.chance(25) {
            members.push((self.slot(), MemberRef::Own, InstanceRef::Own));
        }
        let version = if self.clock == Clock::Virtual { self.pick(&[3, 4, 5]) } else { self.pick(&[0, 1, 2, 3, 4, 5]) };
        Step::Leave { group, version, members }
    }

    fn commit(&mut self, from: Sender, generation: GenerationRef) -> Step {
        let every = self.clock != Clock::Virtual && self.chance(50);
        let version = if every { self.pick(&[2, 3, 4, 5, 6, 7, 8, 9]) } else { self.pick(&[9, 9, 8, 6, 4, 2]) };
        let retention_ms =
            if version <= 4 && self.chance(50) { Some(self.pick(&[-1, 0, 1, 5_000, 60_000])) } else { None };
        let mut partitions = Vec::new();
        while partitions.len() < 3 && (partitions.is_empty() || self.chance(40)) {
            let topic = self.below(2) as usize;
            let partition = self.below(2) as u32;
            let max = self.metadata_max;
            partitions.retain(|c: &Commit| (c.topic, c.partition) != (topic, partition));
            partitions.push(Commit {
                partition,
                topic,
                offset: self.below(1_000) as i64,
                metadata: if max < 100 { self.pick(&[0, 3, max, max + 1]) } else { self.pick(&[0, 3]) },
                wide: self.chance(30),
            });
        }
        Step::Commit { from, version, generation, retention_ms, partitions }
    }

    /// The same, gone wrong.
    fn spoil(&mut self, step: Step, view: &View) -> Step {
        let other = self.slot();
        let member = self.pick(&[
            MemberRef::Own,
            MemberRef::Own,
            MemberRef::Former,
            MemberRef::Empty,
            MemberRef::Of(other),
            MemberRef::Bogus,
        ]);
        let instance = self.pick(&[
            InstanceRef::Own,
            InstanceRef::Own,
            InstanceRef::Own,
            InstanceRef::Absent,
            InstanceRef::Of(other),
            InstanceRef::Unknown,
        ]);
        let generation = self.pick(&[
            GenerationRef::Seen(0),
            GenerationRef::Seen(0),
            GenerationRef::Seen(-1),
            GenerationRef::Seen(1),
            GenerationRef::Newest,
            GenerationRef::Absent,
        ]);
        let spoilt = |from: Sender| Sender { member, instance, ..from };
        match step {
            Step::Join {
                from,
                version,
                protocol_type,
                protocols,
                metadata,
                session_timeout_ms,
                rebalance_timeout_ms,
            } => {
                // A session timeout out of range does not wait for another chance to be wrong.
                let session_timeout_ms = if self.chance(15) {
                    let least = if self.clock == Clock::Virtual { 6_000 } else { 100 };
                    self.pick(&[least - 1, least, 1_800_000, 1_800_001, 0, -1])
                } else {
                    session_timeout_ms
                };
                let mut from = spoilt(from);
                if self.chance(2) {
                    from.group = 2;
                }
                let (protocol_type, protocols) = match self.below(20) {
                    0 => ("connect", protocols),
                    1 => ("", protocols),
                    2 => ("consumer", 7),
                    3 => ("consumer", 6),
                    _ => (protocol_type, protocols),
                };
                Step::Join {
                    from,
                    version,
                    protocol_type,
                    protocols,
                    metadata,
                    session_timeout_ms,
                    rebalance_timeout_ms,
                }
            }
            Step::Sync { from, version, .. } => Step::Sync {
                from: spoilt(from),
                version,
                generation,
                protocol: self.pick(&[
                    ProtocolRef::Right,
                    ProtocolRef::Absent,
                    ProtocolRef::WrongType,
                    ProtocolRef::WrongName,
                ]),
                assignments: self.pick(&[Assignments::All, Assignments::WithBogus, Assignments::None]),
            },
            Step::Heartbeat { from, .. } => Step::Heartbeat { from: spoilt(from), generation },
            Step::Commit { from, version, retention_ms, partitions, .. } => {
                let mut from = spoilt(from);
                if self.chance(3) {
                    from.group = 2;
                }
                Step::Commit { from, version, generation, retention_ms, partitions }
            }
            Step::Leave { group, version, mut members } => {
                members.push((other, member, instance));
                if self.chance(30) {
                    members.reverse();
                }
                if self.chance(5) {
                    members.clear();
                }
                Step::Leave { group: if self.chance(5) { 2 } else { group }, version, members }
            }
            other => match view.next {
                Some(_) if self.chance(50) => Step::AdvanceToNext(self.pick(&[0, 1])),
                _ => other,
            },
        }
    }
}
