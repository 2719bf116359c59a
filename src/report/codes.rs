//! Kafka's error codes, explained: what each means, who sends it when, and what to do about it.

/// The text behind a code, by name or number.
pub fn explain(_subject: &str) -> Option<String> {
    None
}

/// One line for each code.
pub fn list() -> String {
    String::new()
}

/// The names of all codes.
pub fn names() -> impl Iterator<Item = &'static str> {
    crate::protocol::ErrorCode::ALL.iter().map(|code| code.name())
}
