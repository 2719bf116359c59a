//! Answers that a proxy changes: where the brokers are, and which versions a client may use.

use bytes::Bytes;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, DescribeClusterResponse, FindCoordinatorResponse, HeartbeatRequest, JoinGroupRequest,
    LeaveGroupRequest, MetadataResponse, OffsetCommitRequest, OffsetCommitResponse, ResponseHeader, SyncGroupRequest,
};
use kafka_protocol::protocol::{Decodable, Encodable, Message, StrBytes, VersionRange};

use super::decode::answer_body;

/// Where a proxy listens for the broker at a host and port; none if it cannot.
pub trait Local {
    /// The port on 127.0.0.1.
    fn port_of(&mut self, host: &str, port: u16) -> Option<u16>;
}

/// Whether answers of this kind are changed.
pub fn is_rewritten(key: ApiKey) -> bool {
    matches!(key, ApiKey::Metadata | ApiKey::FindCoordinator | ApiKey::DescribeCluster | ApiKey::ApiVersions)
}

/// No listener could be made for a broker: its address must not reach the client.
#[derive(PartialEq, Eq, Debug)]
pub struct NoListener;

/// The answer as the client shall see it, with its header; none if it cannot be read.
pub fn answer(key: ApiKey, version: i16, payload: Bytes, local: &mut dyn Local) -> Result<Option<Vec<u8>>, NoListener> {
    let mut local = Redirection { local, failed: false };
    let answer = rewritten(key, version, payload, &mut local);
    if local.failed { Err(NoListener) } else { Ok(answer) }
}

struct Redirection<'a> {
    local: &'a mut dyn Local,
    failed: bool,
}

fn rewritten(key: ApiKey, version: i16, payload: Bytes, local: &mut Redirection<'_>) -> Option<Vec<u8>> {
    // A client whose version of ApiVersions the broker does not know is told so in version 0.
    let version = if key == ApiKey::ApiVersions && payload.get(4..6) == Some(&[0, 35]) { 0 } else { version };
    let correlation = i32::from_be_bytes(payload.get(..4)?.try_into().ok()?);
    let header = ResponseHeader::default().with_correlation_id(correlation);
    let bytes = &mut answer_body(key, version, payload)?;
    let mut out = Vec::new();
    header.encode(&mut out, key.response_header_version(version)).ok()?;
    let encoded = match key {
        ApiKey::Metadata => {
            let mut answer = MetadataResponse::decode(bytes, version).ok()?;
            for broker in &mut answer.brokers {
                local.redirect(&mut broker.host, &mut broker.port);
            }
            answer.encode(&mut out, version)
        }
        ApiKey::FindCoordinator => {
            let mut answer = FindCoordinatorResponse::decode(bytes, version).ok()?;
            local.redirect(&mut answer.host, &mut answer.port);
            for coordinator in &mut answer.coordinators {
                local.redirect(&mut coordinator.host, &mut coordinator.port);
            }
            answer.encode(&mut out, version)
        }
        ApiKey::DescribeCluster => {
            let mut answer = DescribeClusterResponse::decode(bytes, version).ok()?;
            for broker in &mut answer.brokers {
                local.redirect(&mut broker.host, &mut broker.port);
            }
            answer.encode(&mut out, version)
        }
        ApiKey::ApiVersions => {
            let mut answer = ApiVersionsResponse::decode(bytes, version).ok()?;
            for api in &mut answer.api_keys {
                let readable = readable_versions(api.api_key);
                api.max_version = api.max_version.min(readable.max);
                api.min_version = api.min_version.max(readable.min);
            }
            answer.encode(&mut out, version)
        }
        _ => return None,
    };
    encoded.ok()?;
    Some(out)
}

impl Redirection<'_> {
    /// Puts the proxy's address in the place of a broker's. Where there is no broker (port -1, or no host) nothing changes.
    fn redirect(&mut self, host: &mut StrBytes, port: &mut i32) {
        let Some(upstream) = u16::try_from(*port).ok().filter(|&port| port > 0 && !host.is_empty()) else { return };
        match self.local.port_of(host, upstream) {
            Some(listening) => {
                *port = i32::from(listening);
                *host = StrBytes::from_static_str("127.0.0.1");
            }
            None => self.failed = true,
        }
    }
}

/// The versions that a client may use of an api: those that are read here, where it is read. Newer versions of Produce and
/// Fetch name brokers in their answers (KIP-951); those answers pass unread.
fn readable_versions(key: i16) -> VersionRange {
    let everything = VersionRange { min: 0, max: i16::MAX };
    let Ok(key) = ApiKey::try_from(key) else { return everything };
    match key {
        ApiKey::JoinGroup => JoinGroupRequest::VERSIONS,
        ApiKey::SyncGroup => SyncGroupRequest::VERSIONS,
        ApiKey::Heartbeat => HeartbeatRequest::VERSIONS,
        ApiKey::LeaveGroup => LeaveGroupRequest::VERSIONS,
        ApiKey::OffsetCommit => OffsetCommitRequest::VERSIONS.intersect(&OffsetCommitResponse::VERSIONS),
        ApiKey::Metadata => MetadataResponse::VERSIONS,
        ApiKey::FindCoordinator => FindCoordinatorResponse::VERSIONS,
        ApiKey::DescribeCluster => DescribeClusterResponse::VERSIONS,
        ApiKey::ApiVersions => ApiVersionsResponse::VERSIONS,
        ApiKey::Produce => VersionRange { min: 0, max: 9 },
        ApiKey::Fetch => VersionRange { min: 0, max: 15 },
        _ => everything,
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::api_versions_response::ApiVersion;
    use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
    use kafka_protocol::messages::find_coordinator_response::Coordinator;
    use kafka_protocol::messages::metadata_response::MetadataResponseBroker;

    use super::*;

    struct Ports(Vec<(String, u16)>);

    impl Local for Ports {
        fn port_of(&mut self, host: &str, port: u16) -> Option<u16> {
            self.0.push((host.to_owned(), port));
            (port != 1).then_some(port + 1_000)
        }
    }

    fn encoded<T: Encodable>(key: ApiKey, version: i16, answer: &T) -> Bytes {
        let mut payload = Vec::new();
        let header = ResponseHeader::default().with_correlation_id(77);
        header.encode(&mut payload, key.response_header_version(version)).expect("a header");
        answer.encode(&mut payload, version).expect("an answer");
        Bytes::from(payload)
    }

    /// The rewritten answer, and which brokers were asked for.
    fn rewritten<T: Encodable + Decodable>(key: ApiKey, version: i16, original: &T) -> (T, Vec<(String, u16)>) {
        let mut ports = Ports(Vec::new());
        let payload = answer(key, version, encoded(key, version, original), &mut ports);
        let payload = payload.expect("listeners").expect("an answer that can be read");
        assert_eq!(payload[..4], 77i32.to_be_bytes());
        let mut body = answer_body(key, version, Bytes::from(payload)).expect("a header");
        (T::decode(&mut body, version).expect("an answer"), ports.0)
    }

    fn host(name: &str) -> StrBytes {
        StrBytes::from_string(name.to_owned())
    }

    #[test]
    fn brokers_are_redirected_in_every_version() {
        for version in MetadataResponse::VERSIONS.min..=MetadataResponse::VERSIONS.max {
            let broker = |name, port| MetadataResponseBroker::default().with_host(host(name)).with_port(port);
            let original = MetadataResponse::default().with_brokers(vec![broker("b1", 9092), broker("b2", 9093)]);
            let (answer, asked) = rewritten(ApiKey::Metadata, version, &original);
            assert_eq!(asked, [("b1".to_owned(), 9092), ("b2".to_owned(), 9093)]);
            assert_eq!(answer.brokers, [broker("127.0.0.1", 10_092), broker("127.0.0.1", 10_093)], "{version}");
        }
        for version in FindCoordinatorResponse::VERSIONS.min..=FindCoordinatorResponse::VERSIONS.max {
            let (answer, asked) = if version <= 3 {
                let original = FindCoordinatorResponse::default().with_host(host("c")).with_port(9092);
                let (answer, asked) = rewritten(ApiKey::FindCoordinator, version, &original);
                ((answer.host, answer.port), asked)
            } else {
                let coordinator = Coordinator::default().with_host(host("c")).with_port(9092);
                let original = FindCoordinatorResponse::default().with_coordinators(vec![coordinator]);
                let (mut answer, asked) = rewritten(ApiKey::FindCoordinator, version, &original);
                let found = answer.coordinators.remove(0);
                ((found.host, found.port), asked)
            };
            assert_eq!((answer, asked), ((host("127.0.0.1"), 10_092), vec![("c".to_owned(), 9092)]), "{version}");
        }
        for version in 0..=DescribeClusterResponse::VERSIONS.max {
            let broker = DescribeClusterBroker::default().with_host(host("d")).with_port(9092);
            let original = DescribeClusterResponse::default().with_brokers(vec![broker]);
            let (answer, _) = rewritten(ApiKey::DescribeCluster, version, &original);
            assert_eq!((&*answer.brokers[0].host, answer.brokers[0].port), ("127.0.0.1", 10_092), "{version}");
        }
    }

    #[test]
    fn no_broker_stays_no_broker_and_one_without_a_listener_is_not_named() {
        let none = FindCoordinatorResponse::default().with_error_code(15).with_port(-1);
        let (answer, asked) = rewritten(ApiKey::FindCoordinator, 3, &none);
        assert_eq!((answer, asked), (none, vec![]));
        let unlucky = FindCoordinatorResponse::default().with_host(host("c")).with_port(1);
        let payload = encoded(ApiKey::FindCoordinator, 3, &unlucky);
        assert_eq!(super::answer(ApiKey::FindCoordinator, 3, payload, &mut Ports(vec![])), Err(NoListener));
    }

    #[test]
    fn clients_never_agree_on_a_version_that_is_not_read() {
        let api = |key: ApiKey, min, max| {
            ApiVersion::default().with_api_key(key as i16).with_min_version(min).with_max_version(max)
        };
        let unknown = ApiVersion::default().with_api_key(999).with_max_version(9);
        for version in 0..=ApiVersionsResponse::VERSIONS.max {
            let original = ApiVersionsResponse::default().with_api_keys(vec![
                api(ApiKey::JoinGroup, 2, 99),
                api(ApiKey::OffsetCommit, 0, 10),
                api(ApiKey::Fetch, 4, 18),
                api(ApiKey::Metadata, 0, 2),
                api(ApiKey::ListOffsets, 1, 99),
                unknown.clone(),
            ]);
            let (answer, _) = rewritten(ApiKey::ApiVersions, version, &original);
            let expected = [
                api(ApiKey::JoinGroup, 2, 9),
                api(ApiKey::OffsetCommit, 2, 9),
                api(ApiKey::Fetch, 4, 15),
                api(ApiKey::Metadata, 0, 2),
                api(ApiKey::ListOffsets, 1, 99),
                unknown.clone(),
            ];
            assert_eq!(answer.api_keys, expected, "{version}");
        }
    }

    #[test]
    fn a_refused_version_is_told_in_version_0() {
        let refused = ApiVersionsResponse::default().with_error_code(35);
        let payload = encoded(ApiKey::ApiVersions, 0, &refused);
        let told = answer(ApiKey::ApiVersions, 99, payload.clone(), &mut Ports(vec![]));
        assert_eq!(told, Ok(Some(payload.to_vec())));
    }

    #[test]
    fn what_cannot_be_read_is_not_rewritten() {
        for length in 0..40 {
            let payload = Bytes::from(vec![0xff; length]);
            for key in [ApiKey::Metadata, ApiKey::FindCoordinator, ApiKey::DescribeCluster, ApiKey::ApiVersions] {
                for version in -1..15 {
                    assert_eq!(
                        answer(key, version, payload.clone(), &mut Ports(vec![])),
                        Ok(None),
                        "{key:?} {version}"
                    );
                }
            }
        }
    }
}
