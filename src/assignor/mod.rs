//! Pure partition assignors (floor 2).
