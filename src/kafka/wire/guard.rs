//! Decoding bytes that may be anything.
//!
//! `kafka-protocol` reserves room for as many elements as an array says it has, before it looks for them. [`Guarded`] refuses
//! lengths that no real message has, so that a wrong one costs its reader an error and not the process.

use bytes::{Buf, Bytes, TryGetError};
use kafka_protocol::protocol::buf::ByteBuf;

/// Most elements of an array that is believed, as a number of four bytes.
const MOST: i32 = 1 << 21;

/// Most leading bytes of a varint: three hold less than 2^21.
const MOST_VARINT_BYTES: u32 = 3;

/// Bytes of one message, with lengths that are too long refused.
pub struct Guarded {
    bytes: Bytes,
    /// Plain numbers of four bytes that stand before the first array of the message: any value.
    numbers: u32,
    /// Bytes in a row that a varint goes on after.
    varint: u32,
}

impl Guarded {
    /// `bytes`, of which the first `numbers` numbers of four bytes may be anything.
    pub fn new(bytes: Bytes, numbers: u32) -> Self {
        Guarded { bytes, numbers, varint: 0 }
    }

    /// What has not been read yet.
    pub fn rest(self) -> Bytes {
        self.bytes
    }

    fn refused(&self) -> TryGetError {
        TryGetError { requested: usize::MAX, available: self.bytes.len() }
    }
}

impl Buf for Guarded {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn try_get_u8(&mut self) -> Result<u8, TryGetError> {
        let byte = self.bytes.try_get_u8()?;
        self.varint = if byte < 0x80 { 0 } else { self.varint + 1 };
        if self.varint >= MOST_VARINT_BYTES { Err(self.refused()) } else { Ok(byte) }
    }

    fn try_get_i32(&mut self) -> Result<i32, TryGetError> {
        let number = self.bytes.try_get_i32()?;
        if self.numbers > 0 {
            self.numbers -= 1;
        } else if number > MOST {
            return Err(self.refused());
        }
        Ok(number)
    }
}

impl ByteBuf for Guarded {
    fn peek_bytes(&mut self, range: std::ops::Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }

    fn get_bytes(&mut self, size: usize) -> Bytes {
        self.bytes.split_to(size)
    }
}
