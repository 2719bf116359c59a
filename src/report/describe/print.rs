//! The tables of `kafka-consumer-groups.sh --describe`: widths, order and blanks as in its ConsumerGroupCommand.

use super::Printed;
use super::view::{CoordinatorView, GroupView, MemberView, ProcessView};
use crate::protocol::GroupState;
use std::collections::BTreeSet;
use std::fmt::Write;

const MISSING: &str = "-";

/// Host, port and node id that the simulated broker gives itself.
const COORDINATOR: &str = "localhost:9092  (1)";

/// Which table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Table {
    /// `--offsets`, the tool's default: partitions, what is committed, and who has them.
    Offsets,
    /// `--members`, and with `--verbose`.
    Members {
        /// With the partitions of each member.
        verbose: bool,
    },
    /// `--state`.
    State,
}

/// Prints these groups; one that the coordinator does not know is an error of the tool's own wording.
pub fn print(view: &CoordinatorView, groups: &[String], table: Table) -> Printed {
    let mut printed = Printed::default();
    for id in groups.iter().collect::<BTreeSet<_>>() {
        let Some(group) = view.groups.get(id) else {
            let _ = write!(printed.err, "\nError: Consumer group '{id}' does not exist.\n");
            continue;
        };
        // A group that was deleted is not in the view any more; this one's new coordinator is reading its log (LOAD-03).
        if group.state == GroupState::Dead {
            let _ = write!(printed.err, "\nError: The coordinator is loading and hence can't process requests.\n");
            continue;
        }
        match table {
            Table::Offsets => offsets(&mut printed, view, id, group),
            Table::Members { verbose } => members(&mut printed, view, id, group, verbose),
            Table::State => state(&mut printed, id, group),
        }
    }
    printed
}

/// The tool's remark about the group's state; false if the table is to be left out.
fn remark(printed: &mut Printed, id: &str, state: GroupState, rows: usize) -> bool {
    let _ = match state {
        GroupState::Dead => write!(printed.err, "\nError: Consumer group '{id}' does not exist.\n"),
        GroupState::Empty => write!(printed.err, "\nConsumer group '{id}' has no active members.\n"),
        GroupState::PreparingRebalance | GroupState::CompletingRebalance => {
            write!(printed.err, "\nWarning: Consumer group '{id}' is rebalancing.\n")
        }
        GroupState::Stable => Ok(()),
    };
    state != GroupState::Dead && rows > 0
}

/// Members by the number of their actor, which is their order in the scenario.
fn in_order(group: &GroupView) -> Vec<(&String, &MemberView)> {
    let mut members: Vec<_> = group.members.iter().collect();
    members.sort_by_key(|(id, member)| (member.client, *id));
    members
}

fn process<'v>(view: &'v CoordinatorView, member: &MemberView) -> (&'v str, &'v str) {
    let process: Option<&ProcessView> = view.processes.get(&member.client);
    let text = |value: Option<&'v String>| value.map_or(MISSING, |v| v.as_str());
    (text(process.and_then(|p| p.host.as_ref())), text(process.and_then(|p| p.client_id.as_ref())))
}

fn offsets(printed: &mut Printed, view: &CoordinatorView, id: &str, group: &GroupView) {
    let mut rows: Vec<[String; 9]> = Vec::new();
    let mut row = |partition: &(String, u32), who: [&str; 3]| {
        let committed = group.committed.get(partition).copied();
        let end = view.log_end(partition);
        let lag = committed.filter(|&c| c != -1).zip(end).map(|(c, end)| end.saturating_sub(c));
        let number = |n: Option<i64>| n.map_or(MISSING.to_owned(), |n| n.to_string());
        rows.push([
            id.to_owned(),
            partition.0.clone(),
            partition.1.to_string(),
            number(committed),
            number(end),
            number(lag),
            who[0].to_owned(),
            who[1].to_owned(),
            who[2].to_owned(),
        ]);
    };
    let mut assigned = BTreeSet::new();
    let mut owners: Vec<_> = in_order(group).into_iter().map(|(id, m)| (id, m, m.partitions())).collect();
    owners.sort_by_key(|owner| std::cmp::Reverse(owner.2.len()));
    for (member_id, member, partitions) in owners {
        let (host, client_id) = process(view, member);
        for partition in partitions {
            row(&partition, [member_id, host, client_id]);
            assigned.insert(partition);
        }
    }
    for partition in group.committed.keys().filter(|partition| !assigned.contains(*partition)) {
        row(partition, [MISSING; 3]);
    }
    if !remark(printed, id, group.state, rows.len()) {
        return;
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(15);
    let (group_w, topic_w, consumer_w, host_w) = (width(0), width(1), width(6), width(7));
    let header =
        ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST", "CLIENT-ID"]
            .map(str::to_owned);
    for r in std::iter::once(&header).chain(&rows) {
        let _ = write!(
            printed.out,
            "\n{:<group_w$} {:<topic_w$} {:<10} {:<15} {:<15} {:<15} {:<consumer_w$} {:<host_w$} {}",
            r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]
        );
    }
    printed.out.push('\n');
}

fn members(printed: &mut Printed, view: &CoordinatorView, id: &str, group: &GroupView, verbose: bool) {
    let rows: Vec<_> = in_order(group)
        .into_iter()
        .map(|(member_id, member)| (member_id.as_str(), member, process(view, member), member.partitions()))
        .collect();
    // The tool prints the header even where it leaves out the widths: for a group without members.
    let _ = remark(printed, id, group.state, rows.len());
    let width = |least: usize, lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0).max(least);
    let group_w = if rows.is_empty() { 15 } else { id.chars().count().max(15) };
    let consumer_w = width(15, &mut rows.iter().map(|r| r.0.chars().count()));
    let instance_w = width(17, &mut rows.iter().map(|r| r.1.instance.chars().count()));
    let host_w = width(15, &mut rows.iter().map(|r| r.2.0.chars().count()));
    let client_w = width(15, &mut rows.iter().map(|r| r.2.1.chars().count()));
    let with_instance = rows.iter().any(|r| !r.1.instance.is_empty());
    printed.out.push('\n');
    let mut line = |group: &str, consumer: &str, instance: &str, host: &str, client: &str, count: &str, last: &str| {
        let _ = write!(printed.out, "{group:<group_w$} {consumer:<consumer_w$} ");
        if with_instance {
            let _ = write!(printed.out, "{instance:<instance_w$} ");
        }
        let _ = writeln!(printed.out, "{host:<host_w$} {client:<client_w$} {count:<15} {last}");
    };
    let last = if verbose { "ASSIGNMENT" } else { "" };
    line("GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS", last);
    for (consumer, member, (host, client), partitions) in &rows {
        let assignment = if verbose { assignment(partitions) } else { String::new() };
        line(id, consumer, &member.instance, host, client, &partitions.len().to_string(), &assignment);
    }
}

/// `(0,1), (2)`: the tool shows no topics here, and sorts numbers as texts.
fn assignment(partitions: &[(String, u32)]) -> String {
    if partitions.is_empty() {
        return MISSING.to_owned();
    }
    let mut topics: std::collections::BTreeMap<&str, Vec<String>> = Default::default();
    for (topic, partition) in partitions {
        topics.entry(topic).or_default().push(partition.to_string());
    }
    let mut parts: Vec<String> = topics
        .into_values()
        .map(|mut numbers| {
            numbers.sort();
            format!("({})", numbers.join(","))
        })
        .collect();
    parts.sort();
    parts.join(", ")
}

fn state(printed: &mut Printed, id: &str, group: &GroupView) {
    if !remark(printed, id, group.state, 1) {
        return;
    }
    // The first column has the width that the second one was meant to have; so it is in the tool.
    let width = COORDINATOR.chars().count().max(25);
    // DescribeGroups names the protocol of a Stable group only (STATE-12).
    let strategy = if group.state == GroupState::Stable { group.protocol.as_str() } else { "" };
    let count = group.members.len().to_string();
    let header = ["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS"];
    for row in [header, [id, COORDINATOR, strategy, group.state.name(), &count]] {
        let _ = write!(printed.out, "\n{:<width$} {:<25} {:<20} {:<15} {}", row[0], row[1], row[2], row[3], row[4]);
    }
    printed.out.push('\n');
}
