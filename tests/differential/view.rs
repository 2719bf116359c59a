//! What the clients of a sequence have learnt from Kafka's answers.

use crate::peer::Reply;
use crate::step::{Group, Slot};
use serde_json::Value;
use std::collections::HashMap;

pub const GROUPS: usize = 3;
pub const SLOTS: usize = 6;
/// Slots from this one on are static members.
pub const FIRST_STATIC: Slot = 3;

/// Where a client stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Has to join, with whatever id it has.
    #[default]
    Out,
    /// Its JoinGroup is parked.
    Joining,
    /// Has to sync.
    Joined,
    /// Its SyncGroup is parked.
    Syncing,
    Synced,
}

#[derive(Clone, Debug, Default)]
pub struct Client {
    pub phase: Phase,
    pub member: String,
    pub former: String,
    pub generation: i64,
    pub leads: bool,
    pub protocol_type: String,
    pub protocol_name: String,
    /// As told to the leader.
    pub members: Vec<String>,
    /// The protocols and metadata that it sent last.
    pub protocols: usize,
    pub metadata: usize,
    pub protocol_type_sent: &'static str,
    pub rebalance_timeout_ms: i64,
}

#[derive(Clone, Copy)]
struct Asked {
    group: Group,
    slot: Slot,
    join: bool,
    /// Sent without a member id: the coordinator made one up that nobody knows yet.
    nameless: bool,
}

#[derive(Default)]
pub struct View {
    pub clients: [[Client; SLOTS]; GROUPS],
    pub newest_generation: [i64; GROUPS],
    pub next: Option<u64>,
    pub now: u64,
    pub requests: u64,
    asked: HashMap<u64, Asked>,
    /// Joins without a member id that are parked.
    nameless: HashMap<u64, Group>,
}

impl View {
    pub fn client(&self, group: Group, slot: Slot) -> &Client {
        &self.clients[group][slot]
    }

    /// Whether two or more members of a group have no name yet, so that Kafka's hash order would name them.
    pub fn has_nameless(&self, group: Group) -> bool {
        self.nameless.values().filter(|&&of| of == group).count() > 1
    }

    /// A JoinGroup or SyncGroup goes out.
    pub fn asked(&mut self, id: u64, group: Group, slot: Slot, join: bool, nameless: bool) {
        self.asked.insert(id, Asked { group, slot, join, nameless });
        if nameless {
            self.nameless.insert(id, group);
        }
        let phase = &mut self.clients[group][slot].phase;
        *phase = match (join, *phase) {
            (true, _) => Phase::Joining,
            (false, Phase::Joined) => Phase::Syncing,
            (false, phase) => phase,
        };
    }

    /// Answers came.
    pub fn learn(&mut self, reply: &Reply) {
        self.now = reply.t;
        self.next = reply.next;
        for answer in &reply.answers {
            let Some(asked) = self.asked.remove(&answer.id) else { continue };
            if asked.nameless {
                self.nameless.remove(&answer.id);
            }
            let client = &mut self.clients[asked.group][asked.slot];
            let body = &answer.body;
            let error = body["error_code"].as_str().unwrap_or("");
            if asked.join {
                client.joined(body, error);
                let newest = &mut self.newest_generation[asked.group];
                *newest = if error == "NONE" { client.generation } else { *newest };
            } else {
                client.phase = match error {
                    "NONE" => Phase::Synced,
                    "ILLEGAL_GENERATION" | "INCONSISTENT_GROUP_PROTOCOL" => client.phase,
                    _ => Phase::Out,
                };
            }
        }
    }

    /// The last request was a heartbeat or commit, and this is what came back.
    pub fn told_by(&mut self, reply: &Reply, group: Group, slot: Slot) {
        let id = self.requests;
        for answer in reply.answers.iter().filter(|answer| answer.id == id) {
            let error = answer.body["error_code"].as_str();
            let error = error.or_else(|| answer.body["topics"][0]["partitions"][0]["error_code"].as_str());
            self.told(group, slot, error.unwrap_or(""));
        }
    }

    /// The error of a heartbeat or commit.
    fn told(&mut self, group: Group, slot: Slot, error: &str) {
        let client = &mut self.clients[group][slot];
        match error {
            "UNKNOWN_MEMBER_ID" | "FENCED_INSTANCE_ID" | "ILLEGAL_GENERATION" => {
                client.forget();
                client.phase = Phase::Out;
            }
            "REBALANCE_IN_PROGRESS" if client.phase == Phase::Synced => client.phase = Phase::Out,
            _ => {}
        }
    }
}

impl Client {
    pub fn forget(&mut self) {
        if !self.member.is_empty() {
            self.former = std::mem::take(&mut self.member);
        }
    }

    fn joined(&mut self, body: &Value, error: &str) {
        let text = |field: &str| body[field].as_str().unwrap_or("").to_owned();
        match error {
            "NONE" | "MEMBER_ID_REQUIRED" => {
                let member = text("member_id");
                if member != self.member {
                    self.forget();
                    self.member = member;
                }
            }
            "UNKNOWN_MEMBER_ID" | "FENCED_INSTANCE_ID" | "GROUP_MAX_SIZE_REACHED" => self.forget(),
            _ => {}
        }
        self.phase = Phase::Out;
        if error == "NONE" {
            self.phase = Phase::Joined;
            self.generation = body["generation_id"].as_i64().unwrap_or(-1);
            self.leads = text("leader") == self.member;
            self.protocol_type = text("protocol_type");
            self.protocol_name = text("protocol_name");
            let members = body["members"].as_array().map_or(&[][..], Vec::as_slice);
            self.members = members.iter().map(|m| m["member_id"].as_str().unwrap_or("").to_owned()).collect();
        }
    }
}
