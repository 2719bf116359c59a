//! What users call from their own tests (floor 6).
