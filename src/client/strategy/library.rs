//! `auto` and `never`: the application itself does not commit.

use super::CommitStrategy;

/// Nothing to do: the library commits, or nobody does.
pub(crate) struct Library;

impl CommitStrategy for Library {}
