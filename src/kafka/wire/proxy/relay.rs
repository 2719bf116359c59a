//! The thread of a proxy: waits for sockets and serves connections.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Control;
use super::connection::Connection;
use super::lane::is_passing;
use super::upstream::resolve;
use crate::kafka::wire::Seen;
use crate::kafka::wire::rewrite::Local;

/// How long no connection is accepted after the machine had no socket to give.
const SHORTAGE: Duration = Duration::from_millis(100);

/// The proxy's thread.
pub struct Relay {
    listeners: Listeners,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
    source: usize,
    seen: Sender<Seen>,
    woken: UnixStream,
    /// No connection is accepted before.
    accept_from: Option<Instant>,
}

/// A listener for every broker that the cluster has named.
struct Listeners {
    all: Vec<Listener>,
}

struct Listener {
    /// The broker, as the cluster names it.
    name: String,
    socket: TcpListener,
    port: u16,
    addresses: Vec<SocketAddr>,
}

/// What a descriptor that was waited for belongs to.
enum Waited {
    Listener(usize),
    Client(u64),
    Upstream(u64),
}

impl Relay {
    pub fn new(upstream: &str, source: usize, seen: Sender<Seen>, woken: UnixStream) -> io::Result<Self> {
        let first = Listener::new(upstream.trim(), resolve(upstream)?)?;
        Ok(Relay {
            listeners: Listeners { all: vec![first] },
            connections: BTreeMap::new(),
            next_connection: 0,
            source,
            seen,
            woken,
            accept_from: None,
        })
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.listeners.all[0].port))
    }

    /// Serves until it is told to stop.
    pub fn run(mut self, control: &Mutex<Control>) {
        let mut cut = false;
        loop {
            let ready = if cut { self.wait_for_word() } else { self.wait() };
            // While this is held nobody cuts, and who has cut knows that nothing moves.
            let control = control.lock().unwrap_or_else(PoisonError::into_inner);
            if control.stop {
                return;
            }
            cut = control.cut;
            if !cut {
                self.serve(&ready);
            }
        }
    }

    /// Waits until somebody changes the control.
    fn wait_for_word(&self) -> Vec<Waited> {
        let mut descriptors = [PollFd::new(&self.woken, PollFlags::IN)];
        let _ = poll(&mut descriptors, None);
        self.hear();
        Vec::new()
    }

    /// Waits until something can be done; gives what.
    fn wait(&mut self) -> Vec<Waited> {
        let now = Instant::now();
        self.accept_from = self.accept_from.filter(|&from| from > now);
        let mut descriptors = vec![PollFd::new(&self.woken, PollFlags::IN)];
        let mut waited = Vec::new();
        if self.accept_from.is_none() {
            for (at, listener) in self.listeners.all.iter().enumerate() {
                descriptors.push(PollFd::new(&listener.socket, PollFlags::IN));
                waited.push(Waited::Listener(at));
            }
        }
        // A descriptor without interest is left out: a broken connection would be told again and again.
        for (&number, connection) in &self.connections {
            for (socket, interest, what) in [
                (&connection.client, connection.client_interest(), Waited::Client(number)),
                (&connection.upstream, connection.upstream_interest(), Waited::Upstream(number)),
            ] {
                if !interest.is_empty() {
                    descriptors.push(PollFd::new(socket, interest));
                    waited.push(what);
                }
            }
        }
        let timeout = self.accept_from.map(|from| from.saturating_duration_since(now));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Vec::new(),
            Err(_) => {
                std::thread::sleep(SHORTAGE);
                return Vec::new();
            }
        }
        if !descriptors[0].revents().is_empty() {
            self.hear();
        }
        let ready = descriptors[1..].iter().zip(waited).filter(|(descriptor, _)| !descriptor.revents().is_empty());
        ready.map(|(_, what)| what).collect()
    }

    /// Takes the words out of the pipe.
    fn hear(&self) {
        let mut words = [0; 64];
        while (&self.woken).read(&mut words).is_ok_and(|count| count == words.len()) {}
    }

    fn serve(&mut self, ready: &[Waited]) {
        for what in ready {
            match *what {
                Waited::Listener(at) => self.accept(at),
                Waited::Client(number) => self.serve_connection(number, false),
                Waited::Upstream(number) => self.serve_connection(number, true),
            }
        }
    }

    fn serve_connection(&mut self, number: u64, upstream_ready: bool) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if !connection.serve(upstream_ready, &mut self.listeners) {
            self.connections.remove(&number);
        }
    }

    fn accept(&mut self, at: usize) {
        let listener = &self.listeners.all[at];
        match listener.socket.accept() {
            Ok((client, _)) => {
                let number = self.next_connection;
                self.next_connection += 1;
                let made = Connection::new(client, &listener.addresses, number, self.source, &self.seen);
                self.connections.extend(made.map(|connection| (number, connection)));
            }
            Err(error) if is_passing(&error) => {}
            Err(_) => self.accept_from = Some(Instant::now() + SHORTAGE),
        }
    }
}

impl Listener {
    fn new(name: &str, addresses: Vec<SocketAddr>) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let port = socket.local_addr()?.port();
        Ok(Listener { name: name.to_owned(), socket, port, addresses })
    }
}

impl Local for Listeners {
    /// Names are looked up here, once a broker.
    fn port_of(&mut self, host: &str, port: u16) -> Option<u16> {
        let name = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        if let Some(listener) = self.all.iter().find(|listener| listener.name == name) {
            return Some(listener.port);
        }
        // A broker whose name nobody knows cannot be reached: connections to its listener end at once.
        let made = Listener::new(&name, resolve(&name).unwrap_or_default()).ok()?;
        let port = made.port;
        self.all.push(made);
        Some(port)
    }
}
