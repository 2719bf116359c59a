//! Connections: delay, jitter, loss, cuts, and the order that TCP keeps.

use super::message::Message;
use crate::choice::{Choice, Purpose};
use crate::ids::{ActorId, ConnectionId};
use crate::protocol::{Request, RequestHeader};
use crate::scenario::Network;
use crate::time::{Duration, Instant};
use crate::trace::Channel;
use std::collections::VecDeque;

/// How late a lost message is at least: Linux' smallest retransmission timeout.
const RETRANSMISSION: Duration = Duration::from_ms(200);
/// Retransmission timeouts double this many times at the most.
const MAX_DOUBLINGS: u64 = 9;
/// No message is faster than this, whatever the scenario says: without it a network without latency, under a client that
/// asks again at once (`fetch.max.wait.ms = 0`), would keep virtual time from going on.
const FASTEST: Duration = Duration::from_us(1);

/// One TCP connection of a client.
pub struct Connection {
    /// The client.
    pub owner: ActorId,
    /// What it is for.
    pub channel: Channel,
    /// Says where its messages stand among others at one instant; the same whoever else is in the scenario.
    pub place: u64,
    /// The client has dropped it or is gone: answers go nowhere.
    pub client_gone: bool,
    /// The client has dropped it and goes on without it: what a cut holds up may be lost with it.
    pub dropped: bool,
    /// The broker works on (or has parked) a request of it.
    pub busy: bool,
    /// Requests that wait until the broker has answered the one before.
    pub waiting: VecDeque<(RequestHeader, Request)>,
    /// Messages held up by a cut, in order.
    pub stalled: Vec<Message>,
    /// Messages on their way.
    pub in_flight: u32,
    last_to_broker: Instant,
    last_to_client: Instant,
}

impl Connection {
    /// Whether nothing will ever come of it any more, at either end.
    fn is_over(&self) -> bool {
        self.client_gone && !self.busy && self.in_flight == 0 && self.waiting.is_empty() && self.stalled.is_empty()
    }
}

/// How many connections share a page of memory.
const PAGE: usize = 16;
type Page = [Option<Connection>; PAGE];

/// All connections of a run, and the network between their ends. Ids are never used again; the memory of a connection, and
/// of a page of them, is freed when both ends are done with it.
pub struct Connections {
    network: Network,
    pages: Vec<Option<Box<Page>>>,
    opened: usize,
}

impl Connections {
    /// No connections yet.
    pub fn new(network: Network) -> Self {
        Connections { network, pages: Vec::new(), opened: 0 }
    }

    /// The id of the next connection that is opened.
    pub fn next_id(&self) -> ConnectionId {
        ConnectionId(u32::try_from(self.opened).expect("fewer than 2^32 connections"))
    }

    /// Opens a connection; set-up takes no time.
    pub fn open(&mut self, owner: ActorId, channel: Channel, place: u64) -> ConnectionId {
        let id = self.next_id();
        let (page, slot) = (self.opened / PAGE, self.opened % PAGE);
        self.opened += 1;
        if page == self.pages.len() {
            self.pages.push(None);
        }
        self.pages[page].get_or_insert_default()[slot] = Some(Connection {
            owner,
            channel,
            place,
            client_gone: false,
            dropped: false,
            busy: false,
            waiting: VecDeque::new(),
            stalled: Vec::new(),
            in_flight: 0,
            last_to_broker: Instant::ZERO,
            last_to_client: Instant::ZERO,
        });
        id
    }

    /// The connection, unless both ends are done with it.
    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        let id = id.0 as usize;
        self.pages.get(id / PAGE)?.as_ref()?[id % PAGE].as_ref()
    }

    /// The connection, to change it.
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        let id = id.0 as usize;
        self.pages.get_mut(id / PAGE)?.as_mut()?[id % PAGE].as_mut()
    }

    /// Frees the connection if both ends are done with it.
    pub fn release(&mut self, id: ConnectionId) {
        if !self.get(id).is_some_and(Connection::is_over) {
            return;
        }
        let (page, slot) = (id.0 as usize / PAGE, id.0 as usize % PAGE);
        let Some(connections) = &mut self.pages[page] else { return };
        connections[slot] = None;
        let full = self.opened >= (page + 1) * PAGE;
        if full && connections.iter().all(Option::is_none) {
            self.pages[page] = None;
        }
    }

    /// How many connections are held in memory.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.pages.iter().flatten().flat_map(|page| page.iter()).flatten().count()
    }

    /// Puts a message on its way at `now`, and says when it arrives: never before one that was sent earlier in the same
    /// direction.
    pub fn arrival(&mut self, id: ConnectionId, to_broker: bool, now: Instant, choice: &mut dyn Choice) -> Instant {
        let Some(owner) = self.get(id).map(|connection| connection.owner) else { return now };
        let delay = self.delay(owner, choice);
        let Some(connection) = self.get_mut(id) else { return now };
        connection.in_flight += 1;
        let last = if to_broker { &mut connection.last_to_broker } else { &mut connection.last_to_client };
        *last = (now + delay).max(*last);
        *last
    }

    /// Delay of one message of `client`: base, jitter, and 200 ms x 2^k more if it is lost k + 1 times.
    fn delay(&self, client: ActorId, choice: &mut dyn Choice) -> Duration {
        let network = &self.network;
        let base = choice.jitter(Purpose::NetworkDelay, client, network.base.as_us(), network.jitter_percent);
        let mut delay = Duration::from_us(base).max(FASTEST);
        if network.loss_per_10_000 > 0 {
            let loss = u64::from(network.loss_per_10_000);
            let mut losses = 0;
            while losses <= MAX_DOUBLINGS && choice.draw(Purpose::NetworkLoss, client, 10_000) < loss {
                losses += 1;
            }
            if losses > 0 {
                delay += RETRANSMISSION * (1 << (losses - 1));
            }
        }
        delay
    }

    /// The longest that a message can take without loss.
    pub fn max_delay(network: &Network) -> Duration {
        let slowest = network.base
            + Duration::from_us(network.base.as_us().saturating_mul(u64::from(network.jitter_percent)) / 100);
        slowest.max(FASTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::RandomChoice;

    fn connections(jitter_percent: u32, loss_per_10_000: u32) -> (Connections, ConnectionId) {
        let mut all = Connections::new(Network { base: Duration::from_ms(1), jitter_percent, loss_per_10_000 });
        let id = all.open(ActorId(2), Channel::Coordinator, 0);
        (all, id)
    }

    #[test]
    fn messages_of_one_connection_keep_their_order() {
        let (mut all, id) = connections(100, 2_000);
        let mut choice = RandomChoice::new(1);
        let mut last = Instant::ZERO;
        for ms in 0..500 {
            let arrival = all.arrival(id, true, Instant::from_ms(ms), &mut choice);
            assert!(arrival >= last && arrival >= Instant::from_ms(ms));
            last = arrival;
        }
    }

    #[test]
    fn a_lost_message_is_late_by_200_ms_doubled() {
        let (all, _) = connections(0, 5_000);
        let mut choice = RandomChoice::new(1);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..2_000 {
            seen.insert(all.delay(ActorId(2), &mut choice).as_ms());
        }
        let allowed: Vec<u64> = [0].into_iter().chain((0..10).map(|k| 200 << k)).map(|late| late + 1).collect();
        assert!(seen.iter().all(|ms| allowed.contains(ms)), "{seen:?}");
        assert!(seen.contains(&1) && seen.contains(&201) && seen.contains(&401));
    }

    #[test]
    fn no_message_takes_no_time() {
        let mut all = Connections::new(Network { base: Duration::ZERO, jitter_percent: 100, loss_per_10_000: 0 });
        let id = all.open(ActorId(2), Channel::Node, 0);
        let now = Instant::from_ms(5);
        assert_eq!(all.arrival(id, true, now, &mut RandomChoice::new(1)), Instant::from_us(5_001));
    }

    #[test]
    fn what_is_over_is_freed_and_its_id_is_never_used_again() {
        let (mut all, first) = connections(0, 0);
        for number in 1..1_000u32 {
            let id = all.open(ActorId(2), Channel::Node, 0);
            assert_eq!(id.0, number);
            let connection = all.get_mut(id).unwrap();
            connection.client_gone = true;
            connection.in_flight = 1;
            all.release(id);
            assert!(all.get(id).is_some(), "a message is on its way");
            all.get_mut(id).unwrap().in_flight = 0;
            all.release(id);
            assert!(all.get(id).is_none());
        }
        assert_eq!(all.held(), 1);
        assert_eq!(all.pages.iter().flatten().count(), 2, "the first page, and the one in use");
        assert!(all.get(first).is_some());
    }
}
