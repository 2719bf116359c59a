//! What travels on a connection.

use crate::ids::{ConnectionId, CorrelationId, Seq};
use crate::protocol::{Request, RequestHeader, Response};

/// A message between a client and the broker.
#[derive(Debug)]
pub enum Message {
    /// A request on its way to the broker.
    ToBroker {
        /// Header, with the connection.
        header: RequestHeader,
        /// The request.
        request: Request,
    },
    /// An answer on its way to the client.
    ToClient {
        /// The connection.
        connection: ConnectionId,
        /// Which request it answers.
        correlation: CorrelationId,
        /// The answer.
        response: Response,
        /// The event that caused it.
        cause: Seq,
    },
}

impl Message {
    /// The connection it travels on.
    pub fn connection(&self) -> ConnectionId {
        match self {
            Message::ToBroker { header, .. } => header.connection,
            Message::ToClient { connection, .. } => *connection,
        }
    }

    /// Whether it goes to the broker.
    pub fn to_broker(&self) -> bool {
        matches!(self, Message::ToBroker { .. })
    }
}
