"""Who gets what among three nodes, under every label, and the reasons that explain gives."""

import json

import pytest

from federation import bundle_file, indicator, wait_for


def publish_one(node, tmp_path, thing, *args, check=0):
    return node.publish(bundle_file(tmp_path / f"{thing['id']}.json", [thing]), *args, check=check)


def present(node, object_id):
    return node.cli("get", object_id, "--raw").returncode == 0


LABELS = [  # label, --to, who else may have it
    ("CLEAR", [], {"cert.estovia", "volt-energy"}),
    ("GREEN", [], {"cert.estovia", "volt-energy"}),
    ("GREEN", ["cert.estovia"], {"cert.estovia"}),
    ("AMBER", [], set()),
    ("AMBER", ["cert.estovia"], {"cert.estovia"}),
    ("AMBER+STRICT", ["cert.estovia"], {"cert.estovia"}),
    ("RED", ["cert.estovia"], set()),
]


def test_each_label_reaches_exactly_those_it_may(trio, tmp_path):
    norlandia, estovia, volt = trio
    for label, to, allowed in LABELS:
        thing = indicator(tlp=label)
        result = publish_one(norlandia, tmp_path, thing, *[x for name in to for x in ("--to", name)])
        assert result["published"] == 1
        for node in (estovia, volt):
            expected = node.name in allowed
            assert result["permitted"][node.name] == int(expected), (label, to, node.name)
            assert result["withheld"][node.name] == int(not expected), (label, to, node.name)
            decision = norlandia.explain(thing["id"], node.name)
            assert decision["decision"] == ("permit" if expected else "deny"), (label, to, node.name)
        norlandia.drained("cert.estovia")
        norlandia.drained("volt-energy")
        for node in (estovia, volt):
            assert present(node, thing["id"]) == (node.name in allowed), (label, to, node.name)
        assert present(norlandia, thing["id"])


def test_explain_names_the_failing_check(trio, tmp_path):
    norlandia, _, _ = trio
    thing = indicator(tlp="AMBER")
    publish_one(norlandia, tmp_path, thing, "--to", "cert.estovia")
    answer = norlandia.explain(thing["id"], "volt-energy")
    assert answer["decision"] == "deny" and answer["reason"] == "TLP"
    failing = [step for step in answer["trace"] if step["result"] == "fail"]
    assert failing[0]["check"] == "tlp"
    assert {step["result"] for step in answer["trace"]} <= {"pass", "fail", "skip"}


def test_release_restrictions_follow_the_recipients_nation(pair, tmp_path):
    norlandia, estovia = pair
    thing = indicator(tlp="GREEN")
    result = publish_one(norlandia, tmp_path, thing, "--rel-to", "XN")
    assert result["withheld"]["cert.estovia"] == 1
    assert norlandia.explain(thing["id"], "cert.estovia")["reason"] == "REL"
    other = indicator(tlp="GREEN")
    assert publish_one(norlandia, tmp_path, other, "--rel-to", "XE")["permitted"]["cert.estovia"] == 1
    norlandia.drained("cert.estovia")
    assert present(estovia, other["id"]) and not present(estovia, thing["id"])


def test_a_ceiling_withholds_what_is_above_it(make_node, tmp_path):
    from federation import peer_both_ways
    norlandia = make_node("cert.norlandia", nation="XN").start()
    volt = make_node("volt-energy", nation="XN", kind="private").start()
    peer_both_ways(norlandia, volt, a_args=("--ceiling", "GREEN"))
    thing = indicator(tlp="AMBER")
    assert publish_one(norlandia, tmp_path, thing, "--to", "volt-energy")["withheld"]["volt-energy"] == 1
    assert norlandia.explain(thing["id"], "volt-energy")["reason"] == "AGR_SCOPE"


def test_unlabelled_and_unknown_markings_are_held_and_labelling_releases(pair, tmp_path):
    norlandia, estovia = pair
    bare, odd = indicator(), indicator(tlp="00000000-0000-4000-8000-00000000dead")
    result = norlandia.publish(bundle_file(tmp_path / "held.json", [bare, odd]))
    assert (result["objects"], result["quarantined"], result["published"]) == (2, 2, 0)
    assert norlandia.explain(bare["id"], "cert.estovia")["decision"] == "quarantine"
    assert norlandia.explain(bare["id"], "cert.estovia")["reason"] == "NO_LABEL"
    assert norlandia.explain(odd["id"], "cert.estovia")["reason"] == "MARKING"
    assert norlandia.status()["quarantined"] == 2 and norlandia.status()["objects"] == 0
    assert norlandia.cli("get", bare["id"], "--raw").returncode == 3
    released = norlandia.publish(tmp_path / "held.json", "--tlp", "GREEN")
    assert (released["published"], released["quarantined"]) == (1, 1)
    norlandia.drained("cert.estovia")
    assert present(estovia, bare["id"]) and not present(estovia, odd["id"])
    assert norlandia.status()["quarantined"] == 1


STATEMENTS = [  # text of a statement marking, whether it is held back
    ("Copyright 2015-2025, The MITRE Corporation. MITRE ATT&CK and ATT&CK are registered trademarks of The MITRE "
     "Corporation.", False),
    ("Copyright 2024 Red Hat, Inc.", False), ("See the Traffic Light Protocol at https://www.first.org/tlp/", False),
    ("  tlp : red", True), ("\uff34\uff2c\uff30:RED", True), ("TLP-RED", True), ("Traffic Light Protocol: Red", True),
]


def test_a_level_written_as_a_statement_holds_back_what_refers_to_it(pair, tmp_path):
    norlandia, estovia = pair
    for number, (text, held) in enumerate(STATEMENTS):
        uuid = f"10000000-0000-4000-8000-{number:012}"
        definition = {"type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--" + uuid,
                      "created": "2026-01-02T03:04:05.678Z", "definition_type": "statement",
                      "definition": {"statement": text}}
        thing = indicator(tlp=uuid)
        result = norlandia.publish(bundle_file(tmp_path / "s.json", [thing, definition]), "--tlp", "GREEN")
        assert (result["published"], result["quarantined"]) == ((0, 2) if held else (2, 0)), (text, result)
        assert all(n["reason"] == "MARKING" for n in result.get("notable", []))
        norlandia.drained("cert.estovia")
        assert present(estovia, thing["id"]) != held


def test_tlp_may_raise_and_never_lowers(trio, tmp_path):
    norlandia, _, volt = trio
    amber = indicator(tlp="AMBER")
    assert publish_one(norlandia, tmp_path, amber, "--tlp", "CLEAR")["withheld"]["volt-energy"] == 1
    clear = indicator(tlp="CLEAR")
    assert publish_one(norlandia, tmp_path, clear, "--tlp", "AMBER")["withheld"]["volt-energy"] == 1
    assert norlandia.json("search", json.dumps(clear["pattern"]).split("'")[1])["matches"][0]["tlp"] == "AMBER"
    assert not present(volt, amber["id"]) and not present(volt, clear["id"])


def test_what_came_from_a_peer_is_not_released_onward(trio, tmp_path):
    norlandia, estovia, _ = trio
    thing = indicator(tlp="GREEN")
    path = bundle_file(tmp_path / "thing.json", [thing])
    norlandia.publish(path)
    norlandia.drained("cert.estovia")
    again = estovia.publish(path)
    assert again["unchanged"] == 1 and again["permitted"]["cert.norlandia"] == 0
    assert estovia.explain(thing["id"], "cert.norlandia")["decision"] == "deny"
    edited = {**thing, "modified": "2026-02-02T00:00:00.000Z"}
    refused = estovia.publish(bundle_file(tmp_path / "edited.json", [edited]), check=6)
    assert refused["rejected"] == 1 and refused["notable"][0]["reason"] == "OWNER"


def test_publishing_again_with_more_addressees_reaches_only_the_new_ones(trio, tmp_path):
    norlandia, estovia, volt = trio
    thing = indicator(tlp="AMBER")
    path = bundle_file(tmp_path / "thing.json", [thing])
    norlandia.publish(path, "--to", "cert.estovia")
    assert norlandia.publish(path, "--to", "cert.estovia")["unchanged"] == 1
    widened = norlandia.publish(path, "--to", "cert.estovia", "--to", "volt-energy")
    assert widened["published"] == 1 and widened["permitted"] == {"cert.estovia": 1, "volt-energy": 1}
    norlandia.drained("volt-energy")
    norlandia.drained("cert.estovia")
    assert present(volt, thing["id"])
    assert estovia.status()["objects"] == 1 and estovia.status()["versions"] == 1


def test_a_peer_that_was_away_catches_up_in_order(pair, tmp_path):
    norlandia, estovia = pair
    estovia.stop()
    things = [indicator(tlp="GREEN") for _ in range(700)]
    norlandia.publish(bundle_file(tmp_path / "many.json", things))
    assert norlandia.peer("cert.estovia")["lag_objects"] == 700
    estovia.start()
    norlandia.drained("cert.estovia")
    rows = [json.loads(line) for line in estovia.cli("tail", "--json", check=0).stdout.splitlines()]
    assert [row["id"] for row in rows] == [thing["id"] for thing in things]


def test_sessions_come_back_after_either_side_was_killed(pair, tmp_path):
    norlandia, estovia = pair
    for victim, other in ((norlandia, estovia), (estovia, norlandia)):
        victim.kill()
        wait_for(lambda: other.peer(victim.name)["state"] != "up", "the session to be missed")
        victim.start()
        victim.session_up(other.name)
        thing = indicator(tlp="GREEN")
        publish_one(victim, tmp_path, thing)
        victim.drained(other.name)
        assert present(other, thing["id"])


@pytest.mark.parametrize("option", [["--exercise", "baltic-2026"], ["--sector-to", "health"],
                                    ["--purpose", "research"], ["--personal-data", "special"]])
def test_constraints_without_facts_behind_them_withhold(pair, tmp_path, option):
    norlandia, _ = pair
    thing = indicator(tlp="GREEN")
    assert publish_one(norlandia, tmp_path, thing, *option)["withheld"]["cert.estovia"] == 1
