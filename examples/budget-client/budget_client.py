#!/usr/bin/env python3
"""A small client of wattloop's leases of power: asks for one, renews it, hears notices and acknowledges them, and gives it back when told to stop.

It shows the contract of docs/budgets.md in the plainest way, to be read and taken apart; `wattloop budget` is the tool for a site. Needs paho-mqtt 2.
Where it can ask nobody for the lease's time to live it acts by itself (`alone`), and is `back` once it is renewed.
What happens is one line of JSON each on standard output; the exit codes are those of `wattloop budget acquire`.

    python3 budget_client.py --broker 10.0.0.7 --user slurm --password-file /etc/wattloop/slurm.password \
        --site hall --domain pdu-a1 --want 60000 --class curtailable --floor 20000
"""

import argparse
import datetime
import json
import queue
import random
import signal
import sys
import time
import uuid

import paho.mqtt.client as mqtt

PATIENCE_S = 10.0  # how long an answer may take
AGAIN_S = 3.0  # the same request is said again after so long: asked twice it is done once
SETTLES_S = 2.0  # a notice comes with the state of the lease that it speaks of: so long it is waited for
POWER = ("reduce", "pause", "stop", "restore")  # these notices say what may be drawn; others are news
UNDECIDED = ("busy", "rate", "journal", "recovering")  # `retry` for these decides nothing: what was asked for may have been done
# A broker that says so will say so again; any other refusal, such as `server unavailable`, is over some time.
HOPELESS = ("Unsupported protocol version", "Client identifier not valid", "Bad user name or password", "Not authorized", "Banned")


def reach(parser):
    """What the line to the service needs."""
    parser.add_argument("--broker", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=None)
    parser.add_argument("--ca-file", help="TLS by this authority, port 8883")
    parser.add_argument("--user", required=True, help="the user at the broker, and the client's name")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--site", required=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reach(parser)
    parser.add_argument("--domain", required=True, help="a feed, a rack or a node")
    parser.add_argument("--want", type=float, required=True, help="W at the machines' inputs")
    parser.add_argument("--min", type=float, help="with less it does not start (W)")
    parser.add_argument("--class", dest="kind", default="firm", choices=["firm", "curtailable", "interruptible"])
    parser.add_argument("--floor", type=float, default=0.0, help="what is drawn when it has come down (W)")
    parser.add_argument("--ttl", type=float, default=300.0, help="s, 30 to 3600")
    parser.add_argument("--on-expiry", default="floor", choices=["floor", "pause", "stop"], help="what the job does when nobody can be asked")
    parser.add_argument("--wait", type=float, default=0.0, help="wait so long for room (s)")
    parser.add_argument("--job", default="example")
    parser.add_argument("--renew-every", type=float, help="s; a third of the time to live unless said")
    return parser.parse_args()


def now():
    """Seconds that go on while the machine is suspended: a lease does not live longer by that."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def undecided(answer):
    return answer.get("code") == "retry" and (answer.get("reason") or {}).get("code") in UNDECIDED


def say(**what):
    print(json.dumps(what), flush=True)


class Client:
    """The line to the service. What comes in is put into a queue and looked at by one thread, in its order."""

    def __init__(self, args):
        self.args = args
        self.heard = queue.Queue()
        self.topic = f"wattloop/v1/{args.site}/budget/{args.user}"
        self.line = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"example-{uuid.uuid4()}")
        with open(args.password_file, encoding="utf-8") as file:
            self.line.username_pw_set(args.user, file.read().strip())
        if args.ca_file:
            self.line.tls_set(ca_certs=args.ca_file)
        self.line.reconnect_delay_set(1, 8)
        # What nobody takes for hours is not said all at once when somebody is there again.
        self.line.max_queued_messages_set(64)
        self.line.on_connect = self.connected
        self.line.on_message = self.message
        self.line.connect(args.broker, args.port or (8883 if args.ca_file else 1883), keepalive=15)
        self.line.loop_start()

    def connected(self, _line, _data, _flags, reason, _properties):
        if reason.is_failure:
            # It is tried again by itself where that can help.
            self.heard.put(("refused" if reason.getName() in HOPELESS else "unavailable", str(reason)))
            return
        # Listen before anything is asked; again after each connection that was lost.
        self.line.subscribe([(f"{self.topic}/{part}", 1) for part in ("response", "notice", "lease/+")])

    def message(self, _line, _data, message):
        kind = message.topic[len(self.topic) + 1 :].split("/")[0]
        try:
            event = json.loads(message.payload) if message.payload else None
            data = event["data"] if event else None
        except (ValueError, KeyError, TypeError):
            return  # no message of the contract
        # Answers and notices are never kept: one that was says nothing of now.
        if isinstance(data, dict) and not (message.retain and kind != "lease"):
            self.heard.put((kind, data))

    def publish(self, kind, data):
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": f"//{self.args.user}",
            "type": f"wattloop.budget.{kind}.v1",
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "datacontenttype": "application/json",
            "data": {"client": self.args.user, **data},
        }
        self.line.publish(f"{self.topic}/{kind}", json.dumps(event), qos=1)

    def acknowledge(self, lease, status, notice):
        """What becomes of a notice; of what the lease itself says, by its state."""
        of = {"notice_id": notice.get("notice_id"), "seq": notice.get("seq")}
        self.publish("ack", {"lease_id": lease.id, **of, "status": status})

    def next(self, within):
        try:
            return self.heard.get(timeout=max(within, 0.0))
        except queue.Empty:
            return None, None

    def ask(self, data, patience, aside=lambda kind, data: None):
        """Asks, and gives the answer; None where none comes. What decides nothing is asked again, by the same name. What else is heard goes aside."""
        request = {"request_id": str(uuid.uuid4()), **data}
        end, again, last = now() + patience, 0.0, None
        while (at := now()) < end:
            if at >= again:
                self.publish("request", request)
                again = at + AGAIN_S
            kind, heard = self.next(min(again, end) - at)
            if kind == "refused":
                sys.exit(f"the broker refuses us: {heard}")
            if kind == "response" and heard.get("request_id") == request["request_id"]:
                if undecided(heard):
                    again, last = now() + max(heard.get("retry_after_s") or 0.0, 1.0), heard
                # One that is queued is answered again.
                elif heard.get("code") != "queued":
                    return heard
            elif kind:
                aside(kind, heard)
        return last


class Lease:
    """A lease as it was told last. States are in the order of epoch and seq: an older one changes nothing."""

    def __init__(self, lease):
        self.id, self.state, self.epoch = lease["lease_id"], lease, lease.get("epoch", 0)
        # What its job knows: up to which state, what it may draw, from when on where that is to come; and since when the lease says something else.
        self.known, self.w, self.start, self.differs, self.expired = lease.get("seq", 0), lease["w"], None, None, False

    def take(self, lease):
        order = lambda of: (of.get("epoch", 0), of.get("seq", 0))
        if isinstance(lease, dict) and lease.get("lease_id") == self.id and order(lease) >= order(self.state):
            self.state = lease
            self.follow()

    def follow(self):
        """What is known goes through the steps of its schedule: nobody tells of those. What it keeps where nobody renewed it is less than those say."""
        epoch, seq = self.state.get("epoch", 0), self.state.get("seq", 0)
        if epoch > self.epoch > 0 and seq < self.known:
            # A service that has lost the last states counts them anew.
            self.known = max(seq - 1, 0)
        self.epoch = max(epoch, self.epoch)
        if self.state.get("seq", 0) == self.known and not self.expired:
            self.w = self.state["w"] if self.start is None else self.level(self.start)
            self.start = None if self.w == self.state["w"] else self.start

    def level(self, at):
        """What its schedule has at an instant (W)."""
        steps = self.state.get("schedule") or [{"start": at, "w": self.state["w"]}]
        begun = [of["w"] for of in steps if instant(of["start"]) <= instant(at)]
        return begun[-1] if begun else steps[0]["w"]

    def past(self, notice):
        """Another notice has said since what may be drawn, or it says `stop` of a lease that goes on: it comes late, or is told again after a start."""
        seq = notice.get("seq")
        if notice.get("kind") not in POWER or not isinstance(seq, int):
            return False
        return seq < self.known or (notice["kind"] == "stop" and seq < self.state.get("seq", 0) and self.state["w"] > 0)

    def hear(self, notice):
        """Its job is told a notice. False for news, which changes nothing: an answer to it could be taken for one to a cut."""
        seq, power = notice.get("seq") or 0, notice.get("kind") in POWER
        if power and seq > self.known:
            step = (notice.get("new_schedule") or [{}])[0]
            self.known, self.w, self.start = seq, step.get("w", self.w), notice.get("effective_at")
            self.expired = notice.get("reason") == "expired"
        elif not power and seq == self.known + 1:
            self.known = seq
        self.follow()
        return power

    def missed(self):
        """What it may draw now (W) where its job was told something else, and no notice of that comes: it was told while nobody heard. Once."""
        comes = self.start is not None and self.level(self.start) == self.w
        if self.state.get("seq", 0) <= self.known or self.state["w"] == self.w or comes:
            self.differs = None
            return None
        self.differs = self.differs or now()
        if now() - self.differs < SETTLES_S:
            return None
        self.w, self.start, self.differs, self.expired = self.state["w"], None, None, False
        return self.w

    def named(self, op):
        return {"op": op, "lease_id": self.id, "epoch": self.state["epoch"]}


class Job:
    """A job that has a lease until it is told to stop."""

    def __init__(self, args):
        self.args, self.client, self.lease, self.stop = args, Client(args), None, False
        self.until, self.alone = 0.0, False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.asked_to_stop)

    def asked_to_stop(self, *_):
        self.stop = True

    def acquire(self):
        args = self.args
        wish = {
            "op": "acquire",
            "domain": args.domain,
            "power": {"want_w": args.want, "min_w": args.want if args.min is None else args.min},
            "class": args.kind,
            "flex": {"floor_w": args.floor},
            "accept": {"partial": args.min is not None, "wait_s": args.wait},
            "ttl_s": args.ttl,
            "on_expiry": args.on_expiry,
            "job": args.job,
        }
        asked = now()
        answer = self.client.ask(wish, PATIENCE_S + args.wait)
        if answer is None:
            say(event="no answer")
            return 69
        if not isinstance(answer.get("lease"), dict):
            say(event="refused", code=answer.get("code"), reason=answer.get("reason"), retry_after_s=answer.get("retry_after_s"))
            return 75 if answer.get("code") in ("retry", "degraded") else 77
        self.lease = Lease(answer["lease"])
        self.until = asked + self.lease.state["ttl_s"]
        say(event="granted", lease=self.lease.id, w=self.lease.state["w"], code=answer["code"])
        return 0

    def aside(self, kind, data):
        if kind == "lease":
            self.lease.take(data)
        elif kind == "notice" and data.get("lease_id") == self.lease.id and not self.lease.past(data):
            say(event="notice", kind=data.get("kind"), schedule=data.get("new_schedule"), at=data.get("effective_at"))
            if self.lease.hear(data):
                self.acknowledge(data)
            self.stop = self.stop or data.get("kind") == "stop"

    def acknowledge(self, notice):
        # Here a real client makes its job draw what it may, before `effective_at`, and says so when it does.
        for status in ("accepted", "done"):
            self.client.acknowledge(self.lease, status, notice)

    def look(self):
        """What was told while nobody heard it stands in the lease. While more is to be heard its notice may come."""
        had = self.lease.w
        w = self.lease.missed() if not self.alone and self.client.heard.empty() else None
        if w is not None:
            say(event="missed", w=w)
            # What gives back answers no cut: it could be taken for an answer to one to come.
            if w < had:
                self.acknowledge({"seq": self.lease.state["seq"]})

    def renew(self):
        # Time counts from when it was asked for. While it still runs nobody waits beyond it.
        asked = now()
        patience = PATIENCE_S if self.until <= asked else min(PATIENCE_S, self.until - asked)
        answer = self.client.ask({**self.lease.named("renew"), "ttl_s": self.args.ttl}, patience, self.aside)
        code = answer.get("code") if answer else "no answer"
        if answer:
            self.lease.take(answer.get("lease"))
            # The service has started anew: what it says of the lease holds, and the next renewal names its generation.
            if code == "conflict" and isinstance(answer.get("epoch"), int):
                self.lease.state["epoch"] = answer["epoch"]
        say(event="renewed", code=code, epoch=self.lease.state["epoch"])
        if code == "granted":
            self.until = asked + self.lease.state["ttl_s"]
            if self.alone:
                self.alone = False
                # Here a real client lets its job draw what the lease says now, which may be no more than its floor.
                self.lease.w, self.lease.start = self.lease.state["w"], None
                say(event="back", w=self.lease.w)
        # Gone: nothing is lent any more, and the job must not draw it.
        self.stop = self.stop or code in ("expired", "unknown_lease")
        return code == "conflict"

    def act(self):
        """Nobody has renewed the lease for its time to live: the job comes down by itself, once."""
        self.alone, state = True, self.lease.state
        do = state.get("on_expiry", "floor")
        # Here a real client makes its job draw no more than this, pause or stop. It goes on asking.
        say(event="alone", do=do, w=min(state["floor_w"], state["w"]) if do == "floor" else 0)

    def hold(self):
        """Renews after a third of the time to live, a tenth of that sooner or later, so that many do not come at once."""
        every = self.args.renew_every or self.lease.state["ttl_s"] / 3
        # Of what was waited for nobody knows since when it lives.
        due = now() + (0 if self.args.wait else every * random.uniform(0.9, 1.1))
        while not self.stop:
            kind, data = self.client.next(min(due - now(), 0.2))
            if kind:
                self.aside(kind, data)
            self.look()
            if now() >= due:
                again = self.renew()
                due = now() + (0 if again else every * random.uniform(0.9, 1.1))
            if now() >= self.until and not self.alone and not self.stop:
                self.act()

    def release(self):
        for _ in range(2):
            answer = self.client.ask(self.lease.named("release"), PATIENCE_S, self.aside)
            if not (answer and answer.get("code") == "conflict" and isinstance(answer.get("epoch"), int)):
                break
            self.lease.state["epoch"] = answer["epoch"]
        say(event="released", code=answer.get("code") if answer else "no answer: its time to live ends it")
        self.client.line.disconnect()
        self.client.line.loop_stop()


def main():
    job = Job(arguments())
    code = job.acquire()
    if code == 0:
        job.hold()
        job.release()
    return code


if __name__ == "__main__":
    sys.exit(main())
