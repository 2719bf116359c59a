//! A client's connection to a broker through the proxy.

use std::collections::VecDeque;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::Sender;

use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use rustix::event::PollFlags;

use super::lane::{Judgement, LONGEST_WHOLE, Lane, Nonsense, Onward};
use super::upstream;
use crate::kafka::wire::rewrite::Local;
use crate::kafka::wire::{Seen, Stamp, What, decode, rewrite};

/// Most requests of a connection that wait for an answer; beyond, the oldest is taken for one that gets none.
const MOST_WAITING: usize = 1 << 16;

/// Most reads of a connection before others have their turn.
const TURN: usize = 16;

/// Bytes of a request that tell what it is: api, version, correlation id. An answer begins with the correlation id.
const REQUEST_HEAD: usize = 8;
const ANSWER_HEAD: usize = 4;

/// One connection, in both directions.
pub struct Connection {
    pub client: TcpStream,
    pub upstream: TcpStream,
    /// Further addresses to try, while `upstream` connects.
    connecting: Option<Vec<SocketAddr>>,
    requests: Lane,
    answers: Lane,
    /// Whether the cluster has been told that the client sends no more.
    finished: bool,
    talk: Talk,
}

/// What is known of the talk on a connection.
struct Talk {
    number: u64,
    source: usize,
    seen: Sender<Seen>,
    /// Requests that may get an answer, in order.
    waiting: VecDeque<Waiting>,
    /// What follows is not the protocol's frames any more (SaslHandshake, version 0).
    opaque: bool,
    closed: bool,
}

#[derive(Clone, Copy)]
struct Waiting {
    correlation: i32,
    key: i16,
    version: i16,
}

/// What a connection needs while it reads answers.
struct Answering<'a> {
    talk: &'a mut Talk,
    local: &'a mut dyn Local,
}

impl Connection {
    pub fn new(
        client: TcpStream,
        addresses: &[SocketAddr],
        number: u64,
        source: usize,
        seen: &Sender<Seen>,
    ) -> Option<Self> {
        let mut addresses = addresses.to_vec();
        client.set_nonblocking(true).and_then(|()| client.set_nodelay(true)).ok()?;
        let upstream = upstream::dial(&mut addresses).ok()?;
        let talk = Talk { number, source, seen: seen.clone(), waiting: VecDeque::new(), opaque: false, closed: false };
        Some(Connection {
            client,
            upstream,
            connecting: Some(addresses),
            requests: Lane::new(LONGEST_WHOLE),
            answers: Lane::new(usize::MAX),
            finished: false,
            talk,
        })
    }

    /// What to wait for at the client.
    pub fn client_interest(&self) -> PollFlags {
        interest(self.requests.wants_read(), self.answers.wants_write())
    }

    /// What to wait for at the broker.
    pub fn upstream_interest(&self) -> PollFlags {
        match self.connecting {
            Some(_) => PollFlags::OUT,
            None => interest(self.answers.wants_read(), self.requests.wants_write()),
        }
    }

    /// Does what can be done now. `upstream_ready`: the broker's socket has something to say. True while the connection lives.
    pub fn serve(&mut self, upstream_ready: bool, local: &mut dyn Local) -> bool {
        if upstream_ready && self.connecting.is_some() && !self.connected() {
            self.talk.close();
            return false;
        }
        if self.serve_requests().and_then(|()| self.serve_answers(local)).is_err() {
            self.talk.close();
            return false;
        }
        if !self.requests.source_open || !self.answers.source_open {
            self.talk.close();
        }
        if self.requests.is_done() && self.connecting.is_none() && !self.finished {
            self.finished = true;
            // It may be gone already.
            let _ = self.upstream.shutdown(Shutdown::Write);
        }
        !self.answers.is_done()
    }

    /// Whether the broker is reached, or may still be.
    fn connected(&mut self) -> bool {
        match (self.upstream.take_error(), self.connecting.take()) {
            (Ok(None), _) => true,
            (_, Some(mut others)) => {
                let Ok(next) = upstream::dial(&mut others) else { return false };
                self.upstream = next;
                self.connecting = Some(others);
                true
            }
            (_, None) => false,
        }
    }

    fn serve_requests(&mut self) -> Result<(), Nonsense> {
        for _ in 0..TURN {
            let mut moved = false;
            if self.requests.wants_read() {
                moved = self.requests.read(&self.client);
                self.requests.advance(&mut self.talk, REQUEST_HEAD, Talk::judge_request, Talk::request)?;
                if self.talk.opaque {
                    self.requests.pass_everything();
                    self.answers.pass_everything();
                }
            }
            if self.requests.wants_write() && self.connecting.is_none() {
                moved |= self.requests.write(&self.upstream);
            }
            if !moved {
                break;
            }
        }
        Ok(())
    }

    fn serve_answers(&mut self, local: &mut dyn Local) -> Result<(), Nonsense> {
        if self.connecting.is_some() {
            return Ok(());
        }
        let answering = &mut Answering { talk: &mut self.talk, local };
        for _ in 0..TURN {
            let mut moved = false;
            if self.answers.wants_read() {
                moved = self.answers.read(&self.upstream);
                self.answers.advance(answering, ANSWER_HEAD, Answering::judge, Answering::answer)?;
            }
            if self.answers.wants_write() {
                moved |= self.answers.write(&self.client);
            }
            if !moved {
                break;
            }
        }
        Ok(())
    }
}

fn interest(read: bool, write: bool) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, read);
    flags.set(PollFlags::OUT, write);
    flags
}

impl Talk {
    fn tell(&self, what: What) {
        // Nobody may listen any more; the bytes pass all the same.
        let _ = self.seen.send(Seen { at: Stamp::now(), source: self.source, what });
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.closed, true) {
            self.tell(What::Closed { connection: self.number });
        }
    }

    fn judge_request(&mut self, head: &[u8]) -> Judgement {
        let Some(waiting) = Waiting::read(head) else { return Judgement::Pass };
        if ApiKey::try_from(waiting.key).is_ok_and(decode::is_group_request) {
            return Judgement::Whole;
        }
        self.opaque = waiting.key == ApiKey::SaslHandshake as i16 && waiting.version == 0;
        self.wait_for(waiting);
        Judgement::Pass
    }

    fn request(&mut self, payload: &[u8]) -> Onward {
        let waiting = Waiting::read(payload).ok_or(Nonsense)?;
        self.wait_for(waiting);
        let Waiting { correlation, key, version } = waiting;
        let key = ApiKey::try_from(key).map_err(|()| Nonsense)?;
        if let Some(request) = decode::request(key, version, Bytes::copy_from_slice(payload)) {
            self.tell(What::Request { connection: self.number, correlation, version, request });
        }
        Ok(None)
    }

    fn wait_for(&mut self, waiting: Waiting) {
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(waiting);
    }

    /// The request that an answer belongs to. Those before it get none: brokers answer a connection's requests in order.
    fn asked(&self, head: &[u8]) -> Option<(usize, Waiting)> {
        let correlation = i32::from_be_bytes(head.get(..ANSWER_HEAD)?.try_into().ok()?);
        self.waiting.iter().copied().enumerate().find(|(_, waiting)| waiting.correlation == correlation)
    }
}

impl Waiting {
    fn read(head: &[u8]) -> Option<Waiting> {
        let number = |at: usize| Some(i16::from_be_bytes(head.get(at..at + 2)?.try_into().ok()?));
        let correlation = i32::from_be_bytes(head.get(4..REQUEST_HEAD)?.try_into().ok()?);
        Some(Waiting { correlation, key: number(0)?, version: number(2)? })
    }
}

impl Answering<'_> {
    fn judge(&mut self, head: &[u8]) -> Judgement {
        let Some((at, waiting)) = self.talk.asked(head) else { return Judgement::Pass };
        let wanted = |key: ApiKey| decode::is_group_request(key) || rewrite::is_rewritten(key);
        if ApiKey::try_from(waiting.key).is_ok_and(wanted) {
            return Judgement::Whole;
        }
        self.talk.waiting.drain(..=at);
        Judgement::Pass
    }

    fn answer(&mut self, payload: &[u8]) -> Onward {
        let (at, Waiting { correlation, key, version }) = self.talk.asked(payload).ok_or(Nonsense)?;
        self.talk.waiting.drain(..=at);
        let key = ApiKey::try_from(key).map_err(|()| Nonsense)?;
        let payload = Bytes::copy_from_slice(payload);
        if rewrite::is_rewritten(key) {
            return rewrite::answer(key, version, payload, self.local).map_err(|_| Nonsense);
        }
        if let Some(answer) = decode::answer(key, version, payload) {
            self.talk.tell(What::Answer { connection: self.talk.number, correlation, answer });
        }
        Ok(None)
    }
}
