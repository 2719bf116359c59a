//! ConsumerProtocol: a member's subscription and its assignment as bytes.
