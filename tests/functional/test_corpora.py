"""Published threat intelligence as it is found: every object arrives with exactly the bytes of its file."""

import json

import pytest

from federation import CORPORA

FILES = ["stix/pegasus.stix2", "stix/cytrox.stix2", "stix/novispy.stix2", "attack/ics-attack-18.1.json"]


def object_texts(text):
    """{id: exact text} of each object in a bundle, cut by Python's own JSON decoder."""
    decoder = json.JSONDecoder()
    at = text.index("[", text.index('"objects"')) + 1
    found = {}
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return found
        value, end = decoder.raw_decode(text, at)
        found[value["id"]] = text[at:end]
        at = end


@pytest.mark.parametrize("name", FILES)
def test_a_real_bundle_arrives_byte_for_byte(pair, name):
    path = CORPORA / name
    if not path.exists():
        pytest.skip("corpora not present")
    norlandia, estovia = pair
    texts = object_texts(path.read_text())
    result = norlandia.publish(path, "--tlp", "GREEN")
    assert result["objects"] == result["published"] == len(texts)
    assert result["permitted"] == {"cert.estovia": len(texts)} and result["withheld"] == {"cert.estovia": 0}
    norlandia.drained("cert.estovia")
    for node in (norlandia, estovia):
        status = node.status()
        assert (status["objects"], status["quarantined"]) == (len(texts), 0)
        rows = node.cli("tail", "--json", "--content", check=0).stdout.decode().splitlines()
        stored = {row["id"]: row["content"] for row in map(json.loads, rows)}
        assert stored == texts
    assert norlandia.publish(path, "--tlp", "GREEN")["unchanged"] == len(texts)


def test_without_a_label_everything_is_held(pair):
    path = CORPORA / "stix/novispy.stix2"
    if not path.exists():
        pytest.skip("corpora not present")
    norlandia, estovia = pair
    result = norlandia.publish(path)
    assert (result["objects"], result["quarantined"], result["published"]) == (37, 37, 0)
    assert estovia.status()["objects"] == 0
