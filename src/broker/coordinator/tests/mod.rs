//! Tests of the coordinator, one file per section of the rule book.
