"""Local rules as an operator meets them: checked, compared, put in force, tried, brought back; and asked before acting."""

import json
import signal
import uuid

from federation import bundle_file, indicator, wait_for

SHUT = 'version = 1\n[[rule]]\nid = "shut"\nwhen = { direction = "out" }\neffect = "withhold"\n'
OPEN = "version = 1\n"
NO_BAD = ('version = 1\n[[rule]]\nid = "no-bad"\nwhen = { direction = "out", has_property = "x_bad" }\n'
          'effect = "withhold"\n')


def write(path, text):
    path.write_text(text)
    return str(path)


def publish_three(node, tmp_path):
    things = [indicator(tlp="CLEAR"), indicator(tlp="GREEN", x_bad=True)]
    node.publish(bundle_file(tmp_path / "three.json", things))
    amber = indicator(tlp="AMBER")
    node.publish(bundle_file(tmp_path / "amber.json", [amber]), "--to", "cert.estovia")
    return [*things, amber]


def present(node, thing):
    return node.cli("get", thing["id"], "--raw").returncode == 0


def test_rules_are_in_force_from_apply_to_rollback(pair, tmp_path):
    norlandia, estovia = pair
    rules = write(tmp_path / "rules.toml", NO_BAD)
    assert norlandia.json("policy check", rules) == {"file": rules, "rules": 1, "imports": 0}
    assert norlandia.json("policy show")["in_force"]["number"] == 0
    applied = norlandia.json("policy apply", rules)
    assert applied["in_force"]["number"] == 1 and applied["difference"]["parties"] == []
    good, bad = indicator(tlp="GREEN"), indicator(tlp="GREEN", x_bad=True)
    result = norlandia.publish(bundle_file(tmp_path / "two.json", [good, bad]))
    assert result["published"] == 2 and result["permitted"]["cert.estovia"] == 1
    norlandia.drained("cert.estovia")
    assert present(estovia, good) and not present(estovia, bad) and present(norlandia, bad)
    why = norlandia.explain(bad["id"], "cert.estovia")
    assert (why["decision"], why["reason"]) == ("deny", "LOCAL_RULE")
    assert "'no-bad'" in why["trace"][-1]["detail"] and "by local rule 'no-bad'" in why["recorded"]
    assert norlandia.cli("policy show", "--text", check=0).stdout.decode() == NO_BAD

    # A restart finds them; going back lets it flow, once it is published again.
    norlandia.process.send_signal(signal.SIGTERM)
    norlandia.process.wait(10)
    norlandia.start()
    norlandia.session_up("cert.estovia")
    assert norlandia.json("policy show")["in_force"]["number"] == 1
    back = norlandia.json("policy rollback")
    assert (back["in_force"]["number"], back["in_force"]["rules"]) == (2, 0)
    assert back["difference"]["parties"][0]["flows"] == 1
    assert norlandia.publish(tmp_path / "two.json")["permitted"]["cert.estovia"] == 1
    wait_for(lambda: present(estovia, bad), "what flows again to arrive")
    assert norlandia.fsck()[1] == 0
    norlandia.cli("policy apply", rules, check=0)  # 3
    norlandia.cli("policy rollback", "1", check=0)  # 4
    assert norlandia.json("policy rollback")["in_force"]["back_to"] == 0, "not what the rollback went away from"


def test_what_would_open_above_green_wants_its_exact_number(pair, tmp_path):
    norlandia, _ = pair
    things = publish_three(norlandia, tmp_path)
    shut = write(tmp_path / "shut.toml", SHUT)
    nothing = write(tmp_path / "open.toml", OPEN)
    compared = norlandia.json("policy diff", shut)["difference"]
    assert compared["objects"] == 3
    estovia = compared["parties"][0]
    assert (estovia["name"], estovia["stops"], estovia["flows"]) == ("cert.estovia", 3, 0)
    assert estovia["strictest_stopping"] == "AMBER" and set(estovia["stopping"]) == {t["id"] for t in things}
    norlandia.cli("policy apply", shut, check=0)
    assert norlandia.json("policy diff", nothing)["difference"]["flows_above_green"] == 1
    refused = norlandia.cli("policy apply", nothing, check=3).stderr.decode()
    assert "RULES_OPEN" in refused or "ENT-3026" in refused
    assert "--accept 1" in refused
    norlandia.cli("policy apply", nothing, "--accept", "3", check=3)
    norlandia.cli("policy rollback", "0", check=3)
    assert norlandia.json("policy show")["in_force"]["number"] == 1
    norlandia.cli("policy apply", nothing, "--accept", "1", check=0)
    assert norlandia.json("policy show")["in_force"]["accepted"] == 1


def test_a_faulty_file_is_named_with_its_place_and_changes_nothing(pair, tmp_path):
    norlandia, _ = pair
    norlandia.cli("policy apply", write(tmp_path / "shut.toml", SHUT), check=0)
    rule = '[[rule]]\nid = "{}"\nwhen = {{ {} }}\neffect = "{}"\n'
    cases = {
        "unknown-key": 'version = 1\n[[rule]]\nid = "a"\nefect = "withhold"\n',
        "unknown-name": "version = 1\n" + rule.format("a", 'peer = "cert.estovja"', "withhold"),
        "duplicate-id": "version = 1\n" + 2 * rule.format("a", 'type = "tool"', "withhold"),
        "opens": "version = 1\n" + rule.format("a", 'label_at_least = "RED", relationship = "public"', "permit"),
        "unreachable": "version = 1\n" + rule.format("a", "", "withhold") + rule.format("b", 'type = "tool"', "withhold"),
        "too-many-rules": "version = 1\n" + "".join(rule.format(i, f'type = "t{i}"', "withhold") for i in range(100_000)),
        "syntax": "version = \n",
    }
    for name, text in cases.items():
        path = write(tmp_path / f"{name}.toml", text)
        for command in ("policy check", "policy apply", "policy diff", "policy shadow"):
            said = norlandia.cli(command, path, check=2).stderr.decode()
            assert f"{path}:" in said and f" {name}: " in said, (name, command, said)
    assert norlandia.json("policy show")["in_force"]["number"] == 1
    assert norlandia.json("policy show")["shadow"] is None


def test_the_shadow_counts_and_changes_nothing(pair, tmp_path):
    norlandia, estovia = pair
    norlandia.cli("policy shadow", write(tmp_path / "trial.toml", SHUT), check=0)
    thing = indicator(tlp="GREEN")
    assert norlandia.publish(bundle_file(tmp_path / "one.json", [thing]))["permitted"]["cert.estovia"] == 1
    norlandia.drained("cert.estovia")
    assert present(estovia, thing)
    metrics = norlandia.metrics()
    assert metrics['entente_shadow_decisions_total{difference="closes"}'] >= 1
    assert metrics['entente_shadow_decisions_total{difference="opens"}'] == 0
    assert norlandia.json("policy show")["shadow"]["rules"] == 1
    assert norlandia.cli("policy show", "--text", "--shadow", check=0).stdout.decode() == SHUT
    norlandia.cli("policy shadow", "--off", check=0)
    assert norlandia.json("policy show")["shadow"] is None
    assert norlandia.cli("policy shadow").returncode == 2


def test_own_cases_run_against_rules_in_force_and_rules_to_be(pair, tmp_path):
    norlandia, _ = pair
    bundle_file(tmp_path / "bad.json", [indicator(tlp="GREEN", x_bad=True)])
    bundle_file(tmp_path / "two.json", [indicator(tlp="GREEN"), indicator(tlp="CLEAR")])
    cases = write(tmp_path / "cases.toml", """version = 1
[[case]]
id = "good flows"
peer = "cert.estovia"
object = "two.json"
expect = "permit"
[[case]]
id = "bad stays"
peer = "cert.estovia"
object = "bad.json"
expect = "deny"
reason = "LOCAL_RULE"
rule = "no-bad"
[[case]]
id = "amber to nobody"
peer = "cert.estovia"
object = "two.json"
tlp = "AMBER"
expect = "deny"
reason = "TLP"
""")
    failed = norlandia.cli("policy test", cases, check=1).stdout.decode()
    assert "FAIL bad stays" in failed and "got permit peer_nation" in failed and "2 passed, 1 failed" in failed
    passed = norlandia.json("policy test", cases, "--rules", write(tmp_path / "rules.toml", NO_BAD))
    assert passed["failed"] == 0 and [case["ok"] for case in passed["cases"]] == [True] * 3
    wrong = norlandia.cli("policy test", write(tmp_path / "wrong.toml", "version = 1\n[[case]]\nid = 3\n"), check=2)
    assert "wrong.toml:3:6: id must be a text" in wrong.stderr.decode()
    assert norlandia.status()["objects"] == 0


def test_can_share_answers_before_acting(trio, tmp_path):
    norlandia, _, _ = trio
    amber = bundle_file(tmp_path / "amber.json", [indicator(tlp="AMBER")])
    lines = norlandia.cli("can-share", str(amber), "--to", "cert.estovia", "--json", check=0).stdout.decode().splitlines()
    decisions = {d["peer"]: (d["decision"], d["reason"]) for d in json.loads(lines[0])["decisions"]}
    assert decisions == {"cert.estovia": ("permit", "peer_nation"), "volt-energy": ("deny", "TLP")}
    norlandia.cli("can-share", str(amber), "--to", "cert.estovia", "--peer", "cert.estovia", check=0)
    said = norlandia.cli("can-share", str(amber), "--peer", "volt-energy", check=3).stdout.decode()
    assert "WOULD NOT BE SHARED with volt-energy" in said and "would be shared if" in said
    green = bundle_file(tmp_path / "green.json", [indicator(tlp="GREEN")])
    norlandia.publish(green, "--to", "cert.estovia")
    known = norlandia.cli("can-share", str(green), "--peer", "volt-energy", check=3).stdout.decode()
    assert "WOULD NOT BE SHARED" in known and "unchanged" in known and "nobody new" in known
    norlandia.drained("cert.estovia")  # the acknowledgement of what was published is a record too
    before = norlandia.status()["journal_seq"]
    unlabelled = bundle_file(tmp_path / "none.json", [indicator()])
    assert "NO_LABEL" in norlandia.cli("can-share", str(unlabelled), check=0).stdout.decode()
    assert norlandia.cli("can-share", str(unlabelled), "--peer", "nobody").returncode == 1
    assert norlandia.status()["journal_seq"] == before


def test_warning_lists_hold_what_a_rule_says(pair, tmp_path):
    norlandia, _ = pair
    norlandia.stop()
    folder = norlandia.dir / "warning-lists"
    folder.mkdir()
    (folder / "resolvers.json").write_text('{"name":"resolvers","version":1,"type":"hostname","list":["dns.example"]}')
    norlandia.start()
    norlandia.cli("policy apply", write(tmp_path / "rules.toml",
                                        'version = 1\n[[rule]]\nid = "noise"\nwhen = { warning_list = "resolvers" }\n'
                                        'effect = "quarantine"\n'), check=0)
    noise, news = indicator("a.dns.example", tlp="GREEN"), indicator(tlp="GREEN")
    file = bundle_file(tmp_path / "asked.json", [noise, news])
    asked = norlandia.cli("can-share", file, check=0).stdout.decode()
    assert "1 objects have values on warning lists" in asked and f"warned  {noise['id']}  resolvers" in asked
    said = norlandia.cli("publish", bundle_file(tmp_path / "warned.json", [indicator("b.dns.example", tlp="GREEN")]))
    assert "1 have values on warning lists" in said.stdout.decode()
    result = norlandia.publish(bundle_file(tmp_path / "two.json", [noise, news]))
    assert (result["published"], result["quarantined"]) == (1, 1)
    assert result["warned"] == 1 and result["warnings"] == [{"index": 0, "id": noise["id"], "lists": ["resolvers"]}]
    norlandia.cli("get", noise["id"], check=3)
    norlandia.stop()
    (folder / "broken.json").write_text("{}")
    norlandia.start(wait=False)
    assert norlandia.process.wait(30) == 1
    assert "broken.json" in norlandia.said()


def test_the_desk_labels_releases_and_puts_away(pair, tmp_path):
    norlandia, estovia = pair
    bare, wrong, fine = indicator(), indicator(tlp=str(uuid.uuid4())), indicator(tlp="GREEN", x_bad=True)
    norlandia.publish(bundle_file(tmp_path / "bare.json", [bare, wrong]), "--to", "cert.estovia")
    estovia.cli("policy apply", write(tmp_path / "hold.toml", NO_BAD.replace("withhold", "quarantine").replace('"out"', '"in"')),
                check=0)
    norlandia.publish(bundle_file(tmp_path / "fine.json", [fine]))
    norlandia.drained("cert.estovia")
    listed = norlandia.json("quarantine list")
    assert {(row["id"], row["reason"]) for row in listed["rows"]} == {(bare["id"], "NO_LABEL"), (wrong["id"], "MARKING")}
    shown = norlandia.cli("quarantine show", wrong["id"], check=0).stdout.decode()
    assert "unknown marking id" in shown and wrong["id"] in shown
    assert "\\x0a" not in shown, "lines of the file are lines"
    raw = norlandia.cli("quarantine show", bare["id"], "--raw", check=0).stdout
    assert json.loads(raw) == bare
    norlandia.cli("quarantine release", check=2)  # neither an object nor a filter
    norlandia.cli("quarantine reject", "--all", "--because", "noise", check=2)  # two fit, and one may be touched
    assert "NO_LABEL" in norlandia.cli("quarantine release", bare["id"], check=6).stdout.decode()
    assert norlandia.json("quarantine label", bare["id"], "--tlp", "AMBER")["done"] == 1
    wait_for(lambda: present(estovia, bare), "what was labelled to arrive")
    assert norlandia.json("quarantine reject", "--reason", "MARKING", "--because", "no such marking")["done"] == 1
    assert norlandia.json("quarantine list")["rows"] == []
    assert norlandia.status()["quarantined"] == 0

    held = estovia.json("quarantine list", "--from", "cert.norlandia", "--type", "indicator")
    assert [(row["id"], row["reason"]) for row in held["rows"]] == [(fine["id"], "LOCAL_RULE")]
    assert not present(estovia, fine)
    assert estovia.json("quarantine release", fine["id"])["rows"][0]["outcome"] == "released"
    assert present(estovia, fine)
    assert estovia.cli("quarantine release", fine["id"]).returncode == 1
    for node in (norlandia, estovia):
        assert node.fsck()[1] == 0


def test_an_import_profile_labels_what_has_no_label(pair, tmp_path):
    norlandia, estovia = pair
    rules = write(tmp_path / "rules.toml", 'version = 1\n[[import]]\nsource = "publish:feed"\ndefault_label = "GREEN"\n')
    thing = indicator()
    path = bundle_file(tmp_path / "feed.json", [thing])
    assert norlandia.json("policy check", rules) == {"file": rules, "rules": 0, "imports": 1}
    norlandia.json("policy apply", rules)
    assert norlandia.publish(path, "--source", "fed")["notable"][0]["reason"] == "NO_LABEL"
    said = "GREEN, imputed by cert.norlandia: import profile publish:feed"
    assert norlandia.json("can-share", str(path), "--source", "feed")["imputed"] == said
    result = norlandia.publish(path, "--source", "feed")
    assert (result["published"], result["imputed"], result["inherited"]) == (1, 1, 0)
    row = norlandia.json("get", thing["id"])
    assert (row["tlp"], row["imputed"]) == ("GREEN", said)
    assert norlandia.explain(thing["id"], "cert.estovia")["imputed"] == said
    norlandia.drained("cert.estovia")
    row = estovia.json("get", thing["id"])
    assert (row["tlp"], row["imputed"]) == ("GREEN", "")
    assert "imputed" in norlandia.cli("get", thing["id"], check=0).stdout.decode()
    wrong = write(tmp_path / "wrong.toml", 'version = 1\n[[import]]\nsource = "peer:estovia"\ndefault_label = "RED"\n')
    refused = norlandia.cli("policy apply", wrong)
    assert refused.returncode == 2 and b"wrong.toml:3:10: value: source" in refused.stderr
    assert norlandia.json("policy show")["in_force"]["number"] == 1
