"""Real daemons on loopback for functional tests: make them, peer them, ask them, kill them."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import uuid

import ports

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ENTENTE_BIN", ROOT / "build/release/bin"))
TEST_BIN = BIN.parent / "tests"
CORPORA = ROOT.parent / "shared/data"
ENTENTE = str(BIN / "entente")
PATIENCE = 30.0


def wait_for(condition, what, patience=PATIENCE):
    """Waits until condition() is truthy and returns its value; fails naming `what` when patience runs out."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s in vain for: {what}")
        time.sleep(0.02)  # the poll interval of a condition, not a guess at how long something takes


def run(*args, check=None, stdin=None, timeout=120, env=None, cwd=None):
    """Runs the CLI; returns the finished process. `check` is the exit code demanded."""
    done = subprocess.run([ENTENTE, *map(str, args)], input=stdin, capture_output=True, timeout=timeout, cwd=cwd,
                          env={**os.environ, **(env or {})})
    if check is not None:
        assert done.returncode == check, (
            f"entente {' '.join(map(str, args))}: exit {done.returncode}, wanted {check}\n"
            f"stdout: {done.stdout[-2000:].decode(errors='replace')}\nstderr: {done.stderr[-2000:].decode(errors='replace')}")
    return done


class Node:
    """One node: its folder, its daemon process, and its command line."""

    def __init__(self, folder, name, kind="cert", nation="XN", init_args=(), copy_of=None):
        self.dir, self.name, self.kind, self.nation = pathlib.Path(folder), name, kind, nation
        self.process = None
        if copy_of:
            shutil.copytree(copy_of.dir, self.dir)
            self.facts = {**copy_of.facts, "folder": str(self.dir), "card": str(self.dir / f"{name}.card")}
            return
        done = run("init", "--node", self.dir, "--name", name, "--kind", kind, "--nation", nation, "--listen", ports.next_address(),
                   "--metrics", ports.next_address(), "--root-cost", "daemon", "--json", *init_args, check=0)
        self.facts = json.loads(done.stdout)

    @property
    def fingerprint(self):
        return self.facts["fingerprint"]

    @property
    def card(self):
        return self.facts["card"]

    def start(self, wait=True, preexec=None, env=None, prefix=()):
        self.output = open(self.dir / "test-output.txt", "ab")
        self.process = subprocess.Popen([*prefix, ENTENTE, "run", "--node", str(self.dir)], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.output, preexec_fn=preexec,
                                        env={**os.environ, **(env or {})})
        if wait:
            wait_for(self.answers, f"{self.name} to answer")
        return self

    def answers(self):
        if self.process and self.process.poll() is not None:
            raise AssertionError(f"{self.name} exited {self.process.returncode}: {self.said()[-1500:]}")
        return self.cli("status", "--json").returncode == 0

    def said(self):
        path = self.dir / "test-output.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, patience=10):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(patience)
        return self.process.returncode if self.process else None

    def cli(self, command, *args, **options):
        words = command.split()
        return run(*words, "--node", self.dir, *args, **options)

    def json(self, command, *args, check=0, **options):
        return json.loads(self.cli(command, *args, "--json", check=check, **options).stdout.decode().splitlines()[-1])

    def status(self):
        return self.json("status")

    def publish(self, path, *args, check=0):
        return self.json("publish", str(path), *args, check=check)

    def get_raw(self, object_id, *args):
        return self.cli("get", object_id, "--raw", *args, check=0).stdout

    def explain(self, object_id, peer):
        return self.json("explain", object_id, "--peer", peer)

    def accept(self, other, *args):
        return self.cli("peer add", other.card, "--fingerprint", other.fingerprint, "--nation", other.nation, "--kind",
                        other.kind, *args, check=0)

    def peer(self, name):
        return next(p for p in self.status()["peers"] if p["name"] == name)

    def session_up(self, name):
        wait_for(lambda: self.peer(name)["state"] == "up", f"{self.name}'s session with {name}")

    def drained(self, name, patience=PATIENCE):
        wait_for(lambda: self.peer(name)["lag_objects"] == 0, f"{self.name}'s outbox for {name} to drain", patience)

    def metrics(self):
        import urllib.request
        url = f"http://{self.facts['metrics_listen']}/metrics"
        values = {}
        for line in urllib.request.urlopen(url, timeout=10).read().decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def readyz(self):
        """(status, body) of /readyz."""
        import urllib.error
        import urllib.request
        try:
            answer = urllib.request.urlopen(f"http://{self.facts['metrics_listen']}/readyz", timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.read().decode()

    def rss_kib(self):
        for line in open(f"/proc/{self.daemon_pid()}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])

    def daemon_pid(self):
        return self.process.pid

    def fsck(self):
        done = self.cli("fsck", "--json")
        return json.loads(done.stdout), done.returncode


def peer_both_ways(a, b, a_args=(), b_args=()):
    """a and b accept each other and hold a session."""
    a.accept(b, *a_args)
    b.accept(a, *b_args)
    a.session_up(b.name)
    b.session_up(a.name)


TLP2 = {"CLEAR": "94868c89-83c2-464b-929b-a1a8aa3c8487", "GREEN": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "AMBER": "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
        "RED": "e828b379-4e03-4974-9ac4-e53a884c97c1"}


def indicator(value=None, tlp=None, object_id=None, modified="2026-01-02T03:04:05.678Z", **extra):
    """One STIX indicator; documentation names only."""
    object_id = object_id or f"indicator--{uuid.uuid4()}"
    value = value or f"{uuid.uuid4().hex}.example"
    out = {"type": "indicator", "spec_version": "2.1", "id": object_id, "created": "2026-01-02T03:04:05.678Z",
           "modified": modified, "name": "test indicator", "pattern": f"[domain-name:value = '{value}']",
           "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}
    if tlp:
        out["object_marking_refs"] = [f"marking-definition--{TLP2.get(tlp, tlp)}"]
    return {**out, **extra}


def bundle_file(path, objects):
    """Writes a bundle and returns its path. Objects may be dicts or exact JSON texts."""
    texts = [o if isinstance(o, str) else json.dumps(o) for o in objects]
    pathlib.Path(path).write_text('{"type": "bundle", "id": "bundle--%s", "objects": [%s]}' %
                                  (uuid.uuid4(), ",\n".join(texts)))
    return path
