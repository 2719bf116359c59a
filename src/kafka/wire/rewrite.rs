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

/// The answer as the client shall see it, with its header; none if it cannot be read, or not be made.
pub fn answer(key: ApiKey, version: i16, payload: Bytes, local: &mut dyn Local) -> Option<Vec<u8>> {
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
                redirect(&mut broker.host, &mut broker.port, local)?;
            }
            answer.encode(&mut out, version)
        }
        ApiKey::FindCoordinator => {
            let mut answer = FindCoordinatorResponse::decode(bytes, version).ok()?;
            redirect(&mut answer.host, &mut answer.port, local)?;
            for coordinator in &mut answer.coordinators {
                redirect(&mut coordinator.host, &mut coordinator.port, local)?;
            }
            answer.encode(&mut out, version)
        }
        ApiKey::DescribeCluster => {
            let mut answer = DescribeClusterResponse::decode(bytes, version).ok()?;
            for broker in &mut answer.brokers {
                redirect(&mut broker.host, &mut broker.port, local)?;
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

/// Puts the proxy's address in the place of a broker's. Where there is no broker (port -1, or no host) nothing changes.
fn redirect(host: &mut StrBytes, port: &mut i32, local: &mut dyn Local) -> Option<()> {
    let Some(upstream) = u16::try_from(*port).ok().filter(|&port| port > 0 && !host.is_empty()) else {
        return Some(());
    };
    *port = i32::from(local.port_of(host, upstream)?);
    *host = StrBytes::from_static_str("127.0.0.1");
    Some(())
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
