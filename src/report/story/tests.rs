//! Stories, told.
