//! Scenarios to start from: what `groupsim new` prints.

/// A commented scenario file that loads as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Template {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// The file.
    pub text: &'static str,
}

const TEMPLATES: &[Template] = &[
    Template {
        name: "rolling-deploy",
        about: "four pods are restarted one after the other: rebalances, downtime, duplicates",
        text: include_str!("templates/rolling-deploy.toml"),
    },
    Template {
        name: "crash",
        about: "a member is killed in the middle of a batch: how long until somebody takes over",
        text: include_str!("templates/crash.toml"),
    },
    Template {
        name: "slow-consumer",
        about: "a handler becomes so slow that max.poll.interval.ms throws it out",
        text: include_str!("templates/slow-consumer.toml"),
    },
    Template {
        name: "scale-up",
        about: "a group grows from two members to six while records pile up",
        text: include_str!("templates/scale-up.toml"),
    },
    Template {
        name: "static-members",
        about: "static membership: a rolling deploy without a rebalance, and its price",
        text: include_str!("templates/static-members.toml"),
    },
    Template {
        name: "kcat-reader",
        about: "a reader without a group, as `kcat -C -p 0 -o beginning -e`",
        text: include_str!("templates/kcat-reader.toml"),
    },
];

/// All templates; the first is the one that `groupsim new` without a name prints.
pub fn templates() -> &'static [Template] {
    TEMPLATES
}
