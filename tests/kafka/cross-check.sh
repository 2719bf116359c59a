#!/usr/bin/env bash
# Holds scenarios against a real Apache Kafka on this machine: starts a broker, plays them on it, stops it.
#
#   cross-check.sh [FILE|DIR...] [-- OPTION...]     options go to `groupsim cross-check`
#
# Without a file: scenarios/talk, and of scenarios/questions those about cooperative and static groups that take less than a minute.
#
# Scenarios that set [broker.config] get a broker of their own with these settings, one after the other; all others share one.
# GROUPSIM=PROGRAM plays with that program (built with --features kafka); otherwise it is built first. Ends with the exit code
# of groupsim, the highest if there were several brokers. `cross-check.sh --list` only says which broker each file gets.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../.." && pwd)
broker=$here/broker/broker.sh

say() { printf 'cross-check.sh: %s\n' "$*" >&2; }

# The settings that a scenario wants of its broker, one a line: KEY=VALUE.
settings_of() {
    awk '
        /^[[:space:]]*\[/ { inside = ($0 ~ /^[[:space:]]*\[broker\.config\]/) }
        inside && /^[[:space:]]*[a-z"]/ {
            sub(/#.*/, ""); gsub(/["[:space:]]/, "")
            split($0, pair, "="); gsub(/_/, "", pair[2])
            print pair[1] "=" pair[2]
        }' "$1" | sort
}

files=() options=() list=false
while (($#)); do
    case $1 in
        --list) list=true ;;
        --)
            shift
            options=("$@")
            break
            ;;
        *)
            if [[ -d $1 ]]; then
                while IFS= read -r file; do files+=("$file"); done < <(find "$1" -name '*.toml' | LC_ALL=C sort)
            elif [[ -e $1 ]]; then
                files+=("$1")
            else
                say "there is no $1"
                exit 2
            fi
            ;;
    esac
    shift
done
if ((${#files[@]} == 0)); then
    while IFS= read -r file; do files+=("$file"); done < <(cd "$root" && find scenarios/talk -name '*.toml' | LC_ALL=C sort)
    files+=(scenarios/questions/{cooperative-redeploy,cooperative-scale-up,static-redeploy}.toml)
    cd "$root"
fi

# Files by the settings that they want: one line, after a colon.
declare -A wanted=()
for file in "${files[@]}"; do
    wanted[":$(settings_of "$file" | tr '\n' ' ')"]+="$file"$'\n'
done
if $list; then
    for settings in "${!wanted[@]}"; do
        printf '%s\n' "broker${settings}"
        sed 's/^/    /' <<<"${wanted[$settings]%$'\n'}"
    done
    exit 0
fi

if [[ -z ${GROUPSIM-} ]]; then
    (cd "$root" && cargo build --locked --features kafka) >&2
    GROUPSIM=$root/target/debug/groupsim
fi

place=$(mktemp -d)
trap '"$broker" stop "$place/broker"; rm -rf "$place"' EXIT
# Ctrl-C goes to groupsim too, which takes away its topics and groups before it ends.
trap 'worst=130' INT TERM

worst=0
while IFS= read -r settings; do
    mapfile -t group < <(printf '%s' "${wanted[$settings]}")
    read -ra with <<<"${settings#:}"
    address=$("$broker" start "$place/broker" ${with[@]+"${with[@]}"})
    say "${#group[@]} scenarios on $address${with[*]:+, ${with[*]}}"
    code=0
    "$GROUPSIM" cross-check "${group[@]}" --bootstrap-servers "$address" ${options[@]+"${options[@]}"} || code=$?
    "$broker" stop "$place/broker"
    if ((code > worst)); then worst=$code; fi
    if ((worst == 130)); then break; fi
done < <(printf '%s\n' "${!wanted[@]}" | LC_ALL=C sort)
exit "$worst"
