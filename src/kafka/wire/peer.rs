//! One connection to a broker that asks one question at a time.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, FindCoordinatorRequest, RequestHeader, SaslAuthenticateRequest, SaslHandshakeRequest,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes, VersionRange};

use super::decode::answer_body;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 32 << 20;

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Login {
    /// Nobody in particular (`security.protocol=plaintext`).
    Anonymous,
    /// A user with a password (`sasl_plaintext`, mechanism PLAIN).
    Plain {
        /// `sasl.username`.
        user: String,
        /// `sasl.password`.
        password: String,
    },
}

impl Login {
    /// The login that settings of librdkafka ask for; none if it is of a kind that only librdkafka itself knows.
    pub fn of(properties: &[(String, String)]) -> Option<Login> {
        let last = |keys: &[&str]| {
            properties.iter().rev().find(|(key, _)| keys.contains(&key.as_str())).map_or("", |(_, value)| value)
        };
        match last(&["security.protocol"]).to_ascii_lowercase().as_str() {
            "" | "plaintext" => Some(Login::Anonymous),
            "sasl_plaintext" if last(&["sasl.mechanisms", "sasl.mechanism"]).eq_ignore_ascii_case("PLAIN") => {
                let (user, password) = (last(&["sasl.username"]), last(&["sasl.password"]));
                Some(Login::Plain { user: user.to_owned(), password: password.to_owned() })
            }
            _ => None,
        }
    }
}

/// A connection to a broker.
pub struct Peer {
    stream: TcpStream,
    /// Longest wait for an answer.
    patience: Duration,
    correlation: i32,
    /// What the broker speaks.
    versions: BTreeMap<i16, VersionRange>,
}

impl Peer {
    /// Connects to the first of `address` (`host:port`, or several with commas) that answers, waiting at most `patience` for
    /// each step.
    pub fn connect(address: &str, login: &Login, patience: Duration) -> io::Result<Peer> {
        let mut last = io::Error::new(ErrorKind::InvalidInput, "no address");
        for address in address.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            for resolved in address.to_socket_addrs()? {
                let connected = TcpStream::connect_timeout(&resolved, patience);
                match connected.and_then(|stream| Peer::greet(stream, login, patience)) {
                    Ok(peer) => return Ok(peer),
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }

    /// Connects to the coordinator of a group, if there is one now; else gives the error code that says why not.
    pub fn coordinator(
        bootstrap: &str,
        login: &Login,
        group: &str,
        patience: Duration,
    ) -> io::Result<Result<Peer, i16>> {
        let mut any = Peer::connect(bootstrap, login, patience)?;
        let key = StrBytes::from_string(group.to_owned());
        // One group, or since version 4 a list.
        let request = match any.version_of::<FindCoordinatorRequest>()? {
            ..=3 => FindCoordinatorRequest::default().with_key(key),
            _ => FindCoordinatorRequest::default().with_coordinator_keys(vec![key]),
        };
        let answer = any.ask(&request)?;
        let one = (answer.error_code, answer.host, answer.port);
        let many = answer.coordinators.into_iter().next().map(|found| (found.error_code, found.host, found.port));
        let (error, host, port) = many.unwrap_or(one);
        if error != 0 {
            return Ok(Err(error));
        }
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
        Peer::connect(&format!("{host}:{port}"), login, patience).map(Ok)
    }

    fn greet(stream: TcpStream, login: &Login, patience: Duration) -> io::Result<Peer> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(patience))?;
        let first = VersionRange { min: 0, max: 0 };
        let mut peer =
            Peer { stream, patience, correlation: 0, versions: [(ApiKey::ApiVersions as i16, first)].into() };
        let known = peer.ask(&ApiVersionsRequest::default())?;
        let range = |min, max| VersionRange { min, max };
        let versions = known.api_keys.iter().map(|api| (api.api_key, range(api.min_version, api.max_version)));
        peer.versions = versions.collect();
        if let Login::Plain { user, password } = login {
            peer.authenticate(user, password)?;
        }
        Ok(peer)
    }

    fn authenticate(&mut self, user: &str, password: &str) -> io::Result<()> {
        let mechanism = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str("PLAIN"));
        let token = Bytes::from(format!("\0{user}\0{password}"));
        if self.ask(&mechanism)?.error_code == 0 {
            let answer = self.ask(&SaslAuthenticateRequest::default().with_auth_bytes(token))?;
            if answer.error_code == 0 {
                return Ok(());
            }
        }
        Err(io::Error::new(ErrorKind::PermissionDenied, format!("the cluster does not let user {user} in")))
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
        self.ask_in(request, self.version_of::<R>()?)
    }

    /// Asks, in this version.
    pub fn ask_in<R: Request>(&mut self, request: &R, version: i16) -> io::Result<R::Response> {
        let key = ApiKey::try_from(R::KEY).map_err(|()| wrong("an unknown api"))?;
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
        let deadline = Instant::now() + self.patience;
        let mut length = [0; 4];
        self.fill(&mut length, deadline)?;
        let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if !(4..=LONGEST_ANSWER).contains(&length) {
            return Err(wrong("the length of an answer"));
        }
        let mut payload = vec![0; length];
        self.fill(&mut payload, deadline)?;
        if payload[..4] != self.correlation.to_be_bytes() {
            return Err(wrong("an answer to another request"));
        }
        Ok(Bytes::from(payload))
    }

    /// Reads as much as there is room for, until the deadline, however slowly it comes.
    fn fill(&mut self, mut room: &mut [u8], deadline: Instant) -> io::Result<()> {
        while !room.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(room) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => room = &mut room[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(ErrorKind::TimedOut.into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("that is no Kafka broker, or not one of ours: {what}"))
}
