"""doctor before init, and its support bundle: complete, private, and without a secret or a value."""

import json
import resource
import socket
import subprocess
import tarfile

import pytest

from canaries import leaks, node_secrets
from federation import ENTENTE, bundle_file, indicator, run

VALUE, NAME = "canary-value-b0n7.example", "canary name of an object b0n7"
MEMBERS = {"software.json", "doctor.json", "entente.toml", "status.json", "metrics.txt", "readyz.txt", "limits.txt",
           "fsck.json", "entented.log", "README.txt"}


def before(*words, check=None, **options):
    done = run("doctor", "--pre", "--json", *words, check=check, **options)
    return {row["what"]: row for row in json.loads(done.stdout)["checks"]}, done.returncode


def finding(found, part):
    (row,) = [row for what, row in found.items() if part in what]
    return row


def test_pre_looks_at_the_whole_machine_and_needs_no_node(tmp_path):
    found, code = before("--node", tmp_path / "new")
    assert {row["group"] for row in found.values()} >= {"program", "machine", "folder", "ports"}
    for part in ("the daemon is ", "libsodium's version", "kernel ", "random numbers", "of memory available",
                 "file descriptors", "clock", "free on the store's disk", "peer port 7443", "metrics port 9464",
                 "takes new files"):
        assert finding(found, part)
    assert code == (1 if any(row["result"] == "failure" for row in found.values()) else 0)
    assert all(row["hint"] for row in found.values() if row["result"] != "ok")
    assert not (tmp_path / "new").exists()
    shown = run("doctor", "--pre")
    assert b"checks, " in shown.stdout and b"machine" in shown.stdout


def test_pre_names_each_thing_that_is_wrong(tmp_path):
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        closed = f"127.0.0.1:{listener.getsockname()[1]}"
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "file").touch()
        done = subprocess.run([ENTENTE, "doctor", "--pre", "--json", "--node", tmp_path / "full", "--dial", closed,
                               "--dial", "no-such-host.invalid:7443", "--dial", "nonsense"], capture_output=True,
                              preexec_fn=few)
    found = {row["what"]: row for row in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert finding(found, "file descriptors")["result"] == "warning"
    assert finding(found, "is not empty")["result"] == "failure"
    assert finding(found, closed)["result"] == "failure"
    assert "name" in finding(found, "no-such-host.invalid")["what"]
    assert "host:port" in finding(found, "nonsense")["what"]


def test_pre_tells_a_taken_port_and_one_that_answers(tmp_path):
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", 7443))
        except OSError:
            pass  # taken by somebody else: the same to doctor
        else:
            listener.listen()
        found, _ = before("--dial", "127.0.0.1:7443")
    assert finding(found, "peer port 7443 is taken")["result"] == "warning"
    assert finding(found, "127.0.0.1:7443 answers")["result"] == "ok"


@pytest.mark.parametrize("words", [["--pre", "--bundle", "f"], ["--dial", "h:1"], ["--bundle", ""]])
def test_options_that_do_not_go_together_are_usage(words):
    assert run("doctor", *words).returncode == 2


def members(path):
    with tarfile.open(path) as tar:
        return {member.name: (member, tar.extractfile(member).read()) for member in tar}


def test_O81_the_bundle_helps_and_holds_no_secret_value_name_or_host(make_node, tmp_path):
    norlandia = make_node("cert.norlandia", nation="XN", init_args=("--address", "gateway.internal.example:7443"))
    estovia = make_node("cert.estovia", nation="XE")
    secrets = {**node_secrets(norlandia), **node_secrets(estovia)}
    config = norlandia.dir / "entente.toml"
    config.write_text(config.read_text() + "# the passphrase is " + secrets["passphrase"].decode() + "\n")
    norlandia.start(), estovia.start()
    norlandia.accept(estovia)
    things = [indicator(value=VALUE, name=NAME, tlp="GREEN"), indicator(value=VALUE, name=NAME)]
    norlandia.publish(bundle_file(tmp_path / "things.json", things))
    path = tmp_path / "support.tar"
    told = norlandia.json("doctor", "--bundle", path)
    found = members(path)
    assert set(told["members"]) == set(found) == MEMBERS
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(member.mode == 0o600 and member.isreg() for member, _ in found.values())
    content = {"value": VALUE.encode(), "name": NAME.encode(), "id": things[0]["id"].encode(),
               "host": b"gateway.internal.example"}
    assert leaks([(name, text) for name, (_, text) in found.items()], {**secrets, **content}) == []
    assert json.loads(found["status.json"][1])["name"] == "cert.norlandia"
    assert json.loads(found["fsck.json"][1]) == {"ok": True, "records": json.loads(found["status.json"][1])["journal_seq"],
                                                "problems": {}}
    assert b"entente_objects_total" in found["metrics.txt"][1] and b"ready" in found["readyz.txt"][1]
    assert b'peer_address = "redacted-1:7443"' in found["entente.toml"][1]
    assert {row["group"] for row in json.loads(found["doctor.json"][1])["checks"]} >= {"daemon", "machine"}
    assert all(json.loads(line) for line in found["entented.log"][1].splitlines())


def test_no_address_or_host_remains_in_any_member_and_each_has_one_name(make_node, tmp_path):
    node = make_node("cert.norlandia", init_args=("--address", "gateway.internal.example:7443"))
    peers = [make_node("cert.estovia", nation="XE", init_args=("--address", "lonelyhost:7443")),
             make_node("cert.volt", nation="XV", init_args=("--address", "198.51.100.77:7443"))]
    node.start()
    for peer in peers:
        node.accept(peer)
    with open(node.dir / "entented.log", "a") as log:  # as a connection's log would say it
        log.write('{"message":"from 203.0.113.9 and [2001:db8::77]:51234, for Gateway.internal.example"}\n'
                  '{"message":"to lonelyhost:7443, 198.51.100.77, once.elsewhere.example:9"}\n')
    path = tmp_path / "support.tar"
    node.cli("doctor", "--bundle", path, check=0)
    found = {name: text.decode() for name, (_, text) in members(path).items()}
    for host in ("gateway.internal", "lonelyhost", "198.51.100.77", "203.0.113.9", "2001:db8", "once.elsewhere"):
        assert [name for name, text in found.items() if host in text.lower()] == [], host
    lines = [json.loads(line).get("message", "") for line in found["entented.log"].splitlines()]
    assert lines[-2].endswith("for redacted-1") and 'peer_address = "redacted-1:7443"' in found["entente.toml"]
    assert "cert.estovia" in found["status.json"] and "127.0.0.1" in found["doctor.json"]


def test_the_bundle_is_made_of_a_stopped_node_and_overwrites_nothing(make_node, tmp_path):
    node = make_node("cert.norlandia")
    path = tmp_path / "support.tar"
    node.cli("doctor", "--bundle", path, check=0)
    found = members(path)
    assert set(found) == MEMBERS - {"status.json", "metrics.txt", "readyz.txt", "limits.txt", "fsck.json"}
    assert b"status.json: no daemon runs" in found["README.txt"][1]
    written = path.read_bytes()
    refused = node.cli("doctor", "--bundle", path, check=1)
    assert b"CONFLICT" in refused.stderr and path.read_bytes() == written
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert node.cli("doctor", "--bundle", tmp_path / "link").returncode == 1
    assert not (tmp_path / "elsewhere").exists()
    absent = node.cli("doctor", "--bundle", tmp_path / "no" / "file", check=1)
    assert b"STORE_IO" in absent.stderr
