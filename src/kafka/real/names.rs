//! Names on the cluster: unique, so that a run meets nothing of anybody else's.

use std::hash::{BuildHasher, RandomState};

/// Names of one run: `groupsim-<8 hex digits>-<name>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunNames {
    prefix: String,
}

/// The longest name of a topic that a run can give its prefix: Kafka takes 249 characters in all.
pub const LONGEST_TOPIC: usize = 249 - "groupsim-01234567-".len();

impl RunNames {
    /// Names that no other run has.
    pub fn unique() -> RunNames {
        let hash = RandomState::new().hash_one((std::process::id(), crate::kafka::wire::Stamp::now().0));
        RunNames { prefix: format!("groupsim-{:08x}-", hash as u32) }
    }

    /// What the cluster calls `name`.
    pub fn real(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// What the scenario calls `real`; a foreign name stays as it is.
    pub fn plain<'a>(&self, real: &'a str) -> &'a str {
        real.strip_prefix(&self.prefix).unwrap_or(real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        let (one, other) = (RunNames::unique(), RunNames::unique());
        assert_ne!(one, other);
        let real = one.real("orders");
        assert_eq!(real.len(), "groupsim-01234567-orders".len());
        assert_eq!(one.plain(&real), "orders");
        assert_eq!(other.plain(&real), real);
    }
}
