use super::*;
use crate::ids::*;
use crate::protocol::GroupState::{self, *};
use crate::time::Instant;
use crate::trace::{Event, Kind, Observer, RemovalReason, Role, StateReason};

/// A trace being told to a view, one event a second.
struct Teller {
    names: Names,
    view: CoordinatorView,
    t: u64,
}

impl Teller {
    fn new() -> Self {
        Teller { names: Names::new(), view: CoordinatorView::new(Instant::MAX), t: 0 }
    }

    fn tell(&mut self, kind: Kind) {
        self.t += 1;
        let t = Instant::from_ms(self.t * 1_000);
        let event =
            Event { seq: Seq(self.t), t, actor: ActorId::BROKER, incarnation: Incarnation(0), cause: Seq::NONE, kind };
        self.view.observe(&event, &self.names);
    }

    fn symbol(&mut self, text: &str) -> Symbol {
        self.names.intern(text)
    }

    fn member(&mut self, number: u32, id: &str) {
        let subject = ActorId(10 + number);
        let (host, host_value) = (self.symbol("host"), self.symbol(&format!("/10.0.0.{number}")));
        let (key, value) = (self.symbol("client.id"), self.symbol("rdkafka"));
        let (name, group) = (self.symbol(&format!("g-{number}")), self.symbol("rebalancing").into());
        let member = self.symbol(id).into();
        self.tell(Kind::MetaActor { subject, name, group, role: Role::Member });
        self.tell(Kind::MetaText { subject, key: host, value: host_value });
        self.tell(Kind::MetaText { subject, key, value });
        self.tell(Kind::MemberAdded {
            group,
            member,
            instance: InstanceId::EMPTY,
            client: subject,
            client_incarnation: Incarnation(1),
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 300_000,
        });
    }

    fn state(&mut self, from: GroupState, to: GroupState, generation: i32) {
        let group = self.symbol("rebalancing").into();
        let reason = StateReason::MemberJoined;
        self.tell(Kind::GroupStateChanged {
            group,
            from,
            to,
            generation: Generation(generation),
            reason,
            member: MemberId::EMPTY,
        });
    }

    fn assigned(&mut self, id: &str, from: u32, to: u32, generation: i32) {
        let (group, member) = (self.symbol("rebalancing").into(), self.symbol(id).into());
        let topic = self.symbol("rebalancing-demo").into();
        self.tell(Kind::Assigned { group, generation: Generation(generation), member, topic, from, to });
    }

    fn two_members(&mut self) {
        let topic = TopicName(self.symbol("rebalancing-demo"));
        self.tell(Kind::MetaTopic { topic, partitions: 3 });
        let partition = TopicPartition::new(topic, 0);
        self.tell(Kind::Append { partition, from: Offset(0), to: Offset(8), producer: ActorId(5) });
        self.member(1, "sarama-1");
        self.member(2, "rdkafka-a89b23f2-b7a0-4dbe-b2e8-9cf8a0e8e8e8");
        let (group, protocol) = (self.symbol("rebalancing").into(), self.symbol("range").into());
        self.state(PreparingRebalance, CompletingRebalance, 1);
        let leader = MemberId::EMPTY;
        self.tell(Kind::GenerationStarted { group, generation: Generation(1), leader, protocol, members: 2 });
        self.assigned("rdkafka-a89b23f2-b7a0-4dbe-b2e8-9cf8a0e8e8e8", 0, 2, 1);
        self.assigned("sarama-1", 2, 3, 1);
        self.state(CompletingRebalance, Stable, 1);
        let (member, generation) = (MemberId::EMPTY, Generation(1));
        let (client, request) = (ActorId(11), CorrelationId(1));
        self.tell(Kind::CommitApplied { group, member, generation, client, request, partition, offset: Offset(5) });
    }

    fn print(&self, table: Table) -> Printed {
        print(&self.view, &["rebalancing".to_owned()], table)
    }
}

#[test]
fn offsets_look_like_the_kafka_tool() {
    let mut teller = Teller::new();
    teller.two_members();
    let printed = teller.print(Table::Offsets);
    let expected = "
GROUP           TOPIC            PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID                                  HOST            CLIENT-ID
rebalancing     rebalancing-demo 0          5               8               3               rdkafka-a89b23f2-b7a0-4dbe-b2e8-9cf8a0e8e8e8 /10.0.0.2       rdkafka
rebalancing     rebalancing-demo 1          -               0               -               rdkafka-a89b23f2-b7a0-4dbe-b2e8-9cf8a0e8e8e8 /10.0.0.2       rdkafka
rebalancing     rebalancing-demo 2          -               0               -               sarama-1                                     /10.0.0.1       rdkafka
";
    assert_eq!(printed.out, expected);
    assert_eq!(printed.err, "");
}

#[test]
fn members_and_state_look_like_the_kafka_tool() {
    let mut teller = Teller::new();
    teller.two_members();
    let expected = "
GROUP           CONSUMER-ID                                  HOST            CLIENT-ID       #PARTITIONS     ASSIGNMENT
rebalancing     sarama-1                                     /10.0.0.1       rdkafka         1               (2)
rebalancing     rdkafka-a89b23f2-b7a0-4dbe-b2e8-9cf8a0e8e8e8 /10.0.0.2       rdkafka         2               (0,1)
";
    assert_eq!(teller.print(Table::Members { verbose: true }).out, expected);
    let expected = "
GROUP                     COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE           #MEMBERS
rebalancing               localhost:9092  (1)       range                Stable          2
";
    assert_eq!(teller.print(Table::State).out, expected);
}

#[test]
fn a_rebalance_warns_and_shows_the_old_assignment() {
    let mut teller = Teller::new();
    teller.two_members();
    teller.state(Stable, PreparingRebalance, 1);
    let printed = teller.print(Table::Offsets);
    assert_eq!(printed.err, "\nWarning: Consumer group 'rebalancing' is rebalancing.\n");
    assert_eq!(printed.out.lines().count(), 5);
    assert!(teller.print(Table::State).out.contains("                      PreparingRebalance 2"));
    teller.state(PreparingRebalance, CompletingRebalance, 2);
    teller.state(CompletingRebalance, PreparingRebalance, 2);
    let printed = teller.print(Table::Offsets);
    assert!(
        printed.out.ends_with("-               -               -\n"),
        "only the committed partition is left: {}",
        printed.out
    );
}

#[test]
fn a_group_whose_coordinator_moves_cannot_be_described() {
    let mut teller = Teller::new();
    teller.two_members();
    teller.state(Stable, Dead, 1);
    for table in [Table::Offsets, Table::Members { verbose: false }, Table::State] {
        let printed = teller.print(table);
        assert_eq!(printed.err, "\nError: The coordinator is loading and hence can't process requests.\n");
        assert_eq!(printed.out, "");
    }
}

#[test]
fn empty_and_unknown_groups_get_the_tool_s_sentences() {
    let mut teller = Teller::new();
    assert_eq!(teller.print(Table::Offsets).err, "\nError: Consumer group 'rebalancing' does not exist.\n");
    teller.two_members();
    for id in ["sarama-1", "rdkafka-a89b23f2-b7a0-4dbe-b2e8-9cf8a0e8e8e8"] {
        let (group, member) = (teller.symbol("rebalancing").into(), teller.symbol(id).into());
        teller.tell(Kind::MemberRemoved { group, member, reason: RemovalReason::Leave });
    }
    teller.state(PreparingRebalance, Empty, 2);
    let printed = teller.print(Table::Offsets);
    assert_eq!(printed.err, "\nConsumer group 'rebalancing' has no active members.\n");
    assert!(
        printed.out.contains(" 5               8               3               -               -               -\n")
    );
    let printed = teller.print(Table::Members { verbose: false });
    assert_eq!(printed.out, "\nGROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     \n");
}

#[test]
fn assignments_sort_numbers_as_texts_like_the_tool() {
    let mut teller = Teller::new();
    teller.two_members();
    teller.assigned("sarama-1", 0, 12, 2);
    let out = teller.print(Table::Members { verbose: true }).out;
    assert!(out.contains("12              (0,1,10,11,2,3,4,5,6,7,8,9)\n"), "{out}");
    assert!(out.contains("0               -\n"), "{out}");
}
