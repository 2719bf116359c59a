//! The proxy between a client and brokers that are played here.

use std::io::{ErrorKind, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, HeartbeatResponse, MetadataRequest, MetadataResponse, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

use super::*;
use crate::kafka::wire::{Answered, Asked, What};

/// Longest wait for what must happen.
const LONG: Duration = Duration::from_secs(20);

/// How long nothing must happen.
const SHORT: Duration = Duration::from_millis(150);

struct Bench {
    broker: TcpListener,
    proxy: Proxy,
    seen: Receiver<Seen>,
}

impl Bench {
    fn new() -> Bench {
        let broker = TcpListener::bind("127.0.0.1:0").expect("a broker");
        let (sender, seen) = mpsc::channel();
        let proxy = Proxy::start(broker.local_addr().expect("an address"), 7, sender).expect("a proxy");
        Bench { broker, proxy, seen }
    }

    fn client(&self) -> TcpStream {
        patient(TcpStream::connect(self.proxy.address()).expect("connected"))
    }

    fn accepted(&self) -> TcpStream {
        patient(self.broker.accept().expect("accepted").0)
    }

    /// A client, and the broker's side of its connection.
    fn pair(&self) -> (TcpStream, TcpStream) {
        let client = self.client();
        (client, self.accepted())
    }

    fn next(&self) -> What {
        let seen = self.seen.recv_timeout(LONG).expect("something is seen");
        assert_eq!(seen.source, 7);
        seen.what
    }
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream.set_write_timeout(Some(LONG)).expect("a timeout");
    stream
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut frame = i32::try_from(payload.len()).expect("short").to_be_bytes().to_vec();
    frame.extend_from_slice(payload);
    frame
}

fn request<R: Request>(correlation: i32, version: i16, request: &R) -> Vec<u8> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation);
    let mut payload = Vec::new();
    header.encode(&mut payload, R::header_version(version)).expect("a header");
    request.encode(&mut payload, version).expect("a request");
    framed(&payload)
}

fn answer<T: Encodable + HeaderVersion>(correlation: i32, version: i16, answer: &T) -> Vec<u8> {
    let mut payload = Vec::new();
    let header = ResponseHeader::default().with_correlation_id(correlation);
    header.encode(&mut payload, T::header_version(version)).expect("a header");
    answer.encode(&mut payload, version).expect("an answer");
    framed(&payload)
}

fn heartbeat(correlation: i32) -> Vec<u8> {
    let asked = HeartbeatRequest::default().with_group_id(GroupId(StrBytes::from_static_str("g")));
    request(correlation, 3, &asked.with_generation_id(correlation))
}

fn heartbeat_answer(correlation: i32) -> Vec<u8> {
    answer(correlation, 3, &HeartbeatResponse::default().with_error_code(27))
}

fn asked(connection: u64, correlation: i32) -> What {
    let request = Asked::Heartbeat { group: "g".to_owned(), generation: correlation, member: String::new() };
    What::Request { connection, correlation, version: 3, request }
}

fn answered(connection: u64, correlation: i32) -> What {
    What::Answer { connection, correlation, answer: Answered::Heartbeat { error: 27 } }
}

/// Reads exactly what is expected.
fn expect(mut from: &TcpStream, expected: &[u8]) {
    let mut found = vec![0; expected.len()];
    from.read_exact(&mut found).expect("as many bytes");
    assert!(found == expected, "other bytes than expected");
}

fn expect_nothing(mut from: &TcpStream) {
    from.set_read_timeout(Some(SHORT)).expect("a timeout");
    let silence = from.read(&mut [0]).expect_err("no byte, no end");
    assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence}");
    from.set_read_timeout(Some(LONG)).expect("a timeout");
}

/// Reads to the end of the stream, whichever way it ends.
fn expect_end(mut from: &TcpStream) {
    let mut rest = Vec::new();
    match from.read_to_end(&mut rest) {
        Ok(count) => assert_eq!(count, 0, "{rest:?}"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

fn send(mut to: &TcpStream, bytes: &[u8]) {
    to.write_all(bytes).expect("written");
}

#[test]
fn what_passes_is_told_in_order() {
    let bench = Bench::new();
    let (client, broker) = bench.pair();
    // Byte by byte, and two at once.
    for byte in heartbeat(1) {
        send(&client, &[byte]);
    }
    expect(&broker, &heartbeat(1));
    assert_eq!(bench.next(), asked(0, 1));
    let two = [heartbeat(2), heartbeat(3)].concat();
    send(&client, &two);
    expect(&broker, &two);
    assert_eq!((bench.next(), bench.next()), (asked(0, 2), asked(0, 3)));
    for byte in heartbeat_answer(1) {
        send(&broker, &[byte]);
    }
    expect(&client, &heartbeat_answer(1));
    assert_eq!(bench.next(), answered(0, 1));
    // An answer that belongs to no request passes.
    let answers = [heartbeat_answer(99), heartbeat_answer(2), heartbeat_answer(3)].concat();
    send(&broker, &answers);
    expect(&client, &answers);
    assert_eq!((bench.next(), bench.next()), (answered(0, 2), answered(0, 3)));
    drop(client);
    expect_end(&broker);
    assert_eq!(bench.next(), What::Closed { connection: 0 });
}

#[test]
fn everything_else_passes_as_it_is() {
    let bench = Bench::new();
    let (client, broker) = bench.pair();
    // A Fetch and its answer of 8 MiB, an empty frame, a short one, an api that nobody knows, a heartbeat of version 99.
    let large: Vec<u8> = [0, 0, 0, 5].into_iter().chain((0..8 << 20).map(|i: u32| i.to_le_bytes()[1])).collect();
    let fetch = framed(&[0, 1, 0, 12, 0, 0, 0, 5, 1, 2, 3]);
    let odd =
        [framed(&[]), framed(&[1, 2]), framed(&[9, 9, 0, 0, 0, 0, 0, 6]), framed(&[0, 12, 0, 99, 0, 0, 0, 7, 0xff])];
    let requests = [fetch, odd.concat()].concat();
    send(&client, &requests);
    expect(&broker, &requests);
    let answers = [framed(&large), framed(&[]), framed(&[0, 0, 0, 7, 0xff])].concat();
    std::thread::scope(|scope| {
        scope.spawn(|| send(&broker, &answers));
        expect(&client, &answers);
    });
    drop(broker);
    expect_end(&client);
    assert_eq!(bench.next(), What::Closed { connection: 0 }, "nothing else was told");
}

#[test]
fn a_side_that_does_not_read_stops_the_other() {
    let bench = Bench::new();
    let (client, broker) = bench.pair();
    broker.set_write_timeout(Some(SHORT)).expect("a timeout");
    let chunk = [framed(&vec![7; 1 << 20])].concat();
    let (mut written, most) = (0, 256 << 20);
    while written < most {
        match (&broker).write(&chunk[written % chunk.len()..]) {
            Ok(count) => written += count,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                break;
            }
        }
    }
    assert!(written < most, "the proxy must not take everything");
    broker.shutdown(Shutdown::Write).expect("no more");
    let mut rest = Vec::new();
    (&client).read_to_end(&mut rest).expect("all of it");
    assert_eq!(rest.len(), written);
}

#[test]
fn nonsense_ends_its_connection_and_no_other() {
    let bench = Bench::new();
    let (good, good_broker) = bench.pair();
    for nonsense in [vec![0xff; 4], b"GET / HTTP/1.1\r\n\r\n".to_vec(), vec![0x16, 3, 1, 2, 0, 1]] {
        let (bad, bad_broker) = bench.pair();
        send(&bad, &nonsense);
        expect_end(&bad);
        expect_end(&bad_broker);
    }
    let (bad, bad_broker) = bench.pair();
    send(&bad_broker, &[0x80, 0, 0, 0]);
    expect_end(&bad);
    for connection in 1..=4 {
        assert_eq!(bench.next(), What::Closed { connection });
    }
    send(&good, &heartbeat(1));
    expect(&good_broker, &heartbeat(1));
    assert_eq!(bench.next(), asked(0, 1));
}

#[test]
fn cut_nothing_moves_and_healed_everything_comes_in_order() {
    let bench = Bench::new();
    let (client, broker) = bench.pair();
    send(&client, &heartbeat(1));
    expect(&broker, &heartbeat(1));
    bench.proxy.cut(true);
    assert_eq!(bench.next(), asked(0, 1));
    send(&broker, &heartbeat_answer(1));
    send(&client, &heartbeat(2));
    let late = bench.client();
    send(&late, &heartbeat(10));
    expect_nothing(&client);
    expect_nothing(&broker);
    expect_nothing(&late);
    assert!(bench.seen.try_recv().is_err(), "nothing is told");
    bench.proxy.cut(false);
    expect(&client, &heartbeat_answer(1));
    expect(&broker, &heartbeat(2));
    expect(&bench.accepted(), &heartbeat(10));
    let mut told = [bench.next(), bench.next(), bench.next()];
    told.sort_by_key(|what| format!("{what:?}"));
    assert_eq!(told, [answered(0, 1), asked(0, 2), asked(1, 10)]);
}

#[test]
fn what_a_dying_client_sent_arrives() {
    let bench = Bench::new();
    let (client, broker) = bench.pair();
    send(&client, &heartbeat(1));
    expect(&broker, &heartbeat(1));
    assert_eq!(bench.next(), asked(0, 1));
    bench.proxy.cut(true);
    let begun = &heartbeat(4)[..9];
    let last = [heartbeat(2), heartbeat(3), begun.to_vec()].concat();
    send(&client, &last);
    // An answer that it never reads makes its end a reset.
    send(&broker, &heartbeat_answer(1));
    drop(client);
    expect_nothing(&broker);
    bench.proxy.cut(false);
    expect(&broker, &last);
    expect_end(&broker);
    let told = [bench.next(), bench.next(), bench.next(), bench.next()];
    for expected in [asked(0, 2), asked(0, 3), answered(0, 1), What::Closed { connection: 0 }] {
        assert!(told.contains(&expected), "{told:?}");
    }
    // The answers go nowhere, and are told.
    send(&broker, &heartbeat_answer(2));
    assert_eq!(bench.next(), answered(0, 2));
}

#[test]
fn clients_come_to_the_proxy_for_every_broker() {
    let bench = Bench::new();
    let other = TcpListener::bind("127.0.0.1:0").expect("another broker");
    let (client, broker) = bench.pair();
    let asks = request(1, 1, &MetadataRequest::default());
    send(&client, &asks);
    expect(&broker, &asks);
    let port = |listener: &TcpListener| i32::from(listener.local_addr().expect("an address").port());
    let named = |host: &str, port: i32| {
        MetadataResponseBroker::default().with_host(StrBytes::from_string(host.to_owned())).with_port(port)
    };
    // "localhost" may stand for an address at which nobody listens first.
    let brokers =
        vec![named("127.0.0.1", port(&bench.broker)), named("localhost", port(&other)), named("no.invalid", 9)];
    send(&broker, &answer(1, 1, &MetadataResponse::default().with_brokers(brokers)));
    let mut length = [0; 4];
    (&client).read_exact(&mut length).expect("an answer");
    let mut payload = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a length")];
    (&client).read_exact(&mut payload).expect("an answer");
    let told = MetadataResponse::decode(&mut &payload[4..], 1).expect("metadata").brokers;
    assert!(told.iter().all(|broker| &*broker.host == "127.0.0.1"));
    assert_eq!(told[0].port, i32::from(bench.proxy.address().port()), "the first broker is known already");
    let to = |broker: &MetadataResponseBroker| {
        patient(TcpStream::connect(("127.0.0.1", u16::try_from(broker.port).expect("a port"))).expect("connected"))
    };
    let second = to(&told[1]);
    send(&second, &heartbeat(5));
    expect(&patient(other.accept().expect("accepted").0), &heartbeat(5));
    assert_eq!(bench.next(), asked(1, 5));
    expect_end(&to(&told[2]));
}

#[test]
fn where_nobody_listens_the_connection_ends() {
    let bench = Bench::new();
    let (client, _broker) = bench.pair();
    drop(bench.broker);
    let refused = TcpStream::connect(bench.proxy.address()).expect("connected to the proxy");
    expect_end(&patient(refused));
    send(&client, &heartbeat(1));
    assert!(Proxy::start("no.invalid:1", 0, mpsc::channel().0).is_err());
    assert!(Proxy::start(" , ", 0, mpsc::channel().0).is_err());
}

#[test]
fn a_proxy_that_is_dropped_leaves_nothing() {
    for cut in [false, true] {
        let Bench { broker: listener, proxy, seen } = Bench::new();
        let address = proxy.address();
        let client = patient(TcpStream::connect(address).expect("connected"));
        let broker = patient(listener.accept().expect("accepted").0);
        proxy.cut(cut);
        drop(proxy);
        expect_end(&client);
        expect_end(&broker);
        assert!(TcpStream::connect(address).is_err(), "nobody listens");
        assert!(seen.recv_timeout(LONG).is_err(), "the thread is gone, and its end of the channel");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn while_nothing_happens_nothing_is_done() {
    let mut bench = Bench::new();
    let (sender, seen) = mpsc::channel();
    bench.proxy = Proxy::start(bench.broker.local_addr().expect("an address"), 4711, sender).expect("a proxy");
    bench.seen = seen;
    // Clients that are idle, dead, and dead with a broker that does not hang up; an answer that nobody takes; then cut.
    let idle = bench.pair();
    let (dead, deaf) = bench.pair();
    drop(dead);
    let (lazy, eager) = bench.pair();
    eager.set_write_timeout(Some(SHORT)).expect("a timeout");
    let chunk = framed(&vec![7; 1 << 20]);
    while (&eager).write_all(&chunk).is_ok() {}
    let spent = || {
        let tasks = std::fs::read_dir("/proc/self/task").expect("threads").flatten();
        let stat = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
        let stat = stat.filter(|stat| stat.contains("(proxy 4711)")).collect::<String>();
        let fields: Vec<&str> = stat.split(") ").nth(1).expect("the proxy's thread").split(' ').collect();
        // User and system time, in ticks of 10 ms.
        fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks")
    };
    for cut in [false, true] {
        bench.proxy.cut(cut);
        std::thread::sleep(SHORT);
        let before = spent();
        std::thread::sleep(4 * SHORT);
        assert!(spent() - before <= 5, "at most a tick or few of 60, cut: {cut}");
    }
    drop((idle, deaf, lazy));
}
