//! Asks the coordinator again and again how a group is.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kafka_protocol::messages::{DescribeGroupsRequest, FindCoordinatorRequest, GroupId};
use kafka_protocol::protocol::StrBytes;

use super::peer::Peer;
use super::{Seen, Stamp, What};

/// From one question to the next.
const EVERY: Duration = Duration::from_millis(50);

/// Longest wait for a connection or an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks for DescribeGroups every 50 ms and tells what has changed. Ends when it is dropped.
///
/// A coordinator that does not answer, moves or loads is asked again; meanwhile nothing is told.
pub struct Watcher {
    /// Dropped to end the thread.
    stop: Option<mpsc::Sender<()>>,
    connection: Arc<Mutex<Option<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Watches `group` on the cluster at `bootstrap` (`host:port`, several with commas; plaintext).
    pub fn start(bootstrap: &str, source: usize, group: &str, seen: mpsc::Sender<Seen>) -> io::Result<Watcher> {
        let (stop, stopped) = mpsc::channel();
        let connection = Arc::new(Mutex::new(None));
        let watch = Watch {
            bootstrap: bootstrap.to_owned(),
            source,
            group: group.to_owned(),
            seen,
            stopped,
            connection: Arc::clone(&connection),
            last: None,
        };
        let thread = std::thread::Builder::new().name(format!("watch {group}")).spawn(move || watch.run())?;
        Ok(Watcher { stop: Some(stop), connection, thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop = None;
        // Wakes it from waiting for an answer. Whether the connection is still there does not matter.
        if let Some(stream) = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// State of a group and its members.
type State = (String, Vec<String>);

struct Watch {
    bootstrap: String,
    source: usize,
    group: String,
    seen: mpsc::Sender<Seen>,
    stopped: mpsc::Receiver<()>,
    connection: Arc<Mutex<Option<TcpStream>>>,
    last: Option<State>,
}

impl Watch {
    fn run(mut self) {
        let mut peer = None;
        let mut next = Instant::now();
        loop {
            match self.look(&mut peer) {
                Ok(Some(state)) if self.last.as_ref() != Some(&state) => {
                    let what =
                        What::Described { group: self.group.clone(), state: state.0.clone(), members: state.1.clone() };
                    self.last = Some(state);
                    if self.seen.send(Seen { at: Stamp::now(), source: self.source, what }).is_err() {
                        return;
                    }
                }
                Ok(Some(_)) => {}
                // Not the coordinator any more, or not yet; or the connection is gone.
                Ok(None) | Err(_) => peer = None,
            }
            next = (next + EVERY).max(Instant::now());
            match self.stopped.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&self, peer: &mut Option<Peer>) -> io::Result<Option<State>> {
        let peer = match peer {
            Some(peer) => peer,
            None => {
                let Some(found) = self.coordinator()? else { return Ok(None) };
                peer.insert(found)
            }
        };
        let group = GroupId(StrBytes::from_string(self.group.clone()));
        let answer = peer.ask(&DescribeGroupsRequest::default().with_groups(vec![group]))?;
        // A group that is not there is described as Dead; newer brokers say GROUP_ID_NOT_FOUND (69) with it.
        let described = answer.groups.into_iter().next().filter(|group| matches!(group.error_code, 0 | 69));
        Ok(described.map(|group| {
            let mut members: Vec<_> = group.members.iter().map(|member| member.member_id.to_string()).collect();
            members.sort();
            (group.group_state.to_string(), members)
        }))
    }

    /// A connection to the group's coordinator, if there is one now.
    fn coordinator(&self) -> io::Result<Option<Peer>> {
        let mut any = self.connect(&self.bootstrap)?;
        let key = StrBytes::from_string(self.group.clone());
        // One group, or since version 4 a list.
        let request = match any.version_of::<FindCoordinatorRequest>()? {
            ..=3 => FindCoordinatorRequest::default().with_key(key),
            _ => FindCoordinatorRequest::default().with_coordinator_keys(vec![key]),
        };
        let answer = any.ask(&request)?;
        let one = (answer.error_code, answer.host, answer.port);
        let many = answer.coordinators.into_iter().next().map(|found| (found.error_code, found.host, found.port));
        let (error, host, port) = many.unwrap_or(one);
        if error != 0 || host.is_empty() {
            return Ok(None);
        }
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
        self.connect(&format!("{host}:{port}")).map(Some)
    }

    fn connect(&self, address: &str) -> io::Result<Peer> {
        let peer = Peer::connect(address, PATIENCE)?;
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(peer.handle()?);
        Ok(peer)
    }
}
