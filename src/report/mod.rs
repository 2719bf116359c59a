//! Summaries, tables, charts (floor 5).
