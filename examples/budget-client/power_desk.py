#!/usr/bin/env python3
"""Power for Kueue and Volcano: an HTTP server on loopback that answers what they ask from the leases of power that it has asked wattloop for.

It shows what docs/schedulers.md says of both, to be read and taken apart. It is written by the contracts of Kueue's AdmissionCheckState and of Volcano's
extender plugin, and tested with shapes that follow their published types, not in clusters. Nobody waits here: what is not known yet is asked for, and the next
question finds its answer. A job says its power in annotations: `wattloop/pod-w` of the pods of a Workload's pod sets (W of each), `wattloop/want-w` of a
PodGroup (W of all; `wattloop/wait-s`: how long it waits in wattloop's queue); `wattloop/domain` where it is not --domain. Needs paho-mqtt 2, as budget_client.py does.

    python3 power_desk.py --broker 10.0.0.7 --user kueue --password-file /etc/wattloop/kueue.password --site hall --domain pdu-a1 --listen 8472

    POST /kueue/NAME                a Workload (v1beta1, v1beta2): the state that the check of this name shall have; 204: as it is
    POST /volcano/jobEnqueueable    and jobReady, queueOverused, preemptable, onSessionOpen: extender.urlPrefix is http://127.0.0.1:8472/volcano
"""

import argparse
import datetime
import http.server
import json
import math
import sys
import threading
import uuid

from budget_client import AGAIN_S, PATIENCE_S, SETTLES_S, Client, Lease, now, reach, say, undecided

LOOK_S = 10.0  # a request that waits is said again: its answer may have been lost
AGAIN_LATER_S = 60.0  # where nobody says when to ask again
MEND_S = 600.0  # what is invalid by our own fault is tried again after so long, and says so
NAMES = 1000  # so many names of a job's requests are looked for among what the broker keeps
NEVER = math.inf


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reach(parser)
    parser.add_argument("--domain", required=True, help="where jobs run that do not say it: a feed, a rack or a node")
    parser.add_argument("--ttl", type=float, default=300.0)
    parser.add_argument("--listen", type=int, default=8472, help="on 127.0.0.1")
    return parser.parse_args()


class Job:
    """What one job has asked for, and what came of it."""

    def __init__(self, key, wish, queue):
        self.key, self.wish, self.queue, self.episode = key, wish, queue, None
        self.attempt, self.lease, self.answer, self.told = 0, None, {}, None
        self.op, self.request, self.asked, self.due, self.until = None, None, 0.0, 0.0, NEVER
        self.again, self.returning, self.sought = NEVER, False, False

    def code(self):
        return self.answer.get("code")

    def lease_id(self):
        said = self.answer.get("lease") or {}
        return self.lease.id if self.lease else self.answer.get("lease_id") or said.get("lease_id")

    def lives(self):
        return self.lease is not None and self.told is None and not self.returning

    def refused(self, after):
        """Sleeps until its scheduler asks again; with another name then, for what was answered once is answered alike for a day."""
        self.attempt, self.request, self.due, self.again = self.attempt + 1, None, NEVER, now() + after

    def wakes(self):
        self.answer, self.due, self.again = {}, 0.0, NEVER

    def gives_back(self):
        """It is not wanted any more: what has not been lent yet is taken back, too."""
        if not self.returning:
            self.returning, self.request, self.due = True, None if self.lease_id() else self.request, 0.0


class Desk:
    """Every job, by its key. One thread speaks to the service; those who ask by HTTP look here and wait for nobody."""

    def __init__(self, args):
        self.args, self.client, self.jobs, self.lock = args, Client(args), {}, threading.RLock()
        # Leases that the broker keeps and no job here has: from before our own start. And until when they come.
        self.kept, self.ready = {}, None

    def pulse(self):
        kind, data = self.client.next(0.1)
        with self.lock:
            if self.ready is None and self.client.line.is_connected():
                self.ready = now() + SETTLES_S
            if kind == "refused":
                sys.exit(f"the broker refuses us: {data}")
            for job in [job for job in self.jobs.values() if kind == "response" and job.request == data.get("request_id")]:
                self.answered(job, data)
            if kind == "lease":
                self.keep(data)
            for job in self.jobs.values():
                if job.lease and kind == "lease":
                    job.lease.take(data)
                if job.lease and kind == "notice" and job.lease.id == data.get("lease_id"):
                    self.noticed(job, data)
            for job in list(self.jobs.values()):
                self.look(job)
                self.due(job)

    def keep(self, lease):
        ours = any(job.lease and job.lease.id == lease.get("lease_id") for job in self.jobs.values())
        if not ours and lease.get("request_id"):
            self.kept[lease["request_id"]] = lease.get("lease_id")

    def name(self, job):
        """By its name a request is known again after a start of ours."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.args.site}/{self.args.user}/{job.key}/{job.attempt}"))

    def seek(self, job):
        """A job may have asked before our own start, and been refused some times: by the name under which it has a lease it asks at once. False while what the broker keeps is still to be heard."""
        if job.sought or self.ready is None or now() < self.ready:
            return job.sought
        for attempt in range(NAMES if self.kept else 0):
            job.attempt = attempt
            if self.kept.pop(self.name(job), None):
                break
        else:
            job.attempt = 0
        job.sought = True
        return True

    def look(self, job):
        """A pause that was told while we did not hear stands in its lease, and so does its end. While more is to be heard its notice may come."""
        counts = job.lease and job.told not in ("unrenewed", "lost") and self.client.heard.empty()
        had = job.lease.w if counts else 0.0
        w = job.lease.missed() if counts else None
        if w is not None:
            job.told = None if w else "missed"
            # What gives back answers no cut: it could be taken for an answer to one to come.
            if w < had:
                self.client.acknowledge(job.lease, "accepted", {"seq": job.lease.state["seq"]})
            say(event="missed", job=job.key, w=w)

    def due(self, job):
        at = now()
        if job.lease and at >= job.until and job.told is None:
            # Nobody has renewed it for its time to live: it counts as lent no more, whoever says so.
            job.told = "unrenewed"
            say(event="alone", job=job.key)
        if at < job.due or not self.client.line.is_connected():
            return
        lease = job.lease_id()
        if job.returning and not lease and job.answer:
            del self.jobs[job.key]
            return
        job.op = "release" if job.returning and lease else "renew" if job.lease else "acquire"
        if job.op == "acquire" and not self.seek(job):
            return
        # Time counts from when it was asked for.
        if job.op == "renew" or job.request is None:
            job.request = self.name(job) if job.op == "acquire" else str(uuid.uuid4())
            job.asked = at
        said = job.wish if job.op == "acquire" else {"lease_id": lease}
        self.client.publish("request", {"request_id": job.request, "op": job.op, **said})
        job.due = at + AGAIN_S

    def answered(self, job, answer):
        code, after = answer.get("code"), answer.get("retry_after_s") or AGAIN_LATER_S
        if job.op == "renew":
            self.renewed(job, code, answer)
        elif undecided(answer):
            # Not looked at: what was asked for before may have been done, and stands as it was. The same is said again, by its name.
            job.due = now() + max(after, 1.0)
        elif job.op == "release":
            if code in ("granted", "expired", "unknown_lease", "invalid"):
                del self.jobs[job.key]
        else:
            say(event="answered", job=job.key, code=code, reason=answer.get("reason"))
            self.acquired(job, code, answer, after)

    def acquired(self, job, code, answer, after):
        job.answer, lease = answer, answer.get("lease") or {}
        if job.returning:
            job.request, job.due = None, 0.0
        elif lease.get("state") in ("held", "grace", "floored"):
            # Whoever is lent something holds it, `degraded` or not. Of what was asked for before nobody knows since when it lives: it is renewed at once.
            self.holds(job, lease, max(job.asked + lease["ttl_s"], now() + PATIENCE_S))
        elif code == "queued":
            job.due = now() + LOOK_S
        elif code in ("granted", "granted_partial", "expired", "conflict"):
            # It has had a lease, which is over, or wants something else by now.
            job.refused(0.0)
            job.wakes()
        else:
            job.refused(after if code in ("retry", "degraded") else MEND_S)

    def holds(self, job, lease, until):
        self.kept.pop(self.name(job), None)
        paused = "paused" if job.wish["power"]["want_w"] and not lease["w"] else None
        job.lease, job.told, job.until, job.request, job.due = Lease(lease), paused, until, None, 0.0

    def renewed(self, job, code, answer):
        job.request = None
        if code == "granted":
            job.lease.take(answer.get("lease"))
            ttl = job.lease.state["ttl_s"]
            job.until, job.due = job.asked + ttl, now() + ttl / 3
            job.told = None if job.told == "unrenewed" else job.told
        elif code in ("expired", "unknown_lease"):
            job.told, job.due = "lost", NEVER
            say(event="lost", job=job.key)
        else:
            job.due = now() + min(answer.get("retry_after_s") or 2.0, 10.0)

    def noticed(self, job, notice):
        if job.lease.past(notice):
            return
        if notice.get("kind") in ("pause", "stop"):
            job.told = notice.get("reason") or notice["kind"]
        elif notice.get("kind") == "restore":
            job.told = None
        if job.lease.hear(notice):
            self.client.acknowledge(job.lease, "accepted", notice)
        say(event="notice", job=job.key, kind=notice.get("kind"))


def theirs(desk, job):
    """Whether what is invalid stands in what the job said, and not in how we ask or where we were told that jobs run."""
    text, place = (job.answer.get("reason") or {}).get("text") or "", job.wish["domain"]
    places = [place] if isinstance(place, str) else [of["domain"] for of in place]
    words = ["power"] + (["domain", *places] if places != [desk.args.domain] else [])
    return any(f"`{word}" in text for word in words)


def why(answer):
    reason = answer.get("reason") or {}
    return f"power: {answer.get('code')}: {reason.get('code')} {reason.get('domain') or ''}: {reason.get('text')}"[:1024]


def power(annotations, key, count=1):
    """W that annotations say; None where they say none. What is no number is sent as it is, and refused by its name."""
    said = (annotations or {}).get(f"wattloop/{key}")
    try:
        return None if said is None else float(said) * count
    except ValueError:
        return said


def wish(args, name, scheduler, watts, domain):
    # The name is for people, and cut to what the contract takes in any case: nobody's job fails for a long one.
    job = {"scheduler": scheduler, "name": name.encode("ascii", "replace").decode()[:120]}
    place = {"domain": domain or args.domain, "power": {"want_w": watts}, "ttl_s": args.ttl, "job": job}
    # Both schedulers can take a job off its nodes and bring it back.
    return {**place, "class": "interruptible", "on_expiry": "stop"}


def kueue(desk, check, workload):
    """The state of our check, as a controller writes it; None: as it is."""
    meta, status = workload["metadata"], workload.get("status", {})
    state = next((of for of in status.get("admissionChecks", []) if of["name"] == check), None)
    if state is None:
        return None
    over = [of["type"] for of in status.get("conditions", []) if of["status"] == "True"]
    gone = "Finished" in over or meta.get("deletionTimestamp")
    # Checks stand in a workload before it has quota: nothing is asked for by then.
    waits = "QuotaReserved" not in over or "Evicted" in over
    with desk.lock:
        job = desk.jobs.get("kueue/" + meta["uid"])
        if gone or waits or state["state"] in ("Retry", "Rejected"):
            if job and (gone or job.lease or job.code() in (None, "queued")):
                job.gives_back()
            return None
        asked = kueue_wish(desk.args, workload)
        if asked is None:
            return kueue_state(check, "Ready", "power: it says no `wattloop/pod-w`, and is not looked at")
        job = job or kueue_job(desk, state, "kueue/" + meta["uid"], asked)
        if job.returning:
            return None
        # A check that is pending anew is asked for anew: Kueue has waited, and one that does not is held back a little.
        episode = (state.get("retryCount"), state.get("lastTransitionTime"))
        if state["state"] == "Pending" and job.episode != episode:
            if job.episode is not None and now() < job.asked + LOOK_S:
                return None
            if job.episode is not None:
                job.wakes()
            job.episode = episode
        if job.told:
            job.gives_back()
            return kueue_state(check, "Retry", f"power: {job.told}", AGAIN_LATER_S)
        if state["state"] == "Ready":
            return None
        if job.lives():
            return kueue_ready(check, job, workload)
        return kueue_refused(desk, check, job) if job.answer else None


def kueue_wish(args, workload):
    """What its pods want; None where they say nothing."""
    sets = workload["spec"]["podSets"]
    notes = [(of["count"], of["template"].get("metadata", {}).get("annotations") or {}) for of in sets]
    said = [(note.get("wattloop/domain") or args.domain, w) for count, note in notes if (w := power(note, "pod-w", count)) is not None]
    if not said:
        return None
    wrong, places = next((w for _, w in said if isinstance(w, str)), None), {}
    # Each place has what its own pods want; several get all or nothing.
    for place, w in said:
        places[place] = places.get(place, 0.0) + (w if wrong is None else 0.0)
    domain = said[0][0] if len(places) == 1 else [{"domain": place, "w": w} for place, w in places.items()]
    name = f"{workload['metadata'].get('namespace')}/{workload['metadata'].get('name')}"
    return wish(args, name, "kueue", sum(places.values()) if wrong is None else wrong, domain)


def kueue_job(desk, state, key, asked):
    job = desk.jobs[key] = Job(key, asked, None)
    # After a start of ours: the lease of a job that runs stands in what we gave its pods.
    notes = [of.get("annotations") or {} for of in state.get("podSetUpdates") or []]
    lease = next((note["wattloop/lease"] for note in notes if note.get("wattloop/lease")), None)
    if state["state"] == "Ready" and lease:
        desk.holds(job, {"lease_id": lease, "ttl_s": desk.args.ttl, "w": asked["power"]["want_w"]}, now() + PATIENCE_S)
    return job


def kueue_state(check, state, message, after=None):
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {"name": check, "state": state, "message": message, "lastTransitionTime": at}
    # Without it Kueue tries again at once.
    return said if after is None else {**said, "requeueAfterSeconds": max(1, math.ceil(after))}


def kueue_ready(check, job, workload):
    lease = job.lease.state
    wanted = job.wish["power"]["want_w"]
    updates = []
    for of in workload["spec"]["podSets"]:
        each = power(of["template"].get("metadata", {}).get("annotations"), "pod-w")
        # Only new keys: Kueue fails a workload whose annotations are changed by a check.
        notes = {"wattloop/lease": lease["lease_id"]}
        if each is not None:
            notes["wattloop/granted-pod-w"] = f"{each * min(1.0, lease['w'] / wanted) if wanted else 0.0:.0f}"
        updates.append({"name": of["name"], "annotations": notes})
    said = kueue_state(check, "Ready", f"power: {lease['w']:.0f} W by lease {lease['lease_id']}")
    return {**said, "podSetUpdates": updates}


def kueue_refused(desk, check, job):
    code, answer = job.code(), job.answer
    if code == "queued" and answer.get("earliest_start"):
        return kueue_state(check, "Pending", f"power: it begins at {answer['earliest_start']} at the earliest")
    if code == "queued":
        job.gives_back()
    if code == "denied" or (code == "invalid" and theirs(desk, job)):
        return kueue_state(check, "Rejected", why(answer))
    if code == "invalid":
        return kueue_state(check, "Retry", f"not this job's fault, see the desk's log: {why(answer)}", MEND_S)
    return kueue_state(check, "Retry", why(answer), answer.get("retry_after_s") or AGAIN_LATER_S)


def volcano_job(desk, info):
    """A job of Volcano's; None where it says no power."""
    group = info.get("PodGroup") or {}
    notes = group.get("metadata", {}).get("annotations") or {}
    watts = power(notes, "want-w")
    if watts is None:
        return None
    asked = wish(desk.args, f"{info.get('Namespace')}/{info.get('Name')}", "volcano", watts, notes.get("wattloop/domain"))
    # It waits in wattloop's queue, and is not refused for want of room, unless it says otherwise.
    wait = power(notes, "wait-s")
    asked["accept"] = {"wait_s": 3600.0 if wait is None else wait}
    key = f"volcano/{info['UID']}/{info.get('PgUID')}"
    job = desk.jobs.setdefault(key, Job(key, asked, info.get("Queue")))
    if job.code() in ("retry", "degraded", "invalid") and now() >= job.again:
        job.wakes()
    if job.told not in (None, "unrenewed") and group.get("status", {}).get("phase") in (None, "", "Pending"):
        # It was evicted, and asks anew.
        job.gives_back()
    return job


def volcano(desk, verb, asked):
    with desk.lock:
        if verb in ("jobEnqueueable", "jobReady"):
            job = volcano_job(desk, asked["job"])
            if verb == "jobReady":
                return {"status": job is None or job.lives()}
            return {"status": 0 if job is None else 1 if job.lives() else -1}
        if verb == "queueOverused":
            queue = asked["queue"]["Name"]
            reasons = [(job.answer.get("reason") or {}).get("code") for job in desk.jobs.values() if job.queue == queue and not job.lease]
            return {"overused": any(reason in ("share", "quota") for reason in reasons)}
        if verb == "preemptable":
            told = {job.key.rsplit("/", 1)[0] for job in desk.jobs.values() if job.told}
            victims = [task for task in asked["evictees"] if f"volcano/{task.get('Job')}" in told]
            # With nobody to name we say nothing: a permission without victims would spare all others.
            return {"status": 1 if victims else 0, "victims": victims}
        if verb == "onSessionOpen":
            there = {f"volcano/{info['UID']}/{info.get('PgUID')}" for info in asked["Jobs"].values() if not over(info)}
            for job in desk.jobs.values():
                if job.key.startswith("volcano/") and job.key not in there:
                    job.gives_back()
            return {}
    raise KeyError(verb)


def over(info):
    return (info.get("PodGroup") or {}).get("status", {}).get("phase") == "Completed"


def server(desk, port):
    class Asked(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            try:
                asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                who, what = self.path.strip("/").split("/")
                answer = {"kueue": kueue, "volcano": volcano}[who](desk, what, asked)
                self.answer(204 if answer is None else 200, answer)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                # Whoever asks decides what that means: `extender.ignorable`, or a reconciliation that comes again.
                self.answer(400, {"error": repr(error)})

        def answer(self, code, said):
            body = b"" if said is None else json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return http.server.ThreadingHTTPServer(("127.0.0.1", port), Asked)


def main():
    args = arguments()
    desk = Desk(args)
    http_server = server(desk, args.listen)
    threading.Thread(target=http_server.serve_forever, daemon=True).start()
    say(event="listening", port=http_server.server_address[1])
    while True:
        desk.pulse()


if __name__ == "__main__":
    main()
