//! Traces as CSV and JSON Lines, out and in.
