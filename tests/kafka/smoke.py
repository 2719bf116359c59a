"""Scripted sessions with the harness (see README.md); run by smoke.sh, which passes the command to start."""

import base64
import json
import subprocess
import sys

GROUP = "billing"
SESSION_MS = 45_000
REBALANCE_MS = 300_000
DELAY_MS = 3_000


class Harness:
    """One harness process. Each call sends one line and returns what came back for it."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.lines = 0
        self.ids = 0
        self.next = None

    def raw(self, text):
        """Sends one line as it is; returns ([(t, id, answer)], error or None)."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        self.lines += 1
        answers, error = [], None
        for line in self.process.stdout:
            said = json.loads(line)
            if "done" in said:
                expect("line number", said["done"], self.lines)
                self.t, self.next = said["t"], said["next"]
                return answers, error
            if "error" in said:
                error = said["error"]
            else:
                answers.append((said["t"], said["id"], said["answer"]))
        sys.exit(f"the harness ended after line {self.lines}: {text}")

    def op(self, op, **fields):
        """Sends a command; returns {id: (t, answer)}."""
        answers, error = self.raw(json.dumps({"op": op, **fields}))
        expect(f"error of {op}", error, None)
        return {id: (t, answer) for t, id, answer in answers}

    def config(self, **broker):
        self.op("config", broker={"group.initial.rebalance.delay.ms": DELAY_MS, **broker}, topics={"orders": 12})

    def send(self, api, version=None, **body):
        """Sends a request; returns (its id, everything answered at once)."""
        self.ids += 1
        fields = {} if version is None else {"version": version}
        return self.ids, self.op(
            "request", id=self.ids, api=api, client_id="app", client_host="/10.0.0.1", body=body, **fields
        )

    def ask(self, api, version=None, **body):
        """Sends a request that must be answered at once, alone; returns the answer."""
        id, answers = self.send(api, version, **body)
        expect(f"what {api} answered", list(answers), [id])
        return answers[id][1]

    def join(self, member="", instance=None, version=9, metadata="AAEC"):
        return self.send(
            "join_group",
            version,
            group_id=GROUP,
            session_timeout_ms=SESSION_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            member_id=member,
            group_instance_id=instance,
            protocol_type="consumer",
            protocols=[{"name": "range", "metadata": metadata}],
        )

    def two_step_join(self):
        """KIP-394: the first join only brings an id. Returns (member, the parked request)."""
        id, answers = self.join()
        answer = answers[id][1]
        expect("first join", answer["error_code"], "MEMBER_ID_REQUIRED")
        parked, answers = self.join(answer["member_id"])
        expect("second join is parked", answers, {})
        return answer["member_id"], parked

    def sync(self, member, generation, assignments=()):
        return self.send(
            "sync_group",
            group_id=GROUP,
            generation_id=generation,
            member_id=member,
            assignments=[{"member_id": to, "assignment": what} for to, what in assignments],
        )

    def heartbeat(self, member, generation, instance=None):
        answer = self.ask(
            "heartbeat", group_id=GROUP, generation_id=generation, member_id=member, group_instance_id=instance
        )
        return answer["error_code"]

    def commit(self, member, generation, offset):
        partition = {"partition_index": 0, "committed_offset": offset, "committed_metadata": "note"}
        answer = self.ask(
            "offset_commit",
            group_id=GROUP,
            generation_id=generation,
            member_id=member,
            topics=[{"name": "orders", "partitions": [partition]}],
        )
        return answer["topics"][0]["partitions"][0]["error_code"]

    def committed(self):
        answer = self.ask("offset_fetch", group_id=GROUP, topics=[{"name": "orders", "partition_indexes": [0]}])
        return answer["topics"][0]["partitions"][0]["committed_offset"]

    def state(self):
        return self.ask("describe_groups", groups=[GROUP])["groups"][0]["group_state"]

    def stable_member(self):
        """One member alone in a Stable group of generation 1; returns its name."""
        member, parked = self.two_step_join()
        expect("join answered after the delay", list(self.op("advance", ms=DELAY_MS)), [parked])
        self.sync(member, 1, [(member, "CQgH")])
        return member

    def close(self):
        self.process.stdin.close()
        expect("exit code", self.process.wait(timeout=30), 0)


def expect(what, seen, wanted):
    if seen != wanted:
        sys.exit(f"smoke test failed: {what}: expected {wanted!r}, got {seen!r}")


def initial_delay(h):
    h.config()
    member, parked = h.two_step_join()
    expect("name", member, "m1")
    expect("next timer", h.next, DELAY_MS)
    expect("a millisecond early", h.op("advance", ms=DELAY_MS - 1), {})
    t, answer = h.op("advance", ms=1)[parked]
    expect("time of the answer", t, DELAY_MS)
    expect("error", answer["error_code"], "NONE")
    expect("generation", answer["generation_id"], 1)
    expect("leader", answer["leader"], "m1")
    expect("members", answer["members"], [{"member_id": "m1", "group_instance_id": None, "metadata": "AAEC"}])


def sync_and_heartbeat(h):
    h.config()
    leader, join1 = h.two_step_join()
    follower, join2 = h.two_step_join()
    # The second member joined during the delay, which extends it once.
    expect("joins answered", sorted(h.op("advance", ms=2 * DELAY_MS)), [join1, join2])
    expect("heartbeat before sync", h.heartbeat(follower, 1), "NONE")
    waits, answers = h.sync(follower, 1)
    expect("the follower waits for the leader", answers, {})
    leads, answers = h.sync(leader, 1, [(leader, "AQ=="), (follower, "Ag==")])
    expect("leader's assignment", answers[leads][1]["assignment"], "AQ==")
    expect("follower's assignment", answers[waits][1]["assignment"], "Ag==")
    expect("state", h.state(), "Stable")
    expect("heartbeat", h.heartbeat(follower, 1), "NONE")
    expect("wrong generation", h.heartbeat(follower, 2), "ILLEGAL_GENERATION")
    expect("unknown member", h.heartbeat("stranger", 1), "UNKNOWN_MEMBER_ID")


def session_expiry(h):
    h.config()
    member = h.stable_member()
    h.op("advance", ms=10_000)
    expect("last heartbeat", h.heartbeat(member, 1), "NONE")
    expires = h.t + SESSION_MS
    expect("next timer", h.next, expires)
    h.op("advance", ms=SESSION_MS - 1)
    expect("a millisecond before expiry", h.state(), "Stable")
    h.op("advance_before_timers", ms=1)
    expect("ahead of the timer", (h.t, h.state()), (expires, "Stable"))
    h.op("advance_before_timers", ms=0)
    expect("still ahead of it", h.state(), "Stable")
    h.op("advance_to_next")
    expect("time of expiry", h.t, expires)
    expect("after expiry", h.state(), "Empty")
    expect("heartbeat of an expired member", h.heartbeat(member, 1), "UNKNOWN_MEMBER_ID")


def commits_while_rebalancing(h):
    h.config()
    member = h.stable_member()
    expect("commit when Stable", h.commit(member, 1, 10), "NONE")
    other, join_other = h.two_step_join()
    expect("state", h.state(), "PreparingRebalance")
    expect("heartbeat when preparing", h.heartbeat(member, 1), "REBALANCE_IN_PROGRESS")
    expect("commit when preparing", h.commit(member, 1, 20), "NONE")
    join, answers = h.join(member)
    expect("all joined", sorted(answers), sorted([join, join_other]))
    expect("state", h.state(), "CompletingRebalance")
    expect("commit when completing", h.commit(member, 2, 30), "REBALANCE_IN_PROGRESS")
    expect("committed", h.committed(), 20)
    expect("commit of a stranger", h.commit("stranger", 2, 40), "UNKNOWN_MEMBER_ID")


def static_replacement(h):
    h.config()
    parked, answers = h.join(instance="pod-1")
    expect("a static join is parked at once", answers, {})
    _, answer = h.op("advance", ms=DELAY_MS)[parked]
    old = answer["member_id"]
    h.send(
        "sync_group", group_id=GROUP, generation_id=1, member_id=old, group_instance_id="pod-1",
        assignments=[{"member_id": old, "assignment": "CQ=="}],
    )
    id, answers = h.join(instance="pod-1")
    answer = answers[id][1]
    expect("error", answer["error_code"], "NONE")
    expect("no rebalance", answer["generation_id"], 1)
    expect("leader is the new id", answer["leader"], answer["member_id"])
    expect("leader must not assign", answer["skip_assignment"], True)
    expect("new name", answer["member_id"], "m2")
    expect("state", h.state(), "Stable")
    expect("old id", h.heartbeat(old, 1, instance="pod-1"), "FENCED_INSTANCE_ID")
    expect("new id", h.heartbeat(answer["member_id"], 1, instance="pod-1"), "NONE")


def failed_appends(h):
    h.config()
    h.op("fail_appends", error="NOT_ENOUGH_REPLICAS")
    id, answers = h.join(version=3)
    expect("join of a new group", answers[id][1]["error_code"], "COORDINATOR_NOT_AVAILABLE")
    expect("group of a failed join", h.state(), "Dead")
    member, parked = h.two_step_join()
    h.op("advance", ms=DELAY_MS)
    h.op("fail_appends", error="NOT_LEADER_OR_FOLLOWER", count=1)
    id, answers = h.sync(member, 1, [(member, "CQ==")])
    expect("leader's sync", answers[id][1]["error_code"], "NOT_COORDINATOR")
    expect("after a failed sync", h.state(), "PreparingRebalance")
    expect("commit", h.commit(member, 1, 5), "NONE")
    h.op("fail_appends", error="NOT_ENOUGH_REPLICAS", count=1)
    expect("commit that cannot be written", h.commit(member, 1, 6), "COORDINATOR_NOT_AVAILABLE")
    expect("committed", h.committed(), 5)
    expect("commit once more", h.commit(member, 1, 7), "NONE")


def reload(h):
    h.config()
    member = h.stable_member()
    expect("commit", h.commit(member, 1, 17), "NONE")
    h.op("advance", ms=SESSION_MS - 1)
    expect("a Stable group is loaded as it was", h.op("reload"), {})
    expect("next timer", h.next, h.t + SESSION_MS)
    expect("state", h.state(), "Stable")
    expect("heartbeat", h.heartbeat(member, 1), "NONE")
    expect("committed", h.committed(), 17)
    _, parked = h.two_step_join()
    _, answer = h.op("reload")[parked]
    expect("a parked join", answer["error_code"], "NOT_COORDINATOR")
    expect("an unfinished rebalance is forgotten", h.state(), "Stable")
    h.op("unload")
    expect("heartbeat elsewhere", h.heartbeat(member, 1), "NOT_COORDINATOR")
    h.op("start_load")
    expect("heartbeat while loading", h.heartbeat(member, 1), "NONE")
    expect("commit while loading", h.commit(member, 1, 18), "COORDINATOR_LOAD_IN_PROGRESS")
    h.op("finish_load")
    expect("commit when loaded", h.commit(member, 1, 18), "NONE")


def topics_and_groups(h):
    h.config()
    expect("commit without a group", h.commit("", -1, 3), "NONE")
    expect("all offsets", len(h.ask("offset_fetch_all", group_id=GROUP)["topics"]), 1)
    h.op("delete_topics", topics=["orders"])
    expect("offsets of a deleted topic", h.ask("offset_fetch_all", group_id=GROUP)["topics"], [])
    expect("groups", [group["group_id"] for group in h.ask("list_groups")["groups"]], [GROUP])
    results = h.ask("delete_groups", groups_names=[GROUP])["results"]
    expect("delete", results, [{"group_id": GROUP, "error_code": "NONE"}])
    expect("groups", h.ask("list_groups")["groups"], [])


def bad_lines(h):
    h.config()
    for bad in (
        "",
        "{",
        "[]",
        '{"op":"dance"}',
        '{"op":"advance","ms":-1}',
        '{"op":"advance","ms":1.5}',
        '{"op":"config","broker":{"group.max.size":0}}',
        '{"op":"config","broker":{"no.such.setting":0}}',
        '{"op":"request","id":1,"api":"heartbeat","body":{"group":"x"}}',
        '{"op":"request","id":1,"api":"heartbeat","version":99,"body":{}}',
        '{"op":"request","id":1,"api":"join_group","body":{"protocols":[{"name":"range","metadata":"not base64"}]}}',
        '{"op":"fail_appends","error":"BAD_LUCK"}',
    ):
        answers, error = h.raw(bad)
        expect(f"answers to {bad}", answers, [])
        if error is None:
            sys.exit(f"smoke test failed: no error for {bad}")
    h.stable_member()


def repeatable(h):
    """The same lines and seed give the same bytes, hash order included."""

    def play(seed):
        h.op("config", broker={}, topics={}, seed=seed)
        h.ids = 0
        for _ in range(8):
            h.join(version=3)
        return h.op("advance", ms=2 * DELAY_MS)

    first = list(play(1).items())
    expect("eight answers", len(first), 8)
    expect("names follow requests", [first_answer["member_id"] for _, (_, first_answer) in sorted(first)],
           [f"m{n}" for n in range(1, 9)])
    expect("same seed", list(play(1).items()), first)
    if all(list(play(seed).items()) == first for seed in range(2, 8)):
        sys.exit("smoke test failed: the seed makes no difference")


def subscription(topics, owned=(), generation=-1):
    """Version 3 of Kafka's ConsumerProtocolSubscription; `owned` are partitions of the first topic."""
    string = lambda text: len(text).to_bytes(2, "big") + text.encode()
    array = lambda items: len(items).to_bytes(4, "big") + b"".join(items)
    claims = [string(topics[0]) + array([n.to_bytes(4, "big") for n in owned])] if owned else []
    parts = [b"\0\3", array([string(topic) for topic in topics]), b"\xff" * 4, array(claims)]
    parts += [generation.to_bytes(4, "big", signed=True), b"\xff\xff"]
    return base64.b64encode(b"".join(parts)).decode()


def assignors(h):
    topics = {"t": 3, "u": 3}

    def assign(assignor, *members):
        members = [{"member_id": f"c{n}", "subscription": text} for n, text in enumerate(members, 1)]
        answer = h.op("assign", id=1, assignor=assignor, topics=topics, members=members)[1][1]
        return answer.get("assignments", answer)

    both = subscription(["t", "u"])
    expect("range", assign("range", both, both), {"c1": {"t": [0, 1], "u": [0, 1]}, "c2": {"t": [2], "u": [2]}})
    expect("roundrobin", assign("roundrobin", both, both), {"c1": {"t": [0, 2], "u": [1]}, "c2": {"t": [1], "u": [0, 2]}})
    expect("sticky", assign("sticky", subscription(["t"]), subscription(["u"])), {"c1": {"t": [0, 1, 2]}, "c2": {"u": [0, 1, 2]}})
    # What c2 has to give up is withheld from c1 for this round.
    owner = subscription(["t"], owned=(0, 1, 2), generation=4)
    expect("cooperative-sticky", assign("cooperative-sticky", subscription(["t"]), owner), {"c1": {}, "c2": {"t": [0, 1]}})
    expect("nobody", assign("roundrobin"), {"thrown": "IllegalArgumentException"})
    for bad in ('"assignor":"best","members":[]', '"assignor":"range","members":[{"member_id":"c","subscription":"AA=="}]'):
        answers, error = h.raw('{"op":"assign","id":1,"topics":{"t":1},' + bad + "}")
        expect(f"answers to {bad}", answers, [])
        if error is None:
            sys.exit(f"smoke test failed: no error for {bad}")


def other_settings(h):
    """A broker that starts again with other settings goes by them, and has kept its groups."""
    h.config()
    member = h.stable_member()
    expect("nothing to answer", h.op("reload", broker={"group.max.session.timeout.ms": SESSION_MS - 1}), {})
    _, answers = h.join(version=3)
    expect("the new limit", [answer["error_code"] for _, answer in answers.values()], ["INVALID_SESSION_TIMEOUT"])
    beat = h.ask("heartbeat", group_id=GROUP, generation_id=1, member_id=member)
    expect("the member is still there", beat, {"error_code": "NONE"})


def main():
    h = Harness(sys.argv[1:])
    answers, error = h.raw('{"op":"advance","ms":1}')
    expect("a line before the config", error, "the first line must be a config")
    scripts = (
        initial_delay, sync_and_heartbeat, session_expiry, commits_while_rebalancing, static_replacement,
        failed_appends, reload, other_settings, assignors, topics_and_groups, bad_lines, repeatable,
    )
    for script in scripts:
        script(h)
        print(f"ok {script.__name__}")
    h.close()
    print(f"{len(scripts)} passed, 0 failed")


main()
