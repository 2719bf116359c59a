#!/bin/sh
# Looks up every source that `groupsim explain --profile NAME` names in a clone of the library's repository.
#
#   tests/kafka/sources.sh java ~/src/kafka
#
# The clone must have the commit that the profile was read at. Needs git, jq, and groupsim (or GROUPSIM=path).
set -eu
profile=$1 clone=$2
groupsim=${GROUPSIM:-groupsim}
"$groupsim" explain --profile "$profile" --json >"${TMPDIR:-/tmp}/profile.$$"
trap 'rm -f "${TMPDIR:-/tmp}/profile.$$"' EXIT
commit=$(jq -r .commit "${TMPDIR:-/tmp}/profile.$$")
jq -c '(.settings + .producer + .life_cycle)[] | [.source.file, .source.symbol, .source.text]' "${TMPDIR:-/tmp}/profile.$$" |
python3 -c '
import json, re, subprocess, sys
clone, commit = sys.argv[1:3]
texts, missing, count = {}, 0, 0
for line in sys.stdin:
    file, symbol, text = json.loads(line)
    count += 1
    if file not in texts:
        shown = subprocess.run(["git", "-C", clone, "show", f"{commit}:{file}"], capture_output=True, text=True)
        texts[file] = re.sub(r"\s+", " ", shown.stdout)
    at = [m.start() for m in re.finditer(re.escape(symbol), texts[file])]
    if not any(0 <= texts[file].find(text, start) - start < 2600 for start in at):
        missing += 1
        print(f"not there: {file}: {symbol} ... {text}")
print(f"{count - missing} of {count} sources stand in {commit}")
sys.exit(missing > 0)
' "$clone" "$commit"
