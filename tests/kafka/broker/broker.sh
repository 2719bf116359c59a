#!/usr/bin/env bash
# A whole Apache Kafka on loopback: one process, broker and controller in one (KRaft), in a folder of its own.
#
#   broker.sh start DIR [KEY=VALUE...]   formats DIR, starts a broker there, waits until it serves, prints HOST:PORT
#   broker.sh stop DIR                   stops it, by pid; what DIR holds stays
#   broker.sh restart DIR [KEY=VALUE...] stops it and starts it again on the same ports with what it has stored
#   broker.sh run [KEY=VALUE...]         in the foreground, in a folder that goes away with it; Ctrl-C stops it
#
# KEY=VALUE are broker settings (server.properties). Fetches the jars with Maven first. BROKER_LOG=info (debug, trace)
# logs more, to DIR/broker.log.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
target=$here/target
# Longest wait for the broker to start, or to stop before it is killed, in seconds.
readonly START_WAIT=90 STOP_WAIT=30

say() { printf 'broker.sh: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

fetch_jars() {
    for tool in java mvn; do
        command -v "$tool" >/dev/null || fail "needs $tool (Java 17 or newer, Maven)"
    done
    mkdir -p "$target"
    # Several may start at once; one of them fetches.
    (
        if command -v flock >/dev/null; then flock 9; fi
        if [[ ! -e $target/built || $here/pom.xml -nt $target/built ]]; then
            say "fetching Kafka's jars"
            mvn -q -B -Dstyle.color=never -f "$here/pom.xml" package >&2 </dev/null
            touch "$target/built"
        fi
    ) 9>"$target/lock"
}

# Takes the place of the shell, so that the pid of "java_main &" is Java's.
java_main() {
    exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms64m -Xmx"${BROKER_HEAP:-512m}" \
        -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat='HH:mm:ss.SSS' \
        -Dorg.slf4j.simpleLogger.defaultLogLevel="${BROKER_LOG:-warn}" \
        -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
        -cp "$target/lib/*" "$@"
}

# Prints a port on which nobody listens.
free_port() {
    local port
    for _ in {1..50}; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
    fail "no free port between 20000 and 32000"
}

# Whether the broker of DIR (an absolute path) runs. A process that has ended but that nobody has waited for does not count, nor
# does a stranger who has been given the pid of a broker that is gone. Before Java takes its place it is this script.
is_alive() {
    local seen
    [[ -e $1/pid ]] && seen=$(ps -ww -o stat=,args= -p "$(<"$1/pid")" 2>/dev/null) && [[ $seen != Z* ]] &&
        [[ $seen == *"$1/server.properties"* || $seen == *"${BASH_SOURCE[0]##*/}"* ]]
}

# DIR as an absolute path, the same one however it is written.
folder() {
    [[ -d $1 ]] || fail "there is no folder $1"
    cd -- "$1" && pwd -P
}

write_settings() {
    local dir=$1 port=$2 controller=$3
    shift 3
    cat >"$dir/server.properties" <<EOF
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:$controller
log.dirs=$dir/data
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
log.cleaner.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
EOF
    # Later lines win.
    printf '%s\n' "$@" >>"$dir/server.properties"
}

# Starts the broker of DIR once, on ports that were free a moment ago; fails if it ends or does not serve in time.
launch() {
    local dir=$1 port controller
    shift
    port=$(free_port)
    controller=$(free_port)
    write_settings "$dir" "$port" "$controller" "$@"
    (java_main kafka.tools.StorageTool format --ignore-formatted \
        --cluster-id "Z3JvdXBzaW0tdGVzdHMtMQ" --config "$dir/server.properties" >"$dir/format.log" 2>&1) || {
        grep -v '^\sat ' "$dir/format.log" >&2
        fail "the broker's settings are wrong, or $dir cannot be written"
    }
    serve "$dir" || return 1
    printf '127.0.0.1:%s\n' "$port" >"$dir/bootstrap"
}

# Starts a broker on what DIR holds; fails if it ends or does not serve in time.
serve() {
    local dir=$1
    # Not that the word of an earlier run is taken for this one's.
    rm -f "$dir/broker.log"
    java_main kafka.Kafka "$dir/server.properties" >"$dir/broker.log" 2>&1 </dev/null &
    printf '%s\n' $! >"$dir/pid"
    local deadline=$((SECONDS + START_WAIT))
    until grep -qs 'Kafka Server started' "$dir/broker.log"; do
        if ! is_alive "$dir" || ((SECONDS > deadline)); then
            stop "$dir"
            return 1
        fi
        sleep 0.1
    done
}

start() {
    local dir
    mkdir -p "$1"
    dir=$(folder "$1")
    shift
    is_alive "$dir" && fail "a broker runs in $dir already (pid $(<"$dir/pid"))"
    fetch_jars
    rm -rf "$dir/data"
    # A second time in case somebody took the port meanwhile.
    launch "$dir" "$@" || launch "$dir" "$@" || {
        tail -n 20 "$dir/broker.log" >&2 || true
        fail "the broker does not start; its log is $dir/broker.log"
    }
    cat "$dir/bootstrap"
}

stop() {
    local dir pid
    [[ -e $1/pid ]] || return 0
    dir=$(folder "$1")
    pid=$(<"$dir/pid")
    if is_alive "$dir"; then kill "$pid" 2>/dev/null || true; fi
    local deadline=$((SECONDS + STOP_WAIT))
    while is_alive "$dir"; do
        if ((SECONDS > deadline)); then kill -KILL "$pid" 2>/dev/null || true; fi
        sleep 0.1
    done
    rm -f "$dir/pid" "$dir/bootstrap"
}

restart() {
    local dir
    dir=$(folder "$1")
    shift
    [[ -e $dir/server.properties ]] || fail "no broker was ever started in $dir"
    stop "$dir"
    cp "$dir/server.properties" "$dir/server.properties.before"
    printf '%s\n' "$@" >>"$dir/server.properties"
    serve "$dir" || {
        tail -n 20 "$dir/broker.log" >&2
        # Settings that it does not take are not there the next time.
        mv "$dir/server.properties.before" "$dir/server.properties"
        fail "the broker does not start again; its log is $dir/broker.log"
    }
    rm "$dir/server.properties.before"
    sed -n 's|^advertised.listeners=PLAINTEXT://||p' "$dir/server.properties" | tee "$dir/bootstrap"
}

run() {
    local dir
    dir=$(mktemp -d)
    trap 'stop "$dir"; rm -rf "$dir"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    start "$dir" "$@"
    while is_alive "$dir"; do sleep 0.2; done
    tail -n 20 "$dir/broker.log" >&2
    fail "the broker ended"
}

case ${1-} in
    start | stop | restart)
        (($# >= 2)) || fail "$1 needs a folder"
        "$@"
        ;;
    run) "$@" ;;
    *)
        sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
esac
