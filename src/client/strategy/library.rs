//! `auto` and `never`: the application itself does not commit.

use super::policy::When;

/// Nothing to do: the library commits, or nobody does.
pub(crate) struct Library;

impl When for Library {}
