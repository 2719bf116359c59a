//! A sequence in lock-step with a real broker.
//!
//! Our clock is virtual, the broker's is not. So ours follows: before each request it goes to the present millisecond. The
//! broker takes a request up a little later than ours does, and so its timers run later than ours by as much, never
//! earlier. So a request is sent only if no timer of ours is due within the next [`BEFORE_MS`]; where one is, we wait until
//! it is past by [`AFTER_MS`] and by as much as the slowest request took or the latest answer to a timer was late.
//!
//! What that leaves open makes a sequence doubtful from there on: a request so slow that a timer ran meanwhile, or two
//! timers so close together that a slow request may have turned them round. And for a while after any answer of any
//! sequence came later than [`AFTER_MS`], the broker may have run other timers late, which nobody sees. Answers that agree agree all the same, but a
//! difference in a doubtful sequence proves nothing: it is given up as late.

use super::peer::{Came, Tcp};
use super::wire;
use crate::compare::{Difference, canonical, difference};
use crate::ours::Ours;
use crate::peer::{Answer, Peer, Reply};
use crate::resolve::resolve;
use crate::run::{Mismatch, Played};
use crate::step::Step;
use crate::view::View;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far ahead no timer of ours may be due when a request is sent.
const BEFORE_MS: u64 = 250;
/// How long ago the last timer of ours must have run, beside the time that requests take.
const AFTER_MS: u64 = 100;
/// A wait that is overslept by more is made longer.
const OVERSLEPT_MS: u64 = 20;
/// Timers closer together than this may run in either order, however fast requests are.
const CLOSE_MS: u64 = 5;
/// How much earlier than ours an answer may come: clocks of milliseconds on both sides.
const EARLY_MS: u64 = 2;
/// Waits are in pieces of this, so that one sees when an answer came.
const PIECE: Duration = Duration::from_millis(10);
/// The longest way to a deadline that is worth waiting for.
const FAR_MS: u64 = 4_000;
/// Deadlines in one wait before a sequence ends: timers that restart each other.
const MAX_DEADLINES: u32 = 20;

/// For how long a broker that was seen short of time, in whatever sequence, may have run other timers late too.
const STARVED: Duration = Duration::from_secs(15);
/// When an answer came that late last.
static LATE_LAST: Mutex<Option<Instant>> = Mutex::new(None);

fn came_late() {
    *LATE_LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn is_starved() -> bool {
    LATE_LAST.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|last| last.elapsed() < STARVED)
}

/// Why a sequence goes no further.
pub enum Stop {
    Differs(Box<Mismatch>),
    /// The machine was too slow; what was compared before counts for nothing either.
    Late(String),
    /// What comes next cannot be compared; what came before was.
    Ended(&'static str),
}

impl From<String> for Stop {
    fn from(error: String) -> Stop {
        Stop::Late(error)
    }
}

pub struct Play {
    config: Value,
    ours: Ours,
    tcp: Tcp,
    pub view: View,
    pub played: Vec<Played>,
    epoch: Instant,
    /// What the versions of requests are drawn from.
    seed: u64,
    /// API and version of each request.
    asked: HashMap<u64, (String, i64)>,
    /// Why a difference would prove nothing any more.
    pub doubtful: Option<&'static str>,
    /// When the last timer ran.
    last_due: Option<u64>,
    /// What timers answered while a request waited to be sent.
    meanwhile: Vec<Answer>,
    /// The longest that a request of this sequence took: two timers' order may differ by as much.
    slowest_ms: u64,
    /// The latest that an answer to a timer came.
    latest_ms: u64,
    /// How late answers to timers came, in milliseconds.
    pub lateness_ms: Vec<u64>,
}

impl Play {
    pub fn new(tcp: Tcp, config: Value, seed: u64) -> Play {
        let mut ours = Ours::new();
        ours.command(&config).expect("a fresh coordinator says nothing");
        Play {
            config,
            ours,
            tcp,
            view: View::default(),
            played: Vec::new(),
            epoch: Instant::now(),
            seed,
            asked: HashMap::new(),
            doubtful: None,
            last_due: None,
            meanwhile: Vec::new(),
            slowest_ms: 0,
            latest_ms: 0,
            lateness_ms: Vec::new(),
        }
    }

    fn real_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).expect("a short run")
    }

    pub fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            Step::Advance(ms) => self.until(self.view.now + ms).map(drop),
            Step::AdvanceToNext(further) => {
                let near = self.view.next.filter(|next| *next < self.view.now + FAR_MS);
                let target = match near {
                    Some(next) if *further < 0 => next.saturating_sub(BEFORE_MS + 20),
                    Some(next) => next,
                    None => self.view.now + 300,
                };
                self.until(target.max(self.view.now)).map(drop)
            }
            _ => {
                self.until(self.real_ms())?;
                let Some(resolved) = resolve(step, &mut self.view) else { return Ok(()) };
                let command = self.fitted(resolved.command);
                let nameless = command["body"]["group_id"] == "" && command["body"].get("topics").is_some();
                if nameless {
                    return Ok(());
                }
                let reply = self.request(&command)?;
                if let (Some((group, slot)), Step::Heartbeat { .. } | Step::Commit { .. }) = (resolved.from, step) {
                    self.view.told_by(&reply, group, slot);
                }
                Ok(())
            }
        }
    }

    /// Sends one request and says what its client sees of the answer; null if it is parked.
    pub fn ask(&mut self, api: &str, version: i64, body: &Value) -> Result<Value, Stop> {
        let came = self.until(self.real_ms())?;
        self.meanwhile.extend(self.seen(&came).answers);
        self.view.requests += 1;
        let id = self.view.requests;
        let body = wire::fitted(api, version, body);
        let command = json!({
            "op": "request", "id": id, "api": api, "version": version, "client_id": "app", "client_host": "/127.0.0.1",
            "body": body,
        });
        let reply = self.request(&command)?;
        let reply = self.seen(&reply);
        Ok(reply.answers.into_iter().find(|answer| answer.id == id).map_or(Value::Null, |answer| answer.body))
    }

    /// Lets this much time go by, or more, and says what timers have answered since the last wait.
    pub fn wait(&mut self, ms: u64) -> Result<Vec<Answer>, Stop> {
        let reply = self.until(self.view.now + ms)?;
        let mut answers = std::mem::take(&mut self.meanwhile);
        answers.extend(self.seen(&reply).answers);
        Ok(answers)
    }

    /// The id of the last request.
    pub fn last(&self) -> u64 {
        self.view.requests
    }

    /// A command as this broker takes it: a version of the wire, nothing that the version does not have, and our own
    /// address.
    fn fitted(&self, mut command: Value) -> Value {
        let api = command["api"].as_str().expect("an api").to_owned();
        let drawn = !matches!(api.as_str(), "join_group" | "sync_group" | "leave_group" | "offset_commit");
        if drawn {
            let versions = wire::versions(&api);
            let id = command["id"].as_u64().expect("an id");
            let number = self.seed.wrapping_add(id).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            let count = (versions.end() - versions.start() + 1).cast_unsigned();
            command["version"] = (versions.start() + (number % count).cast_signed()).into();
        }
        let version = command["version"].as_i64().expect("a version");
        command["body"] = wire::fitted(&api, version, &command["body"]);
        command["client_host"] = "/127.0.0.1".into();
        command
    }

    /// Lets time go on to `target`, or as far past it as it takes to be clear of deadlines.
    fn until(&mut self, target: u64) -> Result<Reply, Stop> {
        let from = self.view.now;
        let (mut now, mut goal) = (from, target.max(self.real_ms()));
        let (mut expected, mut came, mut deadlines) = (Reply::default(), Vec::new(), 0);
        loop {
            while let Some(due) = self.ours.next_ms().filter(|due| *due <= goal + BEFORE_MS) {
                deadlines += 1;
                if deadlines > MAX_DEADLINES {
                    return Err(Stop::Ended("timers without end"));
                }
                let due = due.max(now);
                self.ran(due);
                expected.answers.extend(self.pass(due - now)?.answers);
                (now, goal) = (due, goal.max(due + AFTER_MS + self.slowest_ms.max(self.latest_ms)));
            }
            expected.answers.extend(self.pass(goal - now)?.answers);
            now = goal;
            self.sleep_until(goal, &mut came)?;
            let real = self.real_ms();
            if real <= goal + OVERSLEPT_MS {
                break;
            }
            goal = real;
        }
        if goal == from {
            return Ok(Reply::default());
        }
        let missing = missing(&expected, &came);
        came.extend(self.tcp.collect(missing)?);
        self.on_time(&expected, &came)?;
        let command = json!({ "op": "advance", "ms": goal - from });
        self.settle(&command, expected, came)
    }

    /// A timer of ours runs.
    fn ran(&mut self, due: u64) {
        let close = |last| due > last && due < last + CLOSE_MS + self.slowest_ms;
        if self.last_due.is_some_and(close) {
            self.doubt("two timers close together");
        }
        self.last_due = Some(due);
    }

    fn sleep_until(&mut self, goal: u64, came: &mut Vec<Came>) -> Result<(), Stop> {
        loop {
            came.extend(self.tcp.poll()?);
            let left = Duration::from_millis(goal).saturating_sub(self.epoch.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(PIECE));
        }
    }

    fn doubt(&mut self, why: &'static str) {
        self.doubtful.get_or_insert(why);
    }

    fn differs(&mut self, difference: Difference) -> Stop {
        if is_starved() {
            self.doubt("the broker was short of time");
        }
        match self.doubtful {
            Some(why) => Stop::Late(why.to_owned()),
            None => Stop::Differs(Box::new(Mismatch { difference, played: std::mem::take(&mut self.played) })),
        }
    }

    fn pass(&mut self, ms: u64) -> Result<Reply, Stop> {
        self.ours.command(&json!({ "op": "advance", "ms": ms })).map_err(|_| Stop::Ended("timers without end"))
    }

    /// Whether answers came when ours did, as far as that can be seen.
    fn on_time(&mut self, expected: &Reply, came: &[Came]) -> Result<(), Stop> {
        for answer in &expected.answers {
            let Some(came) = came.iter().find(|came| came.id == answer.id) else { continue };
            let at = u64::try_from((came.at - self.epoch).as_millis()).expect("a short run");
            if at + EARLY_MS < answer.t {
                let signature = format!("an answer comes {} ms early", answer.t - at);
                let difference = Difference { signature, kafka: None, ours: Some(answer.clone()) };
                return Err(self.differs(difference));
            }
            let late = at.saturating_sub(answer.t);
            self.lateness_ms.push(late);
            self.latest_ms = self.latest_ms.max(late);
            if late > AFTER_MS {
                came_late();
            }
        }
        Ok(())
    }

    fn request(&mut self, command: &Value) -> Result<Reply, Stop> {
        let id = command["id"].as_u64().expect("an id");
        let (api, version) =
            (command["api"].as_str().expect("an api"), command["version"].as_i64().expect("a version"));
        self.asked.insert(id, (api.to_owned(), version));
        let expected = self.ours.command(command).map_err(|_| Stop::Ended("ours cannot do it"))?;
        self.tcp.send(command)?;
        let mut came = self.tcp.collect(expected.answers.iter().map(|answer| answer.id))?;
        if !expected.answers.iter().any(|answer| answer.id == id) {
            self.tcp.fence(command["body"]["group_id"].as_str().expect("a group"))?;
        }
        let late = self.real_ms().saturating_sub(self.view.now);
        self.slowest_ms = self.slowest_ms.max(late);
        if late > AFTER_MS {
            came_late();
        }
        match self.ours.next_ms() {
            // What a timer without delay has answered already, ours answers when time goes on.
            Some(due) if due <= self.view.now => {}
            Some(due) if due <= self.view.now + late => self.doubt("a timer ran while a request was under way"),
            _ => came.extend(self.tcp.poll()?),
        }
        self.settle(command, expected, came)
    }

    /// Compares; and where Kafka took another member for leader, ours starts over and takes the same one.
    fn settle(&mut self, command: &Value, expected: Reply, came: Vec<Came>) -> Result<Reply, Stop> {
        let now = expected.answers.last().map_or(self.view.now, |answer| answer.t);
        let due: BTreeMap<u64, u64> = expected.answers.iter().map(|answer| (answer.id, answer.t)).collect();
        let mut reply = self.tcp.reply(came, |id| due.get(&id).copied().unwrap_or(now));
        let mut ours = expected;
        let mut wrong = None;
        if leaders(&reply) != leaders(&ours) {
            match self.start_over(command, &reply) {
                Ok(said) => ours = said,
                Err(error) => wrong = Some(Difference { signature: format!("ours: {error}"), kafka: None, ours: None }),
            }
        }
        let found = wrong.or_else(|| difference(&self.seen(&reply), &self.seen(&ours)));
        let passed = command["ms"].as_u64().unwrap_or(0);
        reply.t = self.view.now + passed;
        reply.next = self.ours.next_ms();
        self.played.push(Played { command: command.clone(), kafka: reply.clone() });
        if let Some(difference) = found {
            return Err(self.differs(difference));
        }
        self.view.learn(&reply);
        Ok(reply)
    }

    fn start_over(&mut self, command: &Value, reply: &Reply) -> Result<Reply, String> {
        let mut ours = Ours::new();
        ours.command(&self.config)?;
        for played in &self.played {
            ours.follow(&played.command, &played.kafka);
            ours.command(&played.command)?;
        }
        ours.follow(command, reply);
        let said = ours.command(command)?;
        self.ours = ours;
        Ok(said)
    }

    /// What the clients see of a reply.
    fn seen(&self, reply: &Reply) -> Reply {
        seen(reply, |id| self.asked.get(&id).cloned())
    }
}

/// What clients see of a reply, by the version of each request.
pub fn seen(reply: &Reply, asked: impl Fn(u64) -> Option<(String, i64)>) -> Reply {
    let project = |answer: &Answer| {
        let body = canonical(&answer.body);
        let body = asked(answer.id).map_or(body.clone(), |(api, version)| wire::projected(&api, version, &body));
        Answer { body, ..answer.clone() }
    };
    Reply { answers: reply.answers.iter().map(project).collect(), ..reply.clone() }
}

/// Which generations began, and which request was the leader's.
pub fn leaders(reply: &Reply) -> Vec<(u64, i64)> {
    let mut leaders: Vec<(u64, i64)> = Vec::new();
    for answer in &reply.answers {
        if let Some(generation) = answer.body["generation_id"].as_i64()
            && answer.body["error_code"] == "NONE"
            && answer.body["leader"] == answer.body["member_id"]
        {
            leaders.push((answer.id, generation));
        }
    }
    leaders.sort_unstable();
    leaders
}

fn missing(expected: &Reply, came: &[Came]) -> Vec<u64> {
    let ids = expected.answers.iter().map(|answer| answer.id);
    ids.filter(|id| !came.iter().any(|came| came.id == *id)).collect()
}
