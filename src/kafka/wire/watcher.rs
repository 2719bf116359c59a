//! Asks the coordinator again and again how a group is.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kafka_protocol::messages::{DescribeGroupsRequest, GroupId};
use kafka_protocol::protocol::StrBytes;

use super::peer::{Login, Peer};
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
        Watcher::start_as(bootstrap, Login::Anonymous, source, group, seen)
    }

    /// The same for somebody whom the cluster wants to know.
    pub fn start_as(
        bootstrap: &str,
        login: Login,
        source: usize,
        group: &str,
        seen: mpsc::Sender<Seen>,
    ) -> io::Result<Watcher> {
        let (stop, stopped) = mpsc::channel();
        let connection = Arc::new(Mutex::new(None));
        let watch = Watch {
            bootstrap: bootstrap.to_owned(),
            login,
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
    login: Login,
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
                let found = Peer::coordinator(&self.bootstrap, &self.login, &self.group, PATIENCE)?;
                let Ok(found) = found else { return Ok(None) };
                *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.handle()?);
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
}
