"""Published threat intelligence with every kind of marking added to it: the label that counts, and what is held, are those of
a reference that is written from docs/policy.md and docs/cli.md and shares nothing with the node."""

import itertools
import json

import pytest

from federation import CORPORA

ORDER = ["", "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
MARKING = "marking-definition--"
TLP = {"CLEAR": ["94868c89-83c2-464b-929b-a1a8aa3c8487", "613f2e26-407d-48c7-9eca-b8e91df99dc9"],
       "GREEN": ["bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "34098fce-860f-48ae-8e50-ebd3cc5e41da"],
       "AMBER": ["55d920b0-5e8b-4f79-9ee9-91f868d9b421", "f88d31f6-486f-44da-b317-01333bde0b82"],
       "AMBER+STRICT": ["939a9414-2ddd-4d32-a0cd-375ea402b003", "826578e1-40ad-459f-bc73-ede076f81f37"],
       "RED": ["e828b379-4e03-4974-9ac4-e53a884c97c1", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]}
PAP = {"": None, "CLEAR": "ad15a0cd-55b6-4588-a14c-a66105329b92", "WHITE": "a3bea94c-b469-41dc-9cfe-d6e7daba7730",
       "GREEN": "c43594d1-4b11-4c59-93ab-1c9b14d53ce9", "AMBER": "60f8932b-e51e-4458-b265-a2e8be9a80ab",
       "RED": "740d36e5-7714-4c30-961a-3ae632ceee0e"}
IEP = "8bb5f5cb-2d43-4a3d-8b9a-1fbb6a3b8a2a"
BAD = {"unknown": "11111111-1111-4111-8111-111111111111", "one digit off": "e828b379-4e03-4974-9ac4-e53a884c97c0", "iep": IEP}
GRANULAR = ["", "CLEAR", "RED", "no such selector"]
INHERITING = {"artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file", "identity",
              "ipv4-addr", "ipv6-addr", "mac-addr", "mutex", "network-traffic", "process", "software", "url", "user-account",
              "windows-registry-key", "x509-certificate"}
RELATIONS = {"relationship", "sighting"}
ENDPOINTS = {"source_ref", "target_ref", "sighting_of_ref", "observed_data_refs", "where_sighted_refs"}


def combinations():
    """Every pair of values of the five dimensions comes up, in an order that mixes them."""
    labels = [None] + [(label, form) for label in TLP for form in (0, 1)]
    plain = list(itertools.product(labels, PAP, GRANULAR))
    marked = [(label, pap, granular, "") for label, pap, granular in plain]
    spoilt = [(label, pap, granular, bad) for (label, pap, granular), bad in zip(plain, itertools.cycle(BAD))]
    every = marked + spoilt[::7]
    return [every[i * 101 % len(every)] for i in range(len(every))]


class Marked:
    def __init__(self, stix, combination):
        label, pap, granular, bad = combination
        self.id, self.type, self.pap = stix["id"], stix["type"], pap
        self.held = bool(bad) or granular == "no such selector"
        stix = {key: value for key, value in stix.items() if key not in ("object_marking_refs", "granular_markings")}
        refs = [TLP[label[0]][label[1]]] if label else []
        refs += [PAP[pap]] if pap else []
        refs += [BAD[bad]] if bad else []
        if refs:
            stix["object_marking_refs"] = [MARKING + ref for ref in refs]
        if granular:
            name = granular if granular in TLP else "GREEN"
            selector = "type" if granular in TLP else "x_nowhere.[3]"
            stix["granular_markings"] = [{"marking_ref": MARKING + TLP[name][0], "selectors": [selector]}]
        self.stix = stix
        self.own = max(label[0] if label else "", granular if granular in TLP else "", key=ORDER.index)
        self.names = list(named(stix))


def named(value):
    if isinstance(value, list):
        for element in value:
            yield from named(element)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in ("object_marking_refs", "granular_markings"):
            continue
        if key.endswith("_ref") and isinstance(inner, str):
            yield key, inner
        if key.endswith("_refs") and isinstance(inner, list):
            yield from ((key, text) for text in inner if isinstance(text, str))
        yield from named(inner)


def expected(bundle):
    """{id: label that counts, or the reason that it is held for}"""
    by_id = {one.id: one for one in bundle}
    label = {one.id: one.own for one in bundle}

    def open_to_inherit(one):
        return not one.held and not one.own and one.type in INHERITING

    changed = True
    while changed:
        before = dict(label)
        for one in bundle:
            for key, name in one.names:
                if name not in by_id:
                    continue
                if one.type in RELATIONS and not one.held and key in ENDPOINTS:
                    label[one.id] = max(label[one.id], label[name], key=ORDER.index)
                if open_to_inherit(by_id[name]):
                    label[name] = max(label[name], label[one.id], key=ORDER.index)
        changed = label != before
    lost = {one.id for one in bundle if one.held or not label[one.id]}
    for one in bundle:
        if one.held:
            lost |= {name for _, name in one.names if name in by_id and open_to_inherit(by_id[name])}
    changed = True
    while changed:
        more = {one.id for one in bundle if one.type in RELATIONS and not one.own and
                any(name in lost for key, name in one.names if key in ENDPOINTS)} - lost
        changed = bool(more)
        lost |= more
    return {one.id: "MARKING" if one.held else "NO_LABEL" if one.id in lost else label[one.id] for one in bundle}


@pytest.mark.parametrize("name", ["stix/pegasus.stix2", "stix/cytrox.stix2", "stix/novispy.stix2", "attack/ics-attack-18.1.json"])
def test_every_marking_on_real_objects(pair, name, tmp_path):
    path = CORPORA / name
    if not path.exists():
        pytest.skip("corpora not present")
    norlandia, _ = pair
    objects = [one for one in json.loads(path.read_text())["objects"] if one["type"] != "marking-definition"][:900]
    bundle = [Marked(one, combination) for one, combination in zip(objects, itertools.cycle(combinations()))]
    marked = tmp_path / "marked.json"
    marked.write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": [one.stix for one in bundle]}))
    want = expected(bundle)
    assert len(want) == len(bundle)

    result = norlandia.publish(marked)
    rows = norlandia.cli("tail", "--json", check=0).stdout.decode().splitlines()
    got = {row["id"]: row["tlp"] for row in map(json.loads, rows)}
    held = norlandia.json("quarantine list", "--limit", "1000")
    for row in held["rows"]:
        got[row["id"]] = row["reason"]
    assert {key: (got.get(key), label) for key, label in want.items() if got.get(key) != label} == {}
    assert result["quarantined"] == sum(label in ("MARKING", "NO_LABEL") for label in want.values())
    assert result["inherited"] == sum(want[one.id] in ORDER and want[one.id] != one.own for one in bundle)
    for one in [one for one in bundle if want[one.id] in ("CLEAR", "GREEN")][:40]:
        step = next(step for step in norlandia.explain(one.id, "cert.estovia")["trace"] if step["check"] == "pap")
        assert step["result"] == ("fail" if one.pap in ("AMBER", "RED") else "skip"), one.stix
    assert {"MARKING", "NO_LABEL", "RED", "GREEN", "AMBER+STRICT"} <= set(want.values())
