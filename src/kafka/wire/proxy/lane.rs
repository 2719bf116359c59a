//! One direction of a connection: bytes come in, are cut into frames, and go out.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

/// Most bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// Longest frame that is held as a whole (Kafka's `socket.request.max.bytes`).
pub const LONGEST_WHOLE: usize = 100 << 20;

/// Bytes of a frame's length.
const LENGTH: usize = 4;

/// One direction.
///
/// `data[sent..ready]` may be written; `data[ready..filled]` is not judged yet.
pub struct Lane {
    data: Vec<u8>,
    sent: usize,
    ready: usize,
    filled: usize,
    /// Bytes to come that pass unread.
    pass: u64,
    /// Length of a frame beyond which it is nonsense.
    longest: usize,
    /// Whether more can come in.
    pub source_open: bool,
    /// Whether what comes out can go on; else it is thrown away.
    pub sink_open: bool,
}

/// What shall become of a frame, seen from its first bytes.
pub enum Judgement {
    /// It passes unread.
    Pass,
    /// It is wanted as a whole.
    Whole,
}

/// A frame that nobody could mean.
pub struct Nonsense;

/// What goes on in the place of a frame; none if it goes on itself.
pub type Onward = Result<Option<Vec<u8>>, Nonsense>;

impl Lane {
    /// A direction in which no frame is longer than `longest`.
    pub fn new(longest: usize) -> Self {
        Lane { data: Vec::new(), sent: 0, ready: 0, filled: 0, pass: 0, longest, source_open: true, sink_open: true }
    }

    /// Whether to read on: nothing waits to be written.
    pub fn wants_read(&self) -> bool {
        self.source_open && self.sent == self.ready
    }

    /// Whether there is something to write.
    pub fn wants_write(&self) -> bool {
        self.sink_open && self.sent < self.ready
    }

    /// Whether everything has gone out that ever will.
    pub fn is_done(&self) -> bool {
        !self.source_open && (!self.sink_open || self.sent == self.ready)
    }

    /// Everything that comes from now on passes unread.
    pub fn pass_everything(&mut self) {
        self.pass = u64::MAX;
    }

    /// Reads once. True if there may be more; the end of the stream, or its failure, closes the source, and what came of a
    /// last frame passes as it is.
    pub fn read(&mut self, mut from: &TcpStream) -> bool {
        self.make_room();
        match from.read(&mut self.data[self.filled..]) {
            Ok(0) => self.close_source(),
            Ok(count) => {
                self.filled += count;
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.close_source(),
        }
        false
    }

    fn close_source(&mut self) {
        self.source_open = false;
        self.ready = self.filled;
        self.throw_away_if_closed();
    }

    /// Writes once. True if something was written.
    pub fn write(&mut self, mut to: &TcpStream) -> bool {
        match to.write(&self.data[self.sent..self.ready]) {
            Ok(count) if count > 0 => {
                self.sent += count;
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => self.close_sink(),
        }
        false
    }

    /// What comes out is thrown away from now on.
    pub fn close_sink(&mut self) {
        self.sink_open = false;
        self.throw_away_if_closed();
    }

    fn throw_away_if_closed(&mut self) {
        if !self.sink_open {
            self.sent = self.ready;
        }
    }

    fn make_room(&mut self) {
        if self.sent > 0 {
            self.data.copy_within(self.sent..self.filled, 0);
            self.ready -= self.sent;
            self.filled -= self.sent;
            self.sent = 0;
        }
        if self.filled == 0 {
            // After one long frame the room for it is not kept.
            self.data.truncate(CHUNK);
            self.data.shrink_to(CHUNK);
        }
        if self.data.len() < self.filled + CHUNK {
            self.data.resize((self.filled + CHUNK).max(2 * self.filled), 0);
        }
    }

    /// Judges what has come in, frame by frame. `judge` gets the first `head` bytes of a frame behind its length, or all of a
    /// shorter one; `whole` gets those it wants, and gives what is to go on instead, if not the same.
    pub fn advance<C>(
        &mut self,
        context: &mut C,
        head: usize,
        judge: fn(&mut C, &[u8]) -> Judgement,
        whole: fn(&mut C, &[u8]) -> Onward,
    ) -> Result<(), Nonsense> {
        loop {
            let passing = usize::try_from(self.pass).unwrap_or(usize::MAX).min(self.filled - self.ready);
            self.ready += passing;
            if self.pass != u64::MAX {
                self.pass -= passing as u64;
            }
            let rest = &self.data[self.ready..self.filled];
            let Some(Ok(length)) = rest.get(..LENGTH).map(<[u8; LENGTH]>::try_from) else { break };
            let length = usize::try_from(i32::from_be_bytes(length)).map_err(|_| Nonsense)?;
            if length > self.longest {
                return Err(Nonsense);
            }
            let Some(first) = rest.get(LENGTH..LENGTH + head.min(length)) else { break };
            match judge(context, first) {
                Judgement::Whole if length <= LONGEST_WHOLE => {}
                Judgement::Whole | Judgement::Pass => {
                    self.pass = (LENGTH + length) as u64;
                    continue;
                }
            }
            let Some(payload) = rest.get(LENGTH..LENGTH + length) else { break };
            match whole(context, payload)? {
                None => self.ready += LENGTH + length,
                Some(instead) => self.replace(LENGTH + length, &instead)?,
            }
        }
        self.throw_away_if_closed();
        Ok(())
    }

    /// Puts another frame in the place of the first one that is not judged yet.
    fn replace(&mut self, length: usize, payload: &[u8]) -> Result<(), Nonsense> {
        let size = i32::try_from(payload.len()).map_err(|_| Nonsense)?;
        let before = self.data.len();
        let frame = size.to_be_bytes().into_iter().chain(payload.iter().copied());
        self.data.splice(self.ready..self.ready + length, frame);
        self.filled = self.filled + self.data.len() - before;
        self.ready += LENGTH + payload.len();
        Ok(())
    }
}

/// Whether accepting or connecting failed in a way that passes by itself.
pub fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted)
}
