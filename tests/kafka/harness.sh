#!/bin/sh
# Runs the harness: JSON lines in on stdin, JSON lines out on stdout (README.md). Builds it first if the sources are newer
# than the last build. HARNESS_LOG=debug (info, warn ...) shows Kafka's logs on stderr.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=$here/target
stamp=$target/built

is_stale() {
    [ ! -e "$stamp" ] || [ -n "$(find "$here/pom.xml" "$here/src" -newer "$stamp" -print -quit)" ]
}

build() {
    # Stamped with the time at which the build began: what is edited meanwhile is built next time.
    touch "$target/building"
    # stdout is for answers only.
    mvn -q -B -Dstyle.color=never -f "$here/pom.xml" package >&2 </dev/null
    mv "$target/building" "$stamp"
}

if is_stale; then
    mkdir -p "$target"
    # Several harnesses may start at once; one of them builds (where the system has no flock, start the first one alone).
    (
        if command -v flock >/dev/null; then flock 9; fi
        if is_stale; then build; fi
    ) 9>"$target/lock"
fi

exec java -XX:+UseSerialGC -Xms256m -Xmx1g \
    -Dorg.slf4j.simpleLogger.defaultLogLevel="${HARNESS_LOG:-off}" \
    -cp "$target/kafka-harness.jar:$target/lib/*" groupsim.harness.Main
