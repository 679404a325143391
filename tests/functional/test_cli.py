"""The command line itself: what is understood, what is refused by name, and what reaches the streams."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

from federation import ENTENTE, bundle_file, indicator, run, wait_for

COMMANDS = ["init", "run", "status", "doctor", "peer", "peer add", "peer show", "publish", "get", "search", "tail",
            "explain", "export", "import", "verify", "fsck", "demo", "demo up", "completion", "man", "version", "help"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_is_printed_in_both_ways(command):
    direct = run(*command.split(), "--help", check=0)
    assert f"Usage: entente {command} ".encode() in direct.stdout
    assert run("help", *command.split(), check=0).stdout == direct.stdout


def test_help_on_what_there_is_not_is_refused():
    for line, named in (("help publsh", b"'publsh'"), ("publsh --help", b"'publsh'"), ("peer ad --help", b"'ad'")):
        done = run(*line.split())
        assert done.returncode == 2 and done.stdout == b"" and named in done.stderr


def test_version_alone_is_the_programs_version():
    assert run("--version", check=0).stdout.startswith(b"entente ")
    for words in (["status", "--version"], ["--version", "status"], ["tail", "--version"]):
        done = run(*words)
        assert done.returncode == 2 and done.stdout == b"" and b"--version" in done.stderr


def test_get_takes_the_version_of_an_object(pair, tmp_path):
    norlandia, _ = pair
    old = indicator(tlp="CLEAR")
    new = {**old, "modified": "2026-05-05T00:00:00.000Z"}
    norlandia.publish(bundle_file(tmp_path / "two.json", [old, new]))
    for words in (["--version", old["modified"], old["id"]], [old["id"], "--version", old["modified"]]):
        assert norlandia.json("get", *words)["version"] == old["modified"]


def test_values_may_look_like_options_and_commands(pair, tmp_path):
    norlandia, _ = pair
    things = [indicator(tlp="CLEAR", name=name) for name in ("-x", "status", "--json")]
    path = tmp_path / "--tlp"
    bundle_file(path, things)
    for key in ("published", "unchanged"):
        done = run("publish", "--json", "--", "--tlp", cwd=tmp_path, check=0, env={"ENTENTE_NODE": str(norlandia.dir)})
        assert json.loads(done.stdout)[key] == 3
    for words in (["--", "-x"], ["status"], ["--", "--json"]):
        done = run("search", "--node", norlandia.dir, "--json", *words, check=0)
        assert len(json.loads(done.stdout)["matches"]) == 1, words
    refused = norlandia.cli("search", "-x", check=2)
    assert b"behind `--`" in refused.stderr


@pytest.mark.parametrize("words, named", [
    (["publish", "f.json", "--tlp", ""], "--tlp"),
    (["publish", "f.json", "--tlp="], "--tlp"),
    (["publish", "f.json", "--to", ""], "--to"),
    (["status", "--node", ""], "--node"),
    (["--node=", "status"], "--node"),
    (["search", ""], "VALUE"),
    (["get", "x", "--version", ""], "--version"),
    (["demo", "status", "--dir", ""], "--dir"),
])
def test_an_empty_value_is_refused_by_name(words, named):
    done = run(*words)
    assert done.returncode == 2 and named.encode() in done.stderr and b"empty" in done.stderr, done.stderr


def test_tail_of_nothing_says_what_to_give():
    done = run("tail", "-n", "0")
    assert done.returncode == 2 and b"-n" in done.stderr and b"--since" in done.stderr


def two_versions(node, tmp_path):
    """An accepted version and a newer one in quarantine."""
    old = indicator(tlp="GREEN")
    held = {**old, "modified": "2026-05-05T00:00:00.000Z", "object_marking_refs": [
        "marking-definition--11111111-1111-4111-8111-111111111111"]}
    node.publish(bundle_file(tmp_path / "two.json", [old, held]))
    return old, held


def test_get_of_a_quarantined_object_says_its_own_reason_and_exits_3(pair, tmp_path):
    norlandia, _ = pair
    old, held = two_versions(norlandia, tmp_path)
    done = norlandia.cli("get", held["id"], "--version", held["modified"], check=3)
    assert b"MARKING" in done.stderr and b"unknown marking id" in done.stderr and b"--tlp" not in done.stderr
    other = indicator()
    norlandia.publish(bundle_file(tmp_path / "bare.json", [other]))
    assert b"NO_LABEL" in norlandia.cli("get", other["id"], check=3).stderr
    norlandia.cli("get", old["id"], "--version", "2020-01-01T00:00:00Z", check=1)


def test_explain_speaks_of_the_newest_version_or_the_one_named(pair, tmp_path):
    norlandia, estovia = pair
    old, held = two_versions(norlandia, tmp_path)
    newest = norlandia.explain(old["id"], "cert.estovia")
    assert (newest["decision"], newest["reason"], newest["version"]) == ("quarantine", "MARKING", held["modified"])
    named = norlandia.json("explain", old["id"], "--peer", "cert.estovia", "--version", old["modified"])
    assert (named["decision"], named["version"]) == ("permit", old["modified"])
    norlandia.drained("cert.estovia")
    there = estovia.explain(old["id"], "cert.norlandia")
    assert there["decision"] == "deny" and "received from cert.norlandia" in there["recorded"]


def test_wait_is_for_those_that_this_publish_goes_to(pair, tmp_path):
    norlandia, estovia = pair
    estovia.stop()
    norlandia.publish(bundle_file(tmp_path / "backlog.json", [indicator(tlp="GREEN")]))
    norlandia.cli("publish", bundle_file(tmp_path / "home.json", [indicator(tlp="RED")]), "--wait", "30", check=0)
    path = bundle_file(tmp_path / "both.json", [indicator(tlp="GREEN")])
    late = norlandia.cli("publish", path, "--wait", "0", "--json", check=5)
    assert b"cert.estovia" in late.stderr and b"-1s" not in late.stderr and json.loads(late.stdout)["published"] == 1


def test_names_come_through_json_exactly_and_through_terminals_visibly(pair, tmp_path):
    norlandia, estovia = pair
    name = "\"q\" back\\slash ü 情報 \u202eabc\u200d \x1b[31m"
    thing = indicator(tlp="GREEN", name=name)
    norlandia.publish(bundle_file(tmp_path / "one.json", [thing]))
    norlandia.drained("cert.estovia")
    for node in (norlandia, estovia):
        assert node.json("get", thing["id"])["name"] == name
        shown = node.cli("get", thing["id"], check=0).stdout.decode()
        assert "\\u{202e}" in shown and "\\x1b" in shown and "\x1b" not in shown and "\u202e" not in shown
        assert "\u202e".encode() not in node.cli("tail", "--json", check=0).stdout


def test_every_fault_in_a_file_names_its_line_and_column_there(pair, tmp_path):
    norlandia, _ = pair
    good = json.dumps(indicator(tlp="CLEAR"))
    without_id = json.dumps({k: v for k, v in indicator().items() if k != "id"})
    path = tmp_path / "bad.json"
    path.write_text('{"type": "bundle",\n"objects": [\n' + good + ",\n  {\n    \"type\" 7},\n   " + without_id + "]}")
    faults = norlandia.publish(path, check=6)["notable"]
    assert "line 5, column 5" in faults[0]["detail"] and (faults[0]["line"], faults[0]["column"]) == (4, 3)
    assert (faults[1]["reason"], faults[1]["line"], faults[1]["column"]) == ("E_NOID", 6, 4)
    assert b"line 6, column 4" in norlandia.cli("publish", path, check=6).stdout


@pytest.mark.parametrize("text", ["", "not json", '{"type": "bundle", "objects": 7}', "[1"])
def test_a_file_that_is_no_bundle_is_partly_done_with_a_result(pair, tmp_path, text):
    norlandia, _ = pair
    path = tmp_path / "no.json"
    path.write_text(text)
    assert norlandia.publish(path, check=6)["objects"] == 0


def test_a_daemon_that_dies_before_its_first_answer_leaves_a_result(make_node, tmp_path):
    node = make_node("cert.norlandia").start()
    earlier = socket_clients(node)
    feed, give = os.pipe()
    publisher = subprocess.Popen([ENTENTE, "publish", "-", "--node", node.dir, "--json"], stdin=feed,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(feed)
    os.write(give, b"[" + json.dumps(indicator(tlp="CLEAR")).encode())
    wait_for(lambda: socket_clients(node) - earlier, "the publish call to be open")
    node.kill()
    os.close(give)
    out, err = publisher.communicate(timeout=30)
    result = json.loads(out)
    assert publisher.returncode == 1 and result["objects"] == 0 and b"UNAVAILABLE" in err


def socket_clients(node):
    """Inodes of the connections that the daemon has taken; it lets go of one some time after its client has."""
    descriptors = pathlib.Path(f"/proc/{node.daemon_pid()}/fd")
    held = {os.readlink(fd).strip("socket:[]") for fd in descriptors.iterdir() if fd.is_symlink()}
    rows = [line.split() for line in open("/proc/net/unix")]
    return {row[6] for row in rows if row[-1].endswith("/admin.sock") and row[5] == "03"} & held


def test_closed_streams_are_told_and_harm_nothing(pair, tmp_path):
    norlandia, _ = pair
    norlandia.publish(bundle_file(tmp_path / "many.json", [indicator(tlp="CLEAR") for _ in range(2000)]))
    shell = lambda line: subprocess.run(["bash", "-c", "set -o pipefail; " + line], capture_output=True, timeout=60,
                                        env={**os.environ, "E": ENTENTE, "ENTENTE_NODE": str(norlandia.dir)})
    for command in ("status", "tail", "tail --json --content", "doctor", "version"):
        closed = shell(f"$E {command} >&-")
        assert closed.returncode == 1 and b"stdout" in closed.stderr, (command, closed)
        assert shell(f"$E {command} 2>&-").returncode in (0, 1)
    first = shell("$E tail | head -1")
    assert first.returncode == 0 and first.stderr == b"" and first.stdout.count(b"\n") == 1
    assert shell("$E tail -f --content --json | head -1").returncode == 0
    assert shell("$E publish - <&-").returncode == 1
    full = shell("$E tail >/dev/full")
    assert full.returncode == 1 and b"stdout" in full.stderr
    assert norlandia.status()["objects"] == 2000


def test_a_daemon_without_standard_streams_keeps_its_store_whole(make_node, tmp_path):
    node = make_node("cert.norlandia")
    node.process = subprocess.Popen(["bash", "-c", f"exec {ENTENTE}d --node {node.dir} <&- >&- 2>&-"])
    wait_for(node.answers, "the daemon to answer")
    for stream in (0, 1, 2):
        assert os.readlink(f"/proc/{node.daemon_pid()}/fd/{stream}") == "/dev/null"
    node.publish(bundle_file(tmp_path / "one.json", [indicator(tlp="CLEAR")]))
    assert node.stop() == 0
    assert node.fsck() == ({"ok": True, "problems": []}, 0)


def test_fsck_rebuilds_through_the_daemon_and_on_a_stopped_node(pair, tmp_path):
    norlandia, estovia = pair
    norlandia.publish(bundle_file(tmp_path / "some.json", [indicator(tlp="GREEN") for _ in range(20)]))
    norlandia.drained("cert.estovia")
    wanted = {"ok": True, "problems": [], "repaired": []}
    assert norlandia.json("fsck", "--rebuild") == wanted
    norlandia.stop()
    assert norlandia.json("fsck", "--rebuild") == wanted


def test_conflicts_say_what_is_there_and_what_to_do(make_node, tmp_path):
    norlandia, estovia = make_node("cert.norlandia").start(), make_node("cert.estovia")
    again = run("init", "--node", norlandia.dir, "--name", "other", "--root-cost", "daemon")
    assert again.returncode == 1 and b"CONFLICT" in again.stderr and b"modified" not in again.stderr
    assert b"new or empty folder" in again.stderr
    norlandia.accept(estovia)
    twin = make_node("twin")
    clash = norlandia.cli("peer add", twin.card, "--name", "cert.estovia", "--fingerprint", twin.fingerprint,
                          "--nation", "XT", "--kind", "cert", check=1)
    assert b"CONFLICT" in clash.stderr and b"--name" in clash.stderr and b"modified" not in clash.stderr


def test_a_configuration_under_another_name_is_refused(make_node):
    node = make_node("cert.norlandia")
    config = node.dir / "entente.toml"
    config.write_text(config.read_text().replace('name = "cert.norlandia"', 'name = "cert.estovia"'))
    done = node.cli("run", check=1)
    record = json.loads(done.stderr)
    assert record["reason"] == "CONFIG" and '"cert.norlandia"' in record["detail"] and "identity" in record["detail"]


def test_demo_status_tells_a_stopped_process_from_one_that_does_not_respond(tmp_path):
    folder = tmp_path / "demo"
    states = lambda command: {node["name"]: node for node in json.loads(
        run("demo", command, "--dir", folder, "--json", check=0).stdout)["nodes"]}
    try:
        frozen = states("up")["cert.estovia"]["pid"]
        os.kill(frozen, signal.SIGSTOP)
        seen = states("status")
        assert (seen["cert.estovia"]["state"], seen["cert.estovia"]["pid"]) == ("not responding", frozen)
        assert seen["cert.norlandia"]["state"] == "running"
    finally:
        run("demo", "down", "--dir", folder)
    assert {node["state"] for node in states("status").values()} == {"stopped"}


def test_a_second_play_kills_nobody_because_nothing_is_under_way(tmp_path):
    play = lambda: json.loads(run("demo", "play", "--dir", tmp_path / "demo", "--json", check=0).stdout)["kill"]
    try:
        run("demo", "up", "--dir", tmp_path / "demo", check=0)
        first, second = play(), play()
        assert first["killed"] and first["held_after"] == first["objects"] and first["lag_while_down"] > 0
        assert not second["killed"] and second["unchanged"] == second["objects"] == second["held_after"]
    finally:
        run("demo", "down", "--dir", tmp_path / "demo")


def test_peer_add_puts_the_identities_on_file_that_it_is_given(make_node):
    norlandia, estovia = make_node("cert.norlandia").start(), make_node("cert.estovia", nation="XE")
    ids = [f"identity--{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "21"]
    card = ("peer add", estovia.card, "--fingerprint", estovia.fingerprint, "--nation", "XE", "--kind", "cert")
    flags = [word for name in ids for word in ("--identity", name)]
    assert norlandia.json(*card, *flags)["identities"] == sorted(ids)
    assert norlandia.json("peer show", "cert.estovia")["identities"] == sorted(ids)
    assert all(name.encode() in norlandia.cli("peer show", "cert.estovia", check=0).stdout for name in ids)
    refused = norlandia.cli(*card, "--identity", "indicator" + ids[0][8:])
    assert refused.returncode == 2 and b"USAGE" in refused.stderr and b"give identity--UUID" in refused.stderr
    assert norlandia.json("peer show", "cert.estovia")["identities"] == sorted(ids)
    assert norlandia.json(*card)["identities"] == [], "a new record replaces the old one"
