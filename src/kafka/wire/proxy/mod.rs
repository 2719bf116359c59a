//! A proxy on loopback between one member and all brokers of a cluster.
//!
//! One thread serves all its connections with sockets that do not block. What a proxy holds of a connection is bounded: it
//! reads on only when what it read before is written, a whole request or answer at most where it must be read, one chunk of
//! bytes where it just passes.

mod connection;
mod lane;
mod relay;
mod upstream;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use relay::Relay;

use super::Seen;

/// Stands between a member and the cluster, tells what passes, and can be cut. Ends, with every connection, when it is dropped.
///
/// Clients come to [`Proxy::address`] first; the brokers that the cluster then names to them are rewritten to listeners of
/// this proxy, one a broker, all on 127.0.0.1. Only clusters without TLS. What cannot be read passes as it is; a frame that
/// nobody could mean ends its connection and no other.
pub struct Proxy {
    address: SocketAddr,
    control: Arc<Mutex<Control>>,
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told. It holds the lock while it touches connections.
#[derive(Default)]
struct Control {
    cut: bool,
    stop: bool,
}

impl Proxy {
    /// Listens on a free port for clients of the cluster at `upstream`: `host:port`, or several with commas. `source` stands
    /// in everything that is told over `seen`.
    ///
    /// # Errors
    /// The name of `upstream` is not known, or this machine gives no socket or thread.
    pub fn start(upstream: impl ToString, source: usize, seen: mpsc::Sender<Seen>) -> io::Result<Proxy> {
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        let control = Arc::new(Mutex::new(Control::default()));
        let relay = Relay::new(&upstream.to_string(), source, seen, woken)?;
        let address = relay.address();
        let shared = Arc::clone(&control);
        let thread = std::thread::Builder::new().name(format!("proxy {source}")).spawn(move || relay.run(&shared))?;
        Ok(Proxy { address, control, wake, thread: Some(thread) })
    }

    /// Where a client finds the cluster: its `bootstrap.servers`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts both directions of every connection, or heals them.
    ///
    /// When this returns after `true`, nothing is read or written any more; connections that clients make are accepted by the
    /// kernel but get no byte. Healed, everything goes on in order; also what clients sent that have ended meanwhile.
    pub fn cut(&self, cut: bool) {
        self.tell(|control| control.cut = cut);
    }

    fn tell(&self, change: impl FnOnce(&mut Control)) {
        change(&mut self.control.lock().unwrap_or_else(PoisonError::into_inner));
        // If the pipe is full, it wakes anyway.
        let _ = (&self.wake).write(&[0]);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.tell(|control| control.stop = true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
