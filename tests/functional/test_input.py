"""Bad input to publish and to the configuration: each with its named reason, and what was accepted stays."""

import gzip
import json
import resource
import zipfile

import pytest

from federation import bundle_file, indicator


def nested(depth):
    return '{"a":' * (depth - 1) + "1" + "}" * (depth - 1)


def broken(kind):
    """(one object's text, the reason it must be refused with)."""
    good = indicator(tlp="CLEAR")
    text = json.dumps(good)
    return {
        "depth 65": (text[:-1] + ', "x_deep": ' + nested(65) + "}", "E_JSON"),
        "duplicate key": (text[:-1] + ', "\\u006eame": "again"}', "E_JSON"),
        "without id": (json.dumps({k: v for k, v in good.items() if k != "id"}), "E_NOID"),
        "over 32 MiB": (text[:-1] + ', "x_big": "' + "a" * (33 << 20) + '"}', "E_LIMIT"),
        "integer beyond 2^53": (text[:-1] + ', "x_n": 9007199254740993}', "E_JSON"),
        "lone surrogate": (text[:-1] + ', "x_s": "\\ud800"}', "E_JSON"),
        "id of another type": (text.replace(good["id"], "malware" + good["id"][9:], 1), "E_STIX"),
        "bad timestamp": (text.replace(good["modified"], "2026-13-45T00:00:00Z"), "E_STIX"),
    }[kind]


@pytest.mark.parametrize("kind", ["depth 65", "duplicate key", "without id", "over 32 MiB", "integer beyond 2^53",
                                  "lone surrogate", "id of another type", "bad timestamp"])
def test_a_bad_object_is_refused_by_name_and_the_others_stay(pair, tmp_path, kind):
    norlandia, estovia = pair
    before, after = indicator(tlp="CLEAR"), indicator(tlp="CLEAR")
    bad, reason = broken(kind)
    result = norlandia.publish(bundle_file(tmp_path / "mixed.json", [before, bad, after]), check=6)
    assert (result["objects"], result["published"], result["rejected"]) == (3, 2, 1)
    assert result["notable"][0]["reason"] == reason
    norlandia.drained("cert.estovia")
    assert estovia.get_raw(before["id"]) == json.dumps(before).encode()
    assert norlandia.metrics()[f'entente_rejections_total{{reason="{reason}"}}'] == 1


def test_a_bundle_that_breaks_off_keeps_what_came_before(pair, tmp_path):
    norlandia, estovia = pair
    good = [indicator(tlp="CLEAR") for _ in range(5)]
    path = bundle_file(tmp_path / "broken.json", good)
    path.write_text(path.read_text()[:-40] + "\x00 not json")
    done = norlandia.cli("publish", path, "--json", check=6)
    assert json.loads(done.stdout.splitlines()[-1])["published"] == 4
    assert b"line" in done.stderr and b"column" in done.stderr
    norlandia.drained("cert.estovia")
    assert estovia.status()["objects"] == 4
    refused(norlandia, "E_JSON", 1)


def refused(node, reason, count):
    """Counted as this operator's own doing, and by no means as a peer's."""
    metrics = node.metrics()
    assert metrics[f'entente_rejections_total{{reason="{reason}"}}'] == count
    assert metrics[f'entente_publish_refusals_total{{reason="{reason}"}}'] == count
    assert all(value == 0 for name, value in metrics.items() if name.startswith("entente_verification_failures_total"))


@pytest.mark.parametrize("text", ["", "not json at all", "[tru", '{"type": "bundle", "objects": 7}', "\ufeff{}",
                                  '{"type": "bundle", "id": "a", "id": "b", "objects": []}'])
def test_a_file_that_is_no_bundle_fails_says_where_and_counts(pair, tmp_path, text):
    norlandia, _ = pair
    path = tmp_path / "no.json"
    path.write_text(text)
    done = norlandia.cli("publish", path, "--json")
    assert done.returncode == 6 and b"E_JSON" in done.stderr, done.stderr
    assert norlandia.status()["objects"] == 0
    refused(norlandia, "E_JSON", 1)


@pytest.mark.parametrize("pack", ["gzip", "zip"])
def test_P54_a_compressed_bundle_is_refused_without_growth(pair, tmp_path, pack):
    """256 MiB of a bundle in under 1 MiB: nothing here inflates it, neither the command nor the daemon."""
    norlandia, _ = pair
    path = tmp_path / "bomb"
    with open(path, "wb") as file:
        archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) if pack == "zip" else None
        with archive.open("bundle.json", "w") if archive else gzip.GzipFile(fileobj=file, mode="wb") as bundle:
            bundle.write(b'{"type":"bundle","objects":[')
            for _ in range(256):
                bundle.write(b" " * (1 << 20))
            bundle.write(b"]}")
        if archive:
            archive.close()
    assert path.stat().st_size < 1 << 20
    before = norlandia.rss_kib()
    done = norlandia.cli("publish", path, "--json")
    assert done.returncode == 6 and b"E_JSON" in done.stderr and b"line 1, column 1" in done.stderr, done.stderr
    # The largest of all children so far: this one, if it had inflated anything.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 200 * 1024
    assert norlandia.rss_kib() < before + 16 * 1024
    refused(norlandia, "E_JSON", 1)


def test_an_element_that_is_no_object_is_rejected_alone_with_its_index(pair, tmp_path):
    norlandia, _ = pair
    good = [indicator(tlp="CLEAR") for _ in range(2)]
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps({"type": "bundle", "objects": [good[0], 7, "x", ["y"], None, good[1]]}))
    result = norlandia.publish(path, check=6)
    assert (result["objects"], result["published"], result["rejected"]) == (6, 2, 4)
    assert [(n["index"], n["reason"]) for n in result["notable"]] == [(i, "E_STIX") for i in (1, 2, 3, 4)]
    assert "element [3] is no object" in result["notable"][2]["detail"]
    refused(norlandia, "E_STIX", 4)


def test_an_object_over_the_limit_is_no_failed_verification(pair, tmp_path):
    norlandia, _ = pair
    text = json.dumps(indicator(tlp="CLEAR"))
    path = tmp_path / "large.json"
    path.write_text(text[:-1] + ', "x_big": "' + "a" * (33 << 20) + '"}')
    assert norlandia.publish(path, check=6)["rejected"] == 1
    refused(norlandia, "E_LIMIT", 1)


def test_a_large_object_just_under_the_limit_arrives(pair, tmp_path):
    norlandia, estovia = pair
    thing = indicator(tlp="GREEN", x_big="b" * (31 << 20))
    norlandia.publish(bundle_file(tmp_path / "large.json", [thing]))
    norlandia.drained("cert.estovia")
    assert estovia.get_raw(thing["id"]) == json.dumps(thing).encode()
    assert max(norlandia.rss_kib(), estovia.rss_kib()) < 300 * 1024


@pytest.mark.parametrize("old, new, says", [
    ("peer_listen", "peer_lisen", [b"peer_listen", b":"]),
    ('name = "cert.norlandia"', "name = 7", [b"name", b"string"]),
    ('name = "cert.norlandia"', 'name = "cert.norlandia"\nname = "twice"', [b"name"]),
    ('name = "cert.norlandia"', "name = ", []),
])
def test_a_config_with_a_mistake_is_refused_with_line_and_column(make_node, old, new, says):
    node = make_node("cert.norlandia")
    config = node.dir / "entente.toml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new, 1))
    line = next(i for i, row in enumerate(config.read_text().splitlines(), 1) if new.splitlines()[-1] in row)
    done = node.cli("run")
    assert done.returncode == 1
    assert f"entente.toml:{line}:".encode() in done.stderr, done.stderr
    for word in says:
        assert word in done.stderr
