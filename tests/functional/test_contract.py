"""The machine contract of docs/cli.md: what scripts rely on."""

import json
import subprocess

from federation import ENTENTE, bundle_file, indicator, run


def test_publish_counts_add_up_and_versions_are_told_apart(pair, tmp_path):
    norlandia, estovia = pair
    first = indicator(tlp="GREEN")
    path = bundle_file(tmp_path / "one.json", [first])
    assert norlandia.publish(path)["published"] == 1
    again = norlandia.publish(path)
    assert (again["unchanged"], again["published"], again["permitted"]["cert.estovia"]) == (1, 0, 0)
    newer = {**first, "modified": "2026-03-03T00:00:00.000Z", "name": "newer"}
    assert norlandia.publish(bundle_file(tmp_path / "two.json", [newer]))["published"] == 1
    clash = {**newer, "name": "same version, other bytes"}
    result = norlandia.publish(bundle_file(tmp_path / "three.json", [clash]), check=6)
    assert result["rejected"] == 1 and result["notable"][0]["reason"] == "CONFLICT"
    assert result["objects"] == result["published"] + result["unchanged"] + result["quarantined"] + result["rejected"]
    norlandia.drained("cert.estovia")
    for node in (norlandia, estovia):
        assert json.loads(node.get_raw(first["id"])) == newer
        assert json.loads(node.get_raw(first["id"], "--version", first["modified"])) == first
        assert (node.status()["objects"], node.status()["versions"]) == (1, 2)


def test_result_has_the_keys_that_scripts_read(pair, tmp_path):
    norlandia, _ = pair
    result = norlandia.publish(bundle_file(tmp_path / "one.json", [indicator(tlp="CLEAR")]))
    assert {"objects", "published", "unchanged", "quarantined", "rejected", "permitted", "withheld"} <= set(result)
    status = norlandia.status()
    assert {"name", "org_id", "objects", "versions", "quarantined", "journal_seq", "peers"} <= set(status)
    assert {"name", "state", "lag_objects"} <= set(status["peers"][0])


def test_a_reader_sees_that_a_signer_passed_an_object_on(pair, tmp_path):
    norlandia, estovia = pair
    mine, passed_on, unsaid = (indicator(value=f"{i}.role.example", tlp="GREEN") for i in range(3))
    for thing, role in ((mine, "author"), (passed_on, "custodian"), (unsaid, "")):
        options = ("--source-role", role) if role else ()
        norlandia.publish(bundle_file(tmp_path / "one.json", [thing]), *options)
    norlandia.drained("cert.estovia")
    for node, peer in ((norlandia, "cert.estovia"), (estovia, "cert.norlandia")):
        rows = [json.loads(line) for line in node.cli("tail", "--json", check=0).stdout.splitlines()]
        assert [row["source_role"] for row in rows] == ["author", "custodian", ""]
        (match,) = node.json("search", "1.role.example")["matches"]
        assert match["source_role"] == "custodian"
        assert b"cert.norlandia (custodian)" in node.cli("search", "1.role.example", check=0).stdout
        for thing, role in ((mine, "author"), (passed_on, "custodian"), (unsaid, "")):
            assert node.json("get", thing["id"])["source_role"] == role
            assert node.json("explain", thing["id"], "--peer", peer)["source_role"] == role
            shown = [node.cli("get", thing["id"], check=0).stdout, node.cli("tail", check=0).stdout,
                     node.cli("explain", thing["id"], "--peer", peer, check=0).stdout]
            if role == "custodian":
                assert all(b"cert.norlandia (custodian)" in text for text in shown), shown
            else:
                assert b"custodian" not in shown[0] + shown[2]


def test_get_prints_exact_bytes_and_exits_1_where_absent(pair, tmp_path):
    norlandia, _ = pair
    thing = indicator(tlp="CLEAR")
    text = json.dumps(thing, indent=7).replace("\n", "\r\n \t")
    norlandia.publish(bundle_file(tmp_path / "odd.json", [text]))
    assert norlandia.get_raw(thing["id"]).decode() == text
    assert norlandia.cli("get", "indicator--00000000-0000-4000-8000-000000000000", "--raw").returncode == 1
    assert norlandia.cli("get", thing["id"], "--version", "2020-01-01T00:00:00Z", "--raw").returncode == 1


def test_search_finds_values_whatever_their_case_and_defanging(pair, tmp_path):
    norlandia, estovia = pair
    thing = indicator(value="Evil-Host.example", tlp="GREEN")
    norlandia.publish(bundle_file(tmp_path / "one.json", [thing]))
    norlandia.drained("cert.estovia")
    for query in ("evil-host.example", "EVIL-HOST.EXAMPLE", "evil-host[.]example"):
        matches = estovia.json("search", query)["matches"]
        assert [m["id"] for m in matches] == [thing["id"]]
        assert (matches[0]["type"], matches[0]["origin"], matches[0]["tlp"]) == ("indicator", "cert.norlandia", "GREEN")
    assert estovia.json("search", "nothing.example")["matches"] == []


def test_search_finds_by_the_id_and_the_url_of_an_external_reference(pair, tmp_path):
    norlandia, estovia = pair
    thing = indicator(tlp="GREEN", external_references=[
        {"source_name": "mitre-attack", "external_id": "T1566", "url": "https://attack.mitre.org/techniques/T1566"},
        {"source_name": "cve", "external_id": "CVE-2017-0144"},
        {"source_name": "report", "url": "https://a.example/R?x=1"}])
    norlandia.publish(bundle_file(tmp_path / "one.json", [thing]))
    norlandia.drained("cert.estovia")
    for query in ("T1566", "cve-2017-0144", "https://attack.mitre.org/techniques/T1566", "hxxps://a[.]example/r?X=1"):
        assert [m["id"] for m in estovia.json("search", query)["matches"]] == [thing["id"]], query
    assert estovia.json("search", "https://a.example/")["matches"] == []


def test_tail_prints_one_object_a_line_and_follows(pair, tmp_path):
    norlandia, _ = pair
    things = [indicator(tlp="CLEAR") for _ in range(3)]
    norlandia.publish(bundle_file(tmp_path / "three.json", things))
    lines = norlandia.cli("tail", "--json", check=0).stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [thing["id"] for thing in things]
    follower = subprocess.Popen([ENTENTE, "tail", "--node", norlandia.dir, "-f", "-n", "1", "--json"],
                                stdout=subprocess.PIPE)
    assert json.loads(follower.stdout.readline())["id"] == things[-1]["id"]
    late = indicator(tlp="CLEAR")
    norlandia.publish(bundle_file(tmp_path / "late.json", [late]))
    assert json.loads(follower.stdout.readline())["id"] == late["id"]
    follower.terminate()
    follower.wait()


def test_publish_from_stdin_and_wait(pair, tmp_path):
    norlandia, estovia = pair
    thing = indicator(tlp="GREEN")
    done = norlandia.cli("publish", "-", "--wait", "--json", stdin=json.dumps(thing).encode(), check=0)
    assert json.loads(done.stdout)["published"] == 1
    assert estovia.get_raw(thing["id"]) == json.dumps(thing).encode()


def test_daemon_down_is_said_with_a_nonzero_exit(make_node):
    node = make_node("cert.norlandia")
    for command in (["status"], ["search", "x"], ["tail"]):
        done = node.cli(command[0], *command[1:])
        assert done.returncode != 0
        assert b"entente run" in done.stderr, done.stderr


def test_fsck_works_stopped_and_running(pair, tmp_path):
    norlandia, _ = pair
    norlandia.publish(bundle_file(tmp_path / "some.json", [indicator(tlp="GREEN") for _ in range(20)]))
    assert norlandia.fsck() == ({"ok": True, "problems": []}, 0)
    norlandia.stop()
    assert norlandia.fsck() == ({"ok": True, "problems": []}, 0)


def test_usage_errors_exit_2_and_say_what_was_meant(pair):
    norlandia, _ = pair
    for words in (["publsh", "x"], ["status", "--jsn"], ["publish"]):
        assert run(*words, env={"ENTENTE_NODE": str(norlandia.dir)}).returncode == 2
    assert b"publish" in run("publsh", "x").stderr
    done = norlandia.cli("explain", "indicator--00000000-0000-4000-8000-000000000000", "--peer", "cert.estova")
    assert done.returncode == 1 and b"cert.estovia" in done.stderr


def test_a_wrong_fingerprint_is_refused_with_both_shown(make_node):
    norlandia, estovia = make_node("cert.norlandia").start(), make_node("cert.estovia")
    wrong = ("0" if estovia.fingerprint[0] != "0" else "1") + estovia.fingerprint[1:]
    done = norlandia.cli("peer add", estovia.card, "--fingerprint", wrong, "--nation", "XE", "--kind", "cert")
    assert done.returncode in (1, 4)
    assert wrong.encode() in done.stderr and estovia.fingerprint.encode() in done.stderr
    assert norlandia.status()["peers"] == []
