"""Files of `export` and `import`, written and read by nodes and by the oracle of tests/oracle."""

import collections
import json

from federation import indicator
from oracles import oracle, play_peer, write_secrets
from test_files import exported
from test_oracle import DAMAGES, make_for


def unpacked(receiver, peer, file, check=0):
    return oracle("unpack", "--receiver", receiver.card, "--secrets", write_secrets(receiver), "--peer", peer.card, file, check=check)


def test_the_oracle_reads_what_a_node_exports(pair, tmp_path):
    norlandia, estovia = pair
    file, objects = exported(pair, tmp_path)
    *entries, end = unpacked(estovia, norlandia, file)
    orgs = [oracle("identity", node.card)[0]["org_id"] for node in pair]
    assert (end["ok"], [end["from"], end["to"]], end["entries"]) == (True, orgs, len(entries))
    kinds = [entry["kind"] for entry in entries]
    assert kinds.count(1) == 2 and kinds[-2:] == [1, 1] and 2 in kinds[:-2]  # documents before envelopes
    said = [json.loads(one["content"]) for entry in entries if entry["kind"] == 1 for one in entry["statements"]]
    assert sorted(one["id"] for one in said) == sorted(one["id"] for one in objects)
    bent = tmp_path / "bent"
    for reason, content in (("E_TRUNCATED", file.read_bytes()[:-1]), ("E_TRAILING", file.read_bytes() + b"x"),
                            ("E_AEAD", file.read_bytes()[:-1] + b"x")):
        bent.write_bytes(content)
        *whole, end = unpacked(estovia, norlandia, bent, check=4)
        assert end["reason"] == reason and whole == entries


def packed(daemon, peer, tmp_path, paths):
    file = tmp_path / "packed.entx"
    oracle("pack", "--author", peer.card, "--owner", daemon.card, "--out", file, *paths)
    return file


def test_a_node_imports_what_the_oracle_writes_and_each_damage_is_counted_by_its_reason(make_node, tmp_path):
    daemon, peer = make_node("cert.estovia", nation="XE").start(), make_node("cert.norlandia", nation="XN")
    daemon.accept(peer)
    made = peer.dir / "made"
    contents = make_for(daemon, peer, made, "--damaged")
    refused = [name for name, reason in DAMAGES.items() if reason != "ADMITTED"]
    file = packed(daemon, peer, tmp_path, [f"{made}-{name}" for name in refused] + [made])
    said = daemon.json("import", file, check=6)
    assert (said["from"], said["for_this_node"], said["taken"], said["known"], said["fault"]) == ("cert.norlandia", True, 1, 0, "")
    assert said["refused"] == dict(collections.Counter(DAMAGES[name] for name in refused))
    for content in contents:
        assert daemon.get_raw(json.loads(content.read_text())["id"]).rstrip(b"\n") == content.read_bytes()
    said = daemon.json("import", packed(daemon, peer, tmp_path, [made]))
    assert (said["taken"], said["known"]) == (0, 1)
    assert daemon.fsck()[0]["ok"]
