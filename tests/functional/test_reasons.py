"""Every reason at a real door: the name in answers, the code and exit of commands, the label in /metrics, the help page.

tests/reasons.py keeps the list of what is reached here, and of what cannot be.
"""

import datetime
import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest

from federation import ROOT, TEST_BIN, bundle_file, indicator, run, wait_for

ROWS = re.findall(r"^\| `(\w+)` \| (ENT-\d+) \| (\w+) \| (\d+) \| (\d) \| (.*?) \| (.*?) \|$",
                  (ROOT / "docs/reject-reasons.md").read_text(), re.M)
PAGE = {name: {"code": code, "grpc": grpc, "http": int(http), "exit": int(status), "meaning": meaning, "remedy": remedy}
        for name, code, grpc, http, status, meaning, remedy in ROWS}
SOON = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")


def counted(node, family, reason, label="reason"):
    return node.metrics()[f'{family}{{{label}="{reason}"}}']


def refused_by_command(done, reason):
    """The four lines of docs/cli.md with this reason, and the exit code of its row."""
    lines = done.stderr.decode().splitlines()
    row = PAGE[reason]
    assert f"  code  {row['code']} {reason} (entente help {row['code']})" in lines, done.stderr
    assert f"  why   {row['meaning']}" in lines
    assert done.returncode == row["exit"], (done.returncode, done.stderr)


def test_help_of_every_code_is_the_row_of_the_page():
    codes = json.loads(run("help", "codes", "--json", check=0).stdout)["codes"]
    assert {row["name"] for row in codes} - {"NONE"} == set(PAGE)
    for name, row in PAGE.items():
        shown = json.loads(run("help", row["code"], "--json", check=0).stdout)
        assert (shown["name"], shown["meaning"], shown["http"]) == (name, row["meaning"], row["http"])
        assert shown["remedy"] == row["remedy"]


# What an accepted peer with real keys may send (tests/hostile/forgeries.cc); E_BUDGET ends the session instead and is
# provoked over a real connection in services/peer/hostile_test.cc.
FORGERIES = [("other-suite", "E_SUITE"), ("truncated", "E_TRUNCATED"), ("trailing", "E_TRAILING"),
             ("no-seal", "E_SEAL"), ("no-statements", "E_PARSE"), ("content-changed", "E_CONTENT"),
             ("seal-unsigned", "E_SIG"), ("seal-by-unknown-key", "E_NOKEY"), ("seal-by-root-key", "E_KEYUSE"),
             ("sequence-zero", "E_GAP"), ("equivocate", "E_EQUIV"), ("broken-chain", "E_CHAIN"),
             ("opened-label", "E_TLP"), ("too-few-cosigners", "E_THRESHOLD"), ("recall-of-anothers", "E_AUTHORITY"), ("unknown-epoch", "E_EPOCH"),
             ("recall-of-its-own", "NOT_KEPT")]


def test_every_forgery_of_an_accepted_peer_is_counted_under_its_reason(make_node):
    victim, attacker = make_node("cert.estovia", nation="XE").start(), make_node("rogue", nation="XR")
    victim.accept(attacker)
    for scenario, reason in FORGERIES:
        before = victim.metrics()
        done = subprocess.run([TEST_BIN / "hostile_peer", attacker.dir, victim.card, scenario, "good"],
                              capture_output=True, timeout=60)
        answers = [json.loads(line)["answer"] for line in done.stdout.splitlines()]
        assert answers == ["refused", "accepted"], (scenario, done.stderr)
        changed = {key for key, value in victim.metrics().items() if value > before.get(key, 0) and "reason=" in key
                   and "share_decisions" not in key}
        assert changed == {f'entente_rejections_total{{reason="{reason}"}}'}, scenario
        if reason != "NOT_KEPT":  # which says nothing against the peer's bytes
            assert counted(victim, "entente_verification_failures_total", reason, "kind") == 1
    log = wait_for(lambda: said(victim, {reason for _, reason in FORGERIES}), "a line for each reason")
    assert all(line["code"] == PAGE[line["reason"]]["code"] for line in log if "code" in line)


def said(node, reasons):
    """The log's lines that name a reason, once every one of `reasons` is there."""
    lines = [json.loads(line) for line in (node.dir / "entented.log").read_text().splitlines()]
    found = [line for line in lines if "reason" in line]
    return found if reasons <= {line["reason"] for line in found} else None


DECISIONS = [(("--embargo-until", SOON), "EMBARGO"), (("--exercise", "winter"), "EX_LANE"),
             (("--sector-to", "energy"), "SECTOR"), (("--to", "volt-energy"), "NOT_ADDRESSED"),
             (("--pap", "RED"), "UNSUPPORTED"), (("--rel-to", "XN"), "REL")]


def test_every_denial_of_policy_is_told_by_explain_and_counted(trio, tmp_path):
    norlandia, _, _ = trio
    for options, reason in DECISIONS:
        thing = indicator(tlp="GREEN")
        before = norlandia.metrics()[f'entente_share_decisions_total{{decision="deny",reason="{reason}"}}']
        result = norlandia.publish(bundle_file(tmp_path / "one.json", [thing]), *options)
        assert result["withheld"]["cert.estovia"] == 1, reason
        done = norlandia.cli("explain", thing["id"], "--peer", "cert.estovia", "--json", check=0)
        assert json.loads(done.stdout)["reason"] == reason
        assert norlandia.metrics()[f'entente_share_decisions_total{{decision="deny",reason="{reason}"}}'] > before


def test_what_came_from_a_peer_is_not_passed_on(trio, tmp_path):
    norlandia, estovia, volt = trio
    estovia.accept(volt)
    for options, reason in (((), "HOPS"), (("--orcon",), "ORCON")):
        thing = indicator(tlp="GREEN")
        norlandia.publish(bundle_file(tmp_path / "one.json", [thing]), *options)
        norlandia.drained("cert.estovia")
        done = estovia.cli("explain", thing["id"], "--peer", "volt-energy", "--json", check=0)
        assert json.loads(done.stdout)["reason"] == reason


def test_what_publish_refuses_is_named_counted_and_changes_nothing(pair, tmp_path):
    norlandia, _ = pair
    green = bundle_file(tmp_path / "green.json", [indicator(tlp="GREEN")])
    norlandia.publish(green, "--rel-to", "XE")
    lowered = norlandia.publish(green, "--tlp", "AMBER", check=6)  # stricter label, but for any nation
    assert [row["reason"] for row in lowered["notable"]] == ["LABEL_LOWERED"]
    assert counted(norlandia, "entente_publish_refusals_total", "LABEL_LOWERED") == 1
    clear = bundle_file(tmp_path / "clear.json", [indicator(tlp="CLEAR")])
    contradiction = norlandia.publish(clear, "--rel-to", "XE", check=6)
    assert [row["reason"] for row in contradiction["notable"]] == ["REL_ON_CLEAR"]
    assert counted(norlandia, "entente_publish_refusals_total", "REL_ON_CLEAR") == 1
    assert norlandia.status()["versions"] == 1


def test_every_refusal_of_a_command_has_its_rows_code_and_exit(pair, tmp_path):
    norlandia, estovia = pair
    absent = "indicator--00000000-0000-4000-8000-000000000000"
    refused_by_command(norlandia.cli("get", absent), "NOT_FOUND")
    refused_by_command(norlandia.cli("search"), "USAGE")
    estovia.stop()
    path = bundle_file(tmp_path / "one.json", [indicator(tlp="GREEN")])
    refused_by_command(norlandia.cli("publish", path, "--wait", "0"), "PEER_DOWN")
    refused_by_command(estovia.cli("status"), "UNAVAILABLE")
    other = "0" * len(estovia.fingerprint)
    card = tmp_path / "card"
    card.write_text("-----BEGIN ENTENTE CARD-----\nAAAA\n-----END ENTENTE CARD-----\n")
    refused_by_command(norlandia.cli("peer add", card, "--fingerprint", other, "--nation", "XE", "--kind", "cert"),
                       "E_IDENTITY")


def test_a_log_that_cannot_be_opened_stops_the_start_by_name(make_node):
    node = make_node("cert.norlandia")
    (node.dir / "entented.log").mkdir()
    done = node.cli("run", check=PAGE["STORE_IO"]["exit"])
    record = json.loads(done.stderr)
    assert (record["reason"], record["code"]) == ("STORE_IO", PAGE["STORE_IO"]["code"])


def test_health_answers_with_the_tables_http_status(make_node):
    node = make_node("cert.norlandia").start()
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(f"http://{node.facts['metrics_listen']}/nothing", timeout=5)
    assert missing.value.code == PAGE["NOT_FOUND"]["http"]
