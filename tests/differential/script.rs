//! What a test of a rule does to our coordinator, written down as the harness's commands, so that Kafka's coordinator can
//! be asked the same (`tests/recorded/rules`). Compiled into the unit tests of the coordinator, whose rig keeps one.

use super::names::MemberNames;
use super::sent::{self, Sender};
use super::settled;
use groupsim::config::BrokerConfig;
use groupsim::ids::*;
use groupsim::protocol::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};

/// Partitions of every topic that exists for the rig.
const PARTITIONS: u32 = 100;

/// The commands of one rig, in the order in which it gave them.
pub struct Script {
    commands: Vec<Value>,
    members: MemberNames,
    topics: BTreeSet<String>,
    /// Kafka's clock.
    now_ms: u64,
    last_id: u64,
    /// What a request is called that the rig knows by a number.
    ids: HashMap<CorrelationId, u64>,
    /// Answers whose members have no names yet.
    answers: Vec<(u64, Response)>,
    answered_ms: u64,
    /// The description of the group that was asked for last.
    described: Option<DescribedGroup>,
    /// Nothing was asked for since the group may have changed.
    pub stale: bool,
    commits: bool,
    ours_only: bool,
}

impl Script {
    pub fn new(config: &BrokerConfig) -> Script {
        Script {
            commands: vec![json!({ "op": "config", "broker": sent::settings(config), "topics": {} })],
            members: MemberNames::default(),
            topics: BTreeSet::new(),
            now_ms: 0,
            last_id: 0,
            ids: HashMap::new(),
            answers: Vec::new(),
            answered_ms: 0,
            described: None,
            stale: false,
            commits: false,
            ours_only: false,
        }
    }

    /// What comes is nothing that a Kafka could be asked to do.
    pub fn ours_only(&mut self) {
        self.ours_only = true;
    }

    pub fn is_ours_only(&self) -> bool {
        self.ours_only
    }

    /// A command without fields, or with these.
    pub fn op(&mut self, names: &Names, op: &str, fields: Value) {
        self.name_members(names);
        let mut command = Map::from_iter([("op".to_owned(), op.into())]);
        command.extend(fields.as_object().cloned().unwrap_or_default());
        self.commands.push(command.into());
        self.stale = true;
    }

    /// The clock goes on to `ms`, and timers that are due run.
    pub fn at(&mut self, names: &Names, ms: u64) {
        let by = ms - self.now_ms;
        self.now_ms = ms;
        self.op(names, "advance", json!({ "ms": by }));
    }

    pub fn request(&mut self, names: &Names, header: &RequestHeader, request: &Request) {
        self.name_members(names);
        self.last_id += 1;
        self.ids.insert(header.correlation, self.last_id);
        self.commands.push(Sender { names, members: &mut self.members }.command(self.last_id, header, request));
        match request {
            Request::OffsetCommit(request) => {
                self.commits = true;
                self.topics.extend(request.partitions.iter().map(|p| names.text(p.partition.topic).to_owned()));
            }
            Request::OffsetDelete(request) => {
                self.topics.extend(request.partitions.iter().map(|p| names.text(p.topic).to_owned()));
            }
            _ => {}
        }
        self.stale |= !matches!(request, Request::DescribeGroups(_));
    }

    pub fn answer(&mut self, names: &Names, now_ms: u64, to: CorrelationId, response: &Response) {
        if self.answered_ms != now_ms {
            self.name_members(names);
            self.answered_ms = now_ms;
        }
        self.answers.push((self.ids[&to], response.clone()));
    }

    /// Names the members in the answers so far, in the order of the harness.
    fn name_members(&mut self, names: &Names) {
        let Script { answers, members, .. } = self;
        answers.sort_by_key(|(id, _)| *id);
        let joins = |(_, response): &(u64, Response)| match response {
            Response::JoinGroup(join) => Some(join.clone()),
            _ => None,
        };
        let joins: Vec<_> = answers.iter().filter_map(joins).collect();
        for join in &joins {
            members.name_of(names.text(join.member));
        }
        for entry in joins.iter().flat_map(|join| &join.members) {
            members.name_of(names.text(entry.member));
        }
        for (_, response) in answers.drain(..) {
            let Response::DescribeGroups(groups) = response else { continue };
            for member in groups.iter().flat_map(|group| &group.members) {
                members.name_of(names.text(member.member));
            }
        }
    }

    /// Asks what the group looks like if it has changed, or if the test has looked at it (`seen`).
    pub fn describe(&mut self, names: &Names, group: &DescribedGroup, seen: bool) {
        self.name_members(names);
        if !(seen && self.stale) && self.described.as_ref() == Some(group) {
            return;
        }
        let nameless = group.members.iter().filter(|m| !self.members.is_named(names.text(m.member))).count();
        if nameless > 1 {
            // Kafka's hash order would name them.
            return;
        }
        self.ask("describe_groups", 5, json!({ "groups": [names.text(group.group)] }));
        for member in &group.members {
            self.members.name_of(names.text(member.member));
        }
        self.described = Some(group.clone());
        self.stale = false;
    }

    /// Asks for all committed offsets.
    pub fn fetch(&mut self, names: &Names, group: GroupId) {
        self.name_members(names);
        self.ask("offset_fetch_all", 8, json!({ "group_id": names.text(group) }));
    }

    fn ask(&mut self, api: &str, version: i64, body: Value) {
        self.last_id += 1;
        let id = self.last_id;
        self.commands.push(json!({ "op": "request", "id": id, "api": api, "version": version, "body": body }));
    }

    /// The test is over: what is left to see is asked for, and the whole settled with the recording of this test.
    pub fn end(mut self, names: &Names, group: GroupId, generation: Generation) -> Result<(), String> {
        self.name_members(names);
        let Some(test) = settled::test_of_a_rule() else { return Ok(()) };
        if self.ours_only {
            return Ok(());
        }
        if self.commits {
            self.fetch(names, group);
        }
        self.ask("list_groups", 5, json!({}));
        if let Some(member) = self.described.as_ref().and_then(|group| group.members.first()) {
            let member = self.members.name_of(names.text(member.member));
            let body = json!({ "group_id": names.text(group), "generation_id": generation.0, "member_id": member });
            self.ask("heartbeat", 4, body);
        }
        let exist = self.topics.iter().filter(|topic| *topic != "unknown-topic");
        let topics: Map<String, Value> = exist.map(|topic| (topic.clone(), PARTITIONS.into())).collect();
        self.commands[0]["topics"] = topics.into();
        settled::settle(&test, &self.commands)
    }
}
