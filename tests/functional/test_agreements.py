"""Agreements as two operators meet them: offered, read, accepted, suspended, ended; and what moves then."""

import datetime
import json
import signal

from federation import bundle_file, indicator, wait_for


def standing(node, peer):
    return node.json("agreement show", peer)["agreements"][0]


def offered(node, peer):
    return wait_for(lambda: standing(node, peer)["their_offer"], f"{node.name} to get an offer of {peer}")


def agree(one, other, *terms):
    """`one` offers, `other` accepts what came, and both say that it is in force."""
    version = one.json("agreement propose", other.name, *terms)["agreements"][0]["own_offer"]["version"]
    wait_for(lambda: (standing(other, one.name)["their_offer"] or {}).get("version") == version, "the offer to come")
    other.cli("agreement accept", one.name, standing(other, one.name)["their_offer"]["id"], check=0)
    wait_for(lambda: (standing(one, other.name)["counts"] or {}).get("version") == version, "the acceptance to come back")
    assert standing(one, other.name)["standing"] == standing(other, one.name)["standing"] == "in force"
    return standing(one, other.name)["counts"]


def holds(node, thing):
    return node.cli("get", thing["id"], "--raw").returncode == 0


def decided(node, thing, peer):
    why = node.explain(thing["id"], peer)
    return "permit" if why["decision"] == "permit" else why["reason"]


def test_from_an_offer_to_an_end(pair, tmp_path):
    norlandia, estovia = pair
    assert standing(norlandia, "cert.estovia") == {"peer": "cert.estovia", "standing": "none", "counts": None, "own_offer": None,
                                                  "their_offer": None}
    norlandia.cli("agreement propose", "cert.estovia", "--ceiling", "GREEN", "--type", "indicator", "--use", "network-security",
                  "--pap-attested", check=0)
    offer = offered(estovia, "cert.norlandia")
    assert offer["signed_by"] == ["cert.norlandia"] and offer["types"] == ["indicator"] and offer["ceiling"] == "GREEN"
    shown = estovia.cli("agreement show", "cert.norlandia", check=0).stdout.decode()
    assert f"asked for  version 1, {offer['id']}, signed by cert.norlandia" in shown and "PAP      attested" in shown
    estovia.cli("agreement accept", "cert.norlandia", offer["id"], check=0)
    wait_for(lambda: standing(norlandia, "cert.estovia")["standing"] == "in force", "the acceptance to come back")
    counts = standing(norlandia, "cert.estovia")["counts"]
    assert set(counts["signed_by"]) == {"cert.norlandia", "cert.estovia"} and counts["id"] == offer["id"]

    allowed, other_type = indicator(tlp="GREEN"), {"type": "malware", "spec_version": "2.1", "is_family": False,
        "id": "malware--0f6e27a3-5f26-4a3c-9d2a-6f2b1d6d9c01", "created": "2026-01-02T03:04:05.678Z", "name": "m",
        "modified": "2026-01-02T03:04:05.678Z", "object_marking_refs": indicator(tlp="GREEN")["object_marking_refs"]}
    above = indicator(tlp="AMBER")
    result = norlandia.publish(bundle_file(tmp_path / "three.json", [allowed, other_type, above]), "--to", "cert.estovia")
    assert result["permitted"]["cert.estovia"] == 1
    assert decided(norlandia, other_type, "cert.estovia") == decided(norlandia, above, "cert.estovia") == "AGR_SCOPE"
    wait_for(lambda: holds(estovia, allowed), "what is agreed to arrive")

    end = datetime.datetime.fromisoformat(counts["until"].replace("Z", "+00:00")).timestamp()
    gauge = 'entente_peer_agreement_end_timestamp_seconds{peer="cert.estovia"}'
    assert abs(norlandia.metrics()[gauge] - end) < 1
    # One of them is enough to stop; it takes both to begin again, and then what is published again flows.
    estovia.cli("agreement suspend", "cert.norlandia", check=0)
    wait_for(lambda: standing(norlandia, "cert.estovia")["standing"] == "suspended", "the suspension to arrive")
    assert norlandia.metrics()[gauge] == 0
    later = indicator(tlp="GREEN")
    norlandia.publish(bundle_file(tmp_path / "later.json", [later]))
    assert decided(norlandia, later, "cert.estovia") == "AGR_SUSPENDED"
    assert agree(norlandia, estovia, "--as-before")["use"] == "network-security"
    norlandia.publish(tmp_path / "later.json")
    wait_for(lambda: holds(estovia, later), "what flows again to arrive")
    norlandia.cli("agreement end", "cert.estovia", check=0)
    wait_for(lambda: standing(estovia, "cert.norlandia")["standing"] == "ended", "the end to arrive")
    assert decided(norlandia, later, "cert.estovia") == "AGR_NONE"
    assert not holds(estovia, above) and not holds(estovia, other_type)
    for node in pair:
        assert node.fsck()[1] == 0


def test_it_outlives_a_restart_and_a_kill(pair):
    norlandia, estovia = pair
    agree(norlandia, estovia, "--ceiling", "GREEN")
    estovia.cli("agreement suspend", "cert.norlandia", check=0)
    estovia.kill()
    norlandia.process.send_signal(signal.SIGTERM)
    norlandia.process.wait(10)
    for node in pair:
        node.start()
    assert standing(estovia, "cert.norlandia")["standing"] == "suspended", "it was on disk before it was answered"
    wait_for(lambda: standing(norlandia, "cert.estovia")["standing"] == "suspended", "the suspension to come by the next session")


def test_whatever_does_not_fit_is_said(pair):
    norlandia, estovia = pair

    def refused(command, *args):
        done = norlandia.cli(command, *args, check=2)
        return done.stderr.decode()

    assert "nothing was agreed" in refused("agreement end", "cert.estovia")
    assert "64 digits" in refused("agreement accept", "cert.estovia", "abc")
    assert "UTC time" in refused("agreement propose", "cert.estovia", "--until", "tomorrow")
    assert "within ten years" in refused("agreement propose", "cert.estovia", "--until", "2001-01-01T00:00:00Z")
    assert "a0 to a6" in refused("agreement propose", "cert.estovia", "--action", "a9")
    assert "leave out --as-before" in refused("agreement propose", "cert.estovia", "--as-before")
    done = norlandia.cli("agreement suspend", "cert.estovai")
    assert done.returncode != 0 and "did you mean 'cert.estovia'" in done.stderr.decode()
    assert standing(norlandia, "cert.estovia")["standing"] == "none"


def test_the_list_tells_what_waits_for_whom(trio):
    norlandia, estovia, volt = trio
    agree(norlandia, estovia, "--ceiling", "AMBER")
    norlandia.cli("agreement propose", "volt-energy", "--ceiling", "GREEN", check=0)
    offered(volt, "cert.norlandia")
    rows = {row["peer"]: row for row in norlandia.json("agreement show")["agreements"]}
    assert rows["cert.estovia"]["standing"] == "in force" and rows["volt-energy"]["own_offer"]["ceiling"] == "GREEN"
    table = norlandia.cli("agreement show", check=0).stdout.decode()
    assert "for them" in table and "in force" in table
    assert "for you" in volt.cli("agreement show", check=0).stdout.decode()
    assert json.loads(estovia.cli("agreement show", "--json", check=0).stdout)["agreements"][0]["standing"] == "in force"


def test_what_was_unknown_is_decided_by_what_both_stated(pair, tmp_path):
    norlandia, estovia = pair
    things = {name: indicator(tlp="GREEN") for name in ("pap", "purpose", "personal")}
    norlandia.publish(bundle_file(tmp_path / "pap.json", [things["pap"]]), "--pap", "AMBER")
    norlandia.publish(bundle_file(tmp_path / "purpose.json", [things["purpose"]]), "--purpose", "research")
    norlandia.publish(bundle_file(tmp_path / "personal.json", [things["personal"]]), "--personal-data", "present")
    for thing in things.values():
        assert decided(norlandia, thing, "cert.estovia") == "UNSUPPORTED"
    agree(norlandia, estovia, "--use", "network-security", "--legal-basis", "gdpr-6-1-e")
    assert decided(norlandia, things["pap"], "cert.estovia") == "PAP_UNATTESTED"
    assert decided(norlandia, things["purpose"], "cert.estovia") == "PURPOSE"
    assert decided(norlandia, things["personal"], "cert.estovia") == "PD_NO_BASIS", "it says no purpose"
    agree(norlandia, estovia, "--as-before", "--pap-attested", "--use", "research")
    assert decided(norlandia, things["pap"], "cert.estovia") == decided(norlandia, things["purpose"], "cert.estovia") == "permit"
    norlandia.publish(tmp_path / "pap.json", "--pap", "AMBER")
    wait_for(lambda: holds(estovia, things["pap"]), "what is attested to arrive")


def test_it_lapses_at_its_end(pair, tmp_path):
    norlandia, estovia = pair
    thing = indicator(tlp="GREEN")
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=10)
    agree(norlandia, estovia, "--until", end.strftime("%Y-%m-%dT%H:%M:%SZ"))
    norlandia.publish(bundle_file(tmp_path / "one.json", [thing]))
    wait_for(lambda: decided(norlandia, thing, "cert.estovia") == "LEGAL_BASIS_LAPSED", "the end to come")
    assert standing(norlandia, "cert.estovia")["standing"] == "lapsed"
