//! One connection to a broker that asks one question at a time.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, RequestHeader};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes, VersionRange};

use super::decode::answer_body;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 32 << 20;

/// A connection to a broker.
pub struct Peer {
    stream: TcpStream,
    correlation: i32,
    /// What the broker speaks.
    versions: BTreeMap<i16, VersionRange>,
}

impl Peer {
    /// Connects to the first of `address` (`host:port`, or several with commas) that answers, waiting at most `patience` for each
    /// step.
    pub fn connect(address: &str, patience: Duration) -> io::Result<Peer> {
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address");
        for address in address.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            for resolved in address.to_socket_addrs()? {
                match TcpStream::connect_timeout(&resolved, patience).and_then(|stream| Peer::greet(stream, patience)) {
                    Ok(peer) => return Ok(peer),
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }

    fn greet(stream: TcpStream, patience: Duration) -> io::Result<Peer> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let first = VersionRange { min: 0, max: 0 };
        let mut peer = Peer { stream, correlation: 0, versions: [(ApiKey::ApiVersions as i16, first)].into() };
        let known = peer.ask(&ApiVersionsRequest::default())?;
        let range = |min, max| VersionRange { min, max };
        peer.versions =
            known.api_keys.iter().map(|api| (api.api_key, range(api.min_version, api.max_version))).collect();
        Ok(peer)
    }

    /// Another handle of the connection, to end it from another thread.
    pub fn handle(&self) -> io::Result<TcpStream> {
        self.stream.try_clone()
    }

    /// The newest version of a request that both sides speak.
    pub fn version_of<R: Request>(&self) -> io::Result<i16> {
        let spoken = self.versions.get(&R::KEY).map(|range| range.intersect(&R::VERSIONS));
        let spoken = spoken.filter(|range| !range.is_empty()).ok_or_else(|| wrong("no common version"))?;
        Ok(spoken.max)
    }

    /// Asks, in [`Peer::version_of`] the request.
    pub fn ask<R: Request>(&mut self, request: &R) -> io::Result<R::Response> {
        let key = ApiKey::try_from(R::KEY).map_err(|()| wrong("an unknown api"))?;
        let version = self.version_of::<R>()?;
        self.correlation = self.correlation.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str("groupsim")));
        let mut frame = vec![0; 4];
        header.encode(&mut frame, R::header_version(version)).map_err(|_| wrong("a header"))?;
        request.encode(&mut frame, version).map_err(|_| wrong("a request"))?;
        let length = u32::try_from(frame.len() - 4).map_err(|_| wrong("a request that is too long"))?;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&frame)?;
        let mut body = answer_body(key, version, self.answer()?).ok_or_else(|| wrong("the header of an answer"))?;
        R::Response::decode(&mut body, version).map_err(|_| wrong("an answer"))
    }

    fn answer(&mut self) -> io::Result<Bytes> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if !(4..=LONGEST_ANSWER).contains(&length) {
            return Err(wrong("the length of an answer"));
        }
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload)?;
        if payload[..4] != self.correlation.to_be_bytes() {
            return Err(wrong("an answer to another request"));
        }
        Ok(Bytes::from(payload))
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("that is no Kafka broker, or not one of ours: {what}"))
}
