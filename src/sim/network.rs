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

/// One TCP connection of a client.
pub struct Connection {
    /// The client.
    pub owner: ActorId,
    /// What it is for.
    pub channel: Channel,
    /// The client has dropped it or is gone: answers go nowhere.
    pub client_gone: bool,
    /// The broker works on (or has parked) a request of it.
    pub busy: bool,
    /// Requests that wait until the broker has answered the one before.
    pub waiting: VecDeque<(RequestHeader, Request)>,
    /// Messages held up by a cut, in order.
    pub stalled: Vec<Message>,
    last_to_broker: Instant,
    last_to_client: Instant,
}

/// All connections of a run, and the network between their ends.
pub struct Connections {
    network: Network,
    all: Vec<Connection>,
}

impl Connections {
    /// No connections yet.
    pub fn new(network: Network) -> Self {
        Connections { network, all: Vec::new() }
    }

    /// Opens a connection; set-up takes no time.
    pub fn open(&mut self, owner: ActorId, channel: Channel) -> ConnectionId {
        let id = ConnectionId(u32::try_from(self.all.len()).expect("fewer than 2^32 connections"));
        self.all.push(Connection {
            owner,
            channel,
            client_gone: false,
            busy: false,
            waiting: VecDeque::new(),
            stalled: Vec::new(),
            last_to_broker: Instant::ZERO,
            last_to_client: Instant::ZERO,
        });
        id
    }

    /// The connection.
    pub fn get(&self, id: ConnectionId) -> &Connection {
        &self.all[id.0 as usize]
    }

    /// The connection, to change it.
    pub fn get_mut(&mut self, id: ConnectionId) -> &mut Connection {
        &mut self.all[id.0 as usize]
    }

    /// When a message sent now on `id` arrives: never before one that was sent earlier in the same direction.
    pub fn arrival(&mut self, id: ConnectionId, to_broker: bool, now: Instant, choice: &mut dyn Choice) -> Instant {
        let delay = self.delay(self.get(id).owner, choice);
        let connection = self.get_mut(id);
        let last = if to_broker { &mut connection.last_to_broker } else { &mut connection.last_to_client };
        *last = (now + delay).max(*last);
        *last
    }

    /// Delay of one message of `client`: base, jitter, and 200 ms x 2^k more if it is lost k + 1 times.
    fn delay(&self, client: ActorId, choice: &mut dyn Choice) -> Duration {
        let network = &self.network;
        let base = choice.jitter(Purpose::NetworkDelay, client, network.base.as_us(), network.jitter_percent);
        let mut delay = Duration::from_us(base);
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
        network.base + Duration::from_us(network.base.as_us().saturating_mul(u64::from(network.jitter_percent)) / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::RandomChoice;

    fn connections(jitter_percent: u32, loss_per_10_000: u32) -> (Connections, ConnectionId) {
        let mut all = Connections::new(Network { base: Duration::from_ms(1), jitter_percent, loss_per_10_000 });
        let id = all.open(ActorId(2), Channel::Coordinator);
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
}
