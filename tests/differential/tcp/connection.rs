//! A connection to a broker: frames out, frames in, nothing that waits without a bound.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CONNECT: Duration = Duration::from_secs(5);

pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub fn open(address: &str) -> Result<Connection, String> {
        let parsed = address.parse().map_err(|error| format!("{address}: {error}"))?;
        let stream = TcpStream::connect_timeout(&parsed, CONNECT).map_err(|error| format!("{address}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        stream.set_write_timeout(Some(CONNECT)).map_err(|error| error.to_string())?;
        Ok(Connection { stream, received: Vec::new() })
    }

    pub fn send(&mut self, request: &[u8]) -> Result<(), String> {
        let length = i32::try_from(request.len()).expect("a small request");
        let frame = [&length.to_be_bytes()[..], request].concat();
        self.stream.set_nonblocking(false).map_err(|error| error.to_string())?;
        self.stream.write_all(&frame).map_err(|error| format!("a request could not be sent: {error}"))
    }

    /// The next frame, if it comes before `until`; with an instant in the past, if it is there.
    pub fn frame(&mut self, until: Instant) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let Some(frame) = self.take() {
                return Ok(Some(frame));
            }
            let left = until.saturating_duration_since(Instant::now());
            let set = if left.is_zero() {
                self.stream.set_nonblocking(true)
            } else {
                self.stream.set_nonblocking(false).and_then(|()| self.stream.set_read_timeout(Some(left)))
            };
            set.map_err(|error| error.to_string())?;
            let mut bytes = [0; 4_096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err("the broker closed the connection".to_owned()),
                Ok(read) => self.received.extend_from_slice(&bytes[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if left.is_zero() {
                        return Ok(None);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("an answer could not be read: {error}")),
            }
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let length = u32::from_be_bytes(*self.received.first_chunk()?) as usize;
        let frame = self.received.get(4..4 + length)?.to_vec();
        self.received.drain(..4 + length);
        Some(frame)
    }
}
