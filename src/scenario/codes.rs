//! Every code that a scenario file's diagnostics bear, with the text that `groupsim explain CODE` prints.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $code:literal $title:literal $text:literal)*) => {
        /// The code of a diagnostic. Codes are stable: a code that was once given never changes its meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// `GS010` and the like.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// A few words.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// A few sentences with an example.
            pub const fn explanation(self) -> &'static str {
                match self { $(Code::$name => concat!($code, ": ", $title, "\n\n", $text),)* }
            }
        }
    };
}

codes! {
    /// The file cannot be read.
    Unreadable "GS001" "the file cannot be read"
        "The path does not exist, is a directory, or may not be read. Example: `groupsim run scenarois/` with a typo in the name."
    /// Larger than the limit.
    TooLarge "GS002" "the file is too large"
        "A scenario file may have at most 1 MiB. Large scenarios are made with numbers, not with text: `members = 10_000`, `produce = \"50000/s\"`, `every = \"10s\"`."
    /// Not UTF-8 text.
    NotText "GS003" "the file is not text"
        "A scenario is a TOML file in UTF-8. This one contains bytes that are no UTF-8, or NUL bytes: perhaps a compressed file, or UTF-16 from an editor."
    /// Nothing in it.
    Empty "GS004" "the file is empty"
        "There is nothing in the file but spaces and comments. `groupsim new` prints a scenario to start from."
    /// Not TOML.
    Syntax "GS005" "the file is not valid TOML"
        "The file breaks TOML's grammar, so nothing in it could be checked. Frequent: text without quotes (`run-for = 5m` instead of `run-for = \"5m\"`), a key written twice, a missing comma between two events."
    /// `--set` cannot be applied.
    BadSet "GS006" "a --set argument cannot be applied"
        "`--set KEY=VALUE` names a key as the file would: `--set group.billing.members=3`, `--set group.billing.config.session.timeout.ms=6000`. Short forms go to every group or topic: `--set members=3`, `--set session.timeout.ms=6s`, `--set partitions=24`."
    /// A key that nobody knows.
    UnknownKey "GS010" "unknown key"
        "No such key belongs in this table. The message lists those that do, and the most similar one. A topic or group whose name has dots must be quoted: `[topic.\"orders.v2\"]`."
    /// A key that must be there.
    MissingKey "GS011" "a key is missing"
        "This table needs a key that is not there. Example: every file needs `run-for = \"5m\"`; a group needs `topics` if the file has more than one topic."
    /// A number where text belongs, or the like.
    WrongType "GS012" "wrong type of value"
        "The value is of another TOML type than the key takes. Example: `run-for = 300` is a number; a duration is text with a unit, `run-for = \"300s\"`."
    /// Not one of the words, or not a sensible number.
    BadValue "GS013" "a value that makes no sense"
        "The type is right but the value is not: a word that is not among the choices, a number out of range, a duration, rate (`\"200/s\"`), size (`\"1KiB\"`) or share (`\"20%\"`) that cannot be read."
    /// A name that Kafka would not take, or that could not be told from others.
    BadName "GS014" "a name that cannot be used"
        "Topics are named as Kafka allows: letters, digits, `.`, `_` and `-`, at most 249 of them. The same goes for groups here, so that selectors such as `billing-*` and filters such as `lag(group=billing)` stay readable."
    /// No topic of this name.
    UnknownTopic "GS020" "unknown topic or partition"
        "A topic must have its own table, `[topic.orders]`, or a `create-topic` event, before a group, an event or an expectation can name it; a partition must be below `partitions`, or below what an `add-partitions` event makes of it."
    /// No group of this name.
    UnknownGroup "GS021" "unknown group"
        "A group must have its own table, `[group.billing]`, before an event or an expectation can name it. Example: `scale = \"billing\"` and `lag(group=billing)` need it."
    /// No member of this name.
    UnknownMember "GS022" "unknown member"
        "The members of group `billing` with `members = 4` are billing-0 to billing-3. More of them exist only if a `start` event names one (`start = \"billing-7\"`) or a `scale` event goes that far. A glob that fits nobody is only a warning, GS083."
    /// Not a selector.
    BadSelector "GS023" "a selector that cannot be read"
        "An event is for a name (`billing-2`), a glob over names (`billing-*`), `any 2 of billing`, or `all of billing`."
    /// Kafka does not know it.
    UnknownKafkaKey "GS030" "unknown Kafka property"
        "Neither Kafka nor this client library has a property of this name. Names are Kafka's own, as in a properties file: `session.timeout.ms = 45_000` under `[group.billing.config]`."
    /// Kafka knows it, it must not stand here.
    RefusedKafkaKey "GS031" "a Kafka property that must not stand here"
        "Some properties follow from the rest of the file and could only contradict it: `group.id` is the group's name, `group.instance.id` comes from `static = true`, `group.protocol` from `protocol`."
    /// The library does not have it.
    NotInLibrary "GS032" "the client library has no such property"
        "The property exists for other libraries, not for this one: the Go clients have no max.poll.interval.ms, librdkafka has no max.poll.records. It would change nothing, so it is refused rather than ignored."
    /// Kafka would not start with it.
    BadKafkaValue "GS033" "a value that Kafka refuses"
        "Kafka's own validation (ConfigDef, or the consumer's constructor) would throw with this value: `max.poll.records = 0`, `auto.offset.reset = \"first\"`, a heartbeat interval that is not below the session timeout. Values that only the broker refuses (GS081) are let through and refused there."
    /// A reader is in no group.
    GroupKeyBesideAssign "GS034" "a group's key beside `assign`"
        "With `assign` a reader takes its partitions itself and is in no group: nothing to subscribe to, no session, no committed offset. Leave out topics, static, commit, and the membership properties of `.config`, or leave out `assign`."
    /// `commit` against `enable.auto.commit`.
    Contradiction "GS035" "two settings contradict each other"
        "`commit` and enable.auto.commit are the same switch. `commit = { when = \"auto\" }` with `enable.auto.commit = false`, or two different intervals, cannot both hold."
    /// A combination of `commit` keys that makes no sense.
    BadCommit "GS040" "a commit policy that cannot be"
        "`every-n` needs `n`; `n` and `interval` belong to every-n and interval (or auto) alone; `mode` and `offset` mean nothing with auto, which the library does by itself, or never; Java's auto-commit cannot be kept from committing at a revoke, so `on-revoke = false` is refused with it."
    /// A combination of `process` keys that makes no sense.
    BadProcess "GS041" "a process policy that cannot be"
        "`jitter-per` needs `jitter`; `order` and `buffer` say how several workers share records and so are refused with one worker. One worker of Java or librdkafka meets a revoke with nothing in hand, so there is no other `when-revoked`; kafka-go's application never hears of a revoke; sarama waits for its own workers, so that they cannot ignore one."
    /// An event that does nothing.
    NoVerb "GS050" "an event without a verb"
        "Every event does exactly one thing, and the verb is its key: `{ at = \"60s\", crash = \"billing-1\" }`."
    /// An event that does two things.
    SeveralVerbs "GS051" "an event with several verbs"
        "Every event does exactly one thing. Write two events with the same `at`; which of the two comes first is drawn."
    /// A key of another verb.
    WrongVerbKey "GS052" "a key that does not belong to this verb"
        "Each verb has its own keys: `for` belongs to pause, slow, stuck and cut; `one-every` to restart, `down-for` to restart and failover; `per-record` to slow; `to` to scale, add-partitions and reset-offsets. The message names the verbs that a key belongs to."
    /// `every` with both or none of `until` and `times`.
    BadRepeat "GS053" "a repetition that cannot be"
        "`every = \"10s\"` needs an end: `times = 6` or `until = \"2m\"` (exclusive), and only one of them; both are meaningless without `every`."
    /// Not in the grammar.
    BadExpectation "GS060" "an expectation that cannot be read"
        "A check is `metric cmp value` or `op(metric) cmp value`: `lost == 0`, `duplicates(crash) <= 10`, `p99(partition_downtime) < 10s`, `lag(group=billing) < 100`. A mark of must-see is `kind`, `kind(label)` or `kind(label) >= 2`."
    /// No such metric.
    UnknownMetric "GS061" "unknown metric"
        "The metrics are listed in the documentation of scenario files; the message shows the most similar ones."
    /// A metric in the wrong place.
    MetricMisused "GS062" "a metric that cannot be used like this"
        "A counter is one number; a distribution (partition_downtime, time_to_stable ...) needs an op such as max or p99, and so does a gauge (lag, members) in `overall`. Times are compared with times (`10s`), counts with plain numbers. `never` is tested after every event and takes counters and gauges only."
    /// No such event kind.
    UnknownMark "GS063" "unknown kind or label in must-see"
        "must-see names kinds of trace events, or rebalance, duplicate, lost, hazard, skip; a label in brackets narrows it: `member_removed(session)`, `commit_rejected(ILLEGAL_GENERATION)`, `duplicate(crash)`."
    /// The contract has it, this version does not.
    Planned "GS070" "planned, not in this version"
        "Scenario files have this feature, but this version of groupsim does not build it yet. It is refused rather than ignored, so that a result never rests on a line that did nothing."
    /// Too much.
    OverLimit "GS071" "over a limit"
        "A run must fit in bounded memory. Limits: 100,000 members, 1,000,000 partitions, 2,000,000,000 produced records (preloaded ones are ranges: up to 10^15), 1,000,000 expanded timeline events, 10 years of virtual time."
    /// Lint: heartbeat > session / 3.
    HeartbeatTooSlow "GS080" "heartbeats too far apart"
        "Kafka's advice is at least three heartbeats per session timeout, so that one or two late ones do not cost the membership. Example: heartbeat.interval.ms = 3000 with session.timeout.ms = 6000 leaves room for one."
    /// Lint: the broker will refuse it.
    SessionOutOfRange "GS081" "session timeout outside the broker's range"
        "The broker accepts session timeouts between group.min.session.timeout.ms (6 s) and group.max.session.timeout.ms (30 min) and answers others with INVALID_SESSION_TIMEOUT: such a member never joins. The scenario runs, and shows just that."
    /// Lint: a full batch takes longer than max.poll.interval.ms.
    PollIntervalTooShort "GS082" "a full batch takes longer than max.poll.interval.ms"
        "If max.poll.records records are handled one after the other and that takes longer than max.poll.interval.ms, the member leaves the group in the middle of its batch and its commit fails. Example: 500 records x 900 ms = 7m30s > 5m. Lower max.poll.records, or raise max.poll.interval.ms."
    /// Lint: a glob, or an `all of`, that can never match.
    MatchesNobody "GS083" "a selector that matches nobody"
        "No member that this file can ever start fits the selector, so the event does nothing. A plain name that does not exist is an error instead, GS022."
    /// Lint: never happens.
    AfterTheEnd "GS084" "an event at or after the end of the run"
        "The run ends at `run-for`; what stands at that instant or later never happens."
    /// Lint: some cannot join.
    NoCommonAssignor "GS085" "members without a common assignor"
        "All members of a group must have one assignor in common; who comes second gets INCONSISTENT_GROUP_PROTOCOL and gives up. The scenario runs, and shows just that. To change assignors without an outage, members first offer both."
    /// Lint: commits records that are not done.
    CommitsAhead "GS086" "commits ahead of the work"
        "`offset = \"position\"` is the end of the batch that poll() returned. Committing it after a single record, or in between, says that the rest of the batch is done too: a crash then loses records. Use done-contiguous (the default), or after-batch."
    /// Lint: two committers.
    AutoCommitToo "GS087" "auto-commit runs beside another commit policy"
        "`enable.auto.commit = true` is written out beside a `commit` that is not auto. Both run then, as in reality: poll() goes on committing positions by itself. Write false, unless this is what you want to see."
    /// Lint: others wait for a handler, and it is dropped.
    OutlastsRebalance "GS089" "a handler that outlasts the rebalance timeout"
        "sarama waits for every handler before it rejoins, without a deadline; meanwhile the rest of the group stands still. When rebalance.timeout.ms is over the coordinator drops the member, whose commits fail then. Example: `when-revoked = \"drain\"` (a handler that only ranges over Messages()) has up to ChannelBufferSize records to finish: 257 x 1 s = 4m17s > 1m. Return when session.Context() is done, lower ChannelBufferSize, or raise rebalance.timeout.ms."
    /// Lint: gaps count as done.
    MarksGaps "GS090" "gaps are committed as done"
        "`offset = \"done-max\"` commits one past the highest record that is finished. With several workers and `order = \"none\"` records below it may still be in work: a crash then loses them. Use done-contiguous (the default), or `order = \"partition\"`."
    /// Lint: two members, one group.instance.id.
    OneNameTwice "GS091" "two members with one group.instance.id"
        "Static members are told apart by their group.instance.id. When a second process joins with the name of a running one the coordinator gives it that one's place, and the first is answered FENCED_INSTANCE_ID and gives up. Example: `static = \"a\"` under `[group.billing.member.\"billing-*\"]`. Write `static = true`, which gives each its own name, unless this is what you want to see."
    /// Lint: some members start from the store, others from Kafka.
    MixedStores "GS092" "only some members keep offsets with their results"
        "`store = \"with-result\"` is a store that the whole group shares. A member without it starts from Kafka's committed offsets and writes none into the store: whoever takes its partitions over starts from what the store has, and handles its records again. Give all members the same `store`."
    /// Lint: the library returns it with an error.
    RecordTooLarge "GS093" "a record larger than the producer takes"
        "The library gives a record back with an error if it is larger than max.request.size (java, 1 MiB), message.max.bytes (librdkafka, 1000000), MaxMessageBytes (sarama), BatchBytes (kafka-go) or ProducerBatchMaxBytes (franz-go). That is not modelled: here the record is sent. Make `size` smaller, or raise the limit."
}

impl Code {
    /// Whether this is a lint: a warning about a file that can be run.
    pub fn is_lint(self) -> bool {
        self >= Code::HeartbeatTooSlow
    }

    /// The code called `name`, in any case.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}
