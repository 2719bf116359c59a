#!/bin/sh
# Asks Kafka's own coordinator and assignors everything that the unit tests of rules ask ours, and records the answers in
# tests/recorded/rules. Fails if an answer differs; the recording of that test is then left out.
set -eu

cd "$(dirname -- "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
GROUPSIM_RIG_RECORD=$folder cargo test --quiet --lib -- broker::coordinator assignor
GROUPSIM_DIFF_RULES=$folder cargo test --quiet --test differential rules_are_asked -- --nocapture
