//! Our coordinator behind the harness's commands.

use crate::answers::Writer;
use crate::assign;
use crate::names::MemberNames;
use crate::peer::{Answer, Peer, Reply};
use crate::requests::Reader;
use crate::succession::Succession;
use groupsim::broker::coordinator::Coordinator;
use groupsim::choice::RandomChoice;
use groupsim::config::BrokerConfig;
use groupsim::context::Context;
use groupsim::ids::*;
use groupsim::protocol::*;
use groupsim::time::Instant;
use groupsim::trace::Recorder;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Timers that restart each other without delay would hold up time for ever.
const MAX_RUNS_PER_MS: u32 = 100_000;

pub struct Ours {
    coordinator: Coordinator,
    names: Names,
    choice: RandomChoice,
    recorder: Recorder,
    members: MemberNames,
    succession: Succession,
    now: Instant,
    partitions: HashMap<TopicName, u32>,
    /// Given, not yet written: id and response.
    waiting: Vec<(u64, Response)>,
    group_of: HashMap<u64, GroupId>,
    loading: bool,
}

impl Ours {
    pub fn new() -> Ours {
        Ours {
            coordinator: Coordinator::new(BrokerConfig::default()),
            names: Names::new(),
            choice: RandomChoice::new(0),
            recorder: Recorder::new(),
            members: MemberNames::default(),
            succession: Succession::default(),
            now: Instant::ZERO,
            partitions: HashMap::new(),
            waiting: Vec::new(),
            group_of: HashMap::new(),
            loading: false,
        }
    }

    /// When the next timer is due.
    #[cfg(feature = "kafka")]
    pub fn next_ms(&self) -> Option<u64> {
        self.coordinator.next_deadline().map(Instant::as_ms)
    }

    /// Where Kafka took some member for leader in its reply to the command that comes next, ours takes the same one;
    /// `command` checks that it was possible.
    pub fn follow(&mut self, command: &Value, reply: &Reply) {
        if let (Some(id), Some(group)) = (command["id"].as_u64(), command["body"]["group_id"].as_str()) {
            self.group_of.insert(id, self.names.intern(group).into());
        }
        for answer in &reply.answers {
            let (body, leader) = (&answer.body, &answer.body["leader"]);
            let Some(generation) = body["generation_id"].as_i64() else { continue };
            if body["error_code"] != "NONE" || leader != &body["member_id"] {
                continue;
            }
            let Some(&group) = self.group_of.get(&answer.id) else { continue };
            let generation = Generation(i32::try_from(generation).expect("32 bits"));
            let id = u32::try_from(answer.id).expect("a small id");
            self.coordinator.prefer_leader(group, generation, (ConnectionId(id), CorrelationId(id)));
        }
    }

    fn configure(&mut self, command: &Value) -> Result<(), String> {
        let config = config(&command["broker"])?;
        *self = Ours { coordinator: Coordinator::new(config), ..Ours::new() };
        for (topic, partitions) in command["topics"].as_object().into_iter().flatten() {
            let partitions = u32::try_from(partitions.as_u64().expect("a count")).expect("a small count");
            self.partitions.insert(self.names.intern(topic).into(), partitions);
        }
        Ok(())
    }

    fn request(&mut self, command: &Value) {
        let id = command["id"].as_u64().expect("a request has an id");
        let api = command["api"].as_str().expect("a request has an api");
        let body = &command["body"];
        let mut reader = Reader { names: &mut self.names, members: &mut self.members };
        let request = reader.request(api, body);
        let mut text = |field: &str, absent: &str| self.names.intern(command[field].as_str().unwrap_or(absent));
        let client = ClientInfo {
            actor: ActorId::FIRST_CLIENT,
            incarnation: Incarnation(1),
            client_id: text("client_id", "client").into(),
            host: text("client_host", "/127.0.0.1"),
        };
        let id = u32::try_from(id).expect("a small id");
        let header = RequestHeader {
            connection: ConnectionId(id),
            correlation: CorrelationId(id),
            api_version: command["version"].as_i64().map_or_else(|| newest(api), |v| v as i16),
            client,
            cause: Seq::NONE,
        };
        self.act(|coordinator, cx, out, partitions| {
            let exists = |p: TopicPartition| partitions.get(&p.topic).is_some_and(|count| p.partition < *count);
            coordinator.handle(cx, &header, request, &exists, out);
        });
    }

    fn act(
        &mut self,
        act: impl FnOnce(&mut Coordinator, &mut Context<'_>, &mut Vec<groupsim::broker::Answer>, &HashMap<TopicName, u32>),
    ) {
        let Ours { coordinator, names, choice, recorder, .. } = self;
        let mut cx = Context { now: self.now, cause: Seq::NONE, names, choice, recorder };
        let mut out = Vec::new();
        act(coordinator, &mut cx, &mut out, &self.partitions);
        self.waiting.extend(out.into_iter().map(|answer| (u64::from(answer.correlation.0), answer.response)));
    }

    fn advance(&mut self, ms: u64, reply: &mut Reply) -> Result<(), String> {
        let target = Instant::from_ms(self.now.as_ms() + ms);
        let mut runs = 0;
        while let Some(due) = self.coordinator.next_deadline().filter(|due| *due <= target) {
            runs += 1;
            if due > self.now {
                self.flush(reply);
                self.now = due;
                runs = 0;
            }
            if runs == MAX_RUNS_PER_MS {
                return Err("timers without delay restart each other for ever".to_owned());
            }
            self.act(|coordinator, cx, out, _| coordinator.handle_deadline(cx, out));
        }
        if target > self.now {
            self.flush(reply);
            self.now = target;
        }
        Ok(())
    }

    /// Writes the answers given so far, naming members in the order of the harness.
    fn flush(&mut self, reply: &mut Reply) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut addressed: Vec<(u64, MemberId)> = Vec::new();
        for (id, response) in &waiting {
            if let Response::JoinGroup(join) = response {
                addressed.push((*id, join.member));
            }
        }
        addressed.sort_unstable();
        for (_, member) in addressed {
            self.members.name_of(self.names.text(member));
        }
        let mut writer = Writer { names: &self.names, members: &mut self.members };
        let t = self.now.as_ms();
        let written = waiting.drain(..).map(|(id, response)| Answer { t, id, body: writer.answer(&response) });
        reply.answers.extend(written);
    }
}

fn config(settings: &Value) -> Result<BrokerConfig, String> {
    let mut config = BrokerConfig::default();
    for (key, value) in settings.as_object().unwrap_or(&Map::new()) {
        let number = value.as_i64().ok_or_else(|| format!("{key} must be a number"))?;
        let small = i32::try_from(number).map_err(|error| error.to_string())?;
        match key.as_str() {
            "group.min.session.timeout.ms" => config.group_min_session_timeout_ms = small,
            "group.max.session.timeout.ms" => config.group_max_session_timeout_ms = small,
            "group.initial.rebalance.delay.ms" => config.group_initial_rebalance_delay_ms = small,
            "group.max.size" => config.group_max_size = small,
            "offset.metadata.max.bytes" => config.offset_metadata_max_bytes = small,
            "offsets.retention.minutes" => config.offsets_retention_minutes = small,
            "offsets.retention.check.interval.ms" => config.offsets_retention_check_interval_ms = number,
            other => return Err(format!("unknown setting {other}")),
        }
    }
    Ok(config)
}

fn newest(api: &str) -> i16 {
    match api {
        "join_group" | "offset_commit" | "offset_fetch" | "offset_fetch_all" => 9,
        "describe_groups" => 6,
        "sync_group" | "leave_group" | "list_groups" => 5,
        "heartbeat" => 4,
        "delete_groups" => 2,
        _ => 0,
    }
}

impl Peer for Ours {
    fn command(&mut self, command: &Value) -> Result<Reply, String> {
        let mut reply = Reply::default();
        match command["op"].as_str().unwrap_or("") {
            "assign" => {
                let (t, id) = (self.now.as_ms(), command["id"].as_u64().expect("an id"));
                reply.answers.push(Answer { t, id, body: assign::assigned(command) });
            }
            "config" => self.configure(command)?,
            "request" => self.request(command),
            "advance" => self.advance(command["ms"].as_u64().expect("a length"), &mut reply)?,
            "fail_appends" => {
                let error = command["error"].as_str().and_then(ErrorCode::from_name).ok_or("unknown error")?;
                let count = command["count"].as_u64().unwrap_or(0);
                self.coordinator.fail_appends(error, u32::try_from(count).unwrap_or(u32::MAX));
            }
            // Ours gives up the log and begins to read it in one step; here nobody asks in between.
            "unload" => {
                self.loading = true;
                self.act(|coordinator, cx, out, _| coordinator.begin_reload(cx, out));
            }
            "start_load" => {}
            "finish_load" if !std::mem::take(&mut self.loading) => {}
            "finish_load" => self.act(|coordinator, cx, out, _| coordinator.finish_reload(cx, out)),
            "reload" if !command["broker"].is_null() => {
                let config = config(&command["broker"])?;
                self.act(|coordinator, cx, out, _| coordinator.restart(cx, config, out));
            }
            "reload" => self.act(|coordinator, cx, out, _| coordinator.reload(cx, out)),
            other => return Err(format!("unknown op {other}")),
        }
        self.flush(&mut reply);
        reply.t = self.now.as_ms();
        reply.next = self.coordinator.next_deadline().map(Instant::as_ms);
        let observed = self.succession.observe(self.recorder.pending(), &self.coordinator);
        self.recorder.clear_pending();
        observed.map(|()| reply)
    }
}
