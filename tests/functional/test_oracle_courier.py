"""An organisation that is nothing but the oracle of tests/oracle: its documents, its prekey of class offline and its part in a group are made from
docs/formats alone, and a daemon that it reaches by files takes it in as a member."""

import json
import os
import time

from federation import bundle_file, indicator
from oracles import oracle
from test_groups import epoch

import armour
import export_file
import hpke
import make
import wire
from building_blocks import labelled_hash, message
from identity import DAY, HOUR, ROOT

AMBER, OFFLINE = 3, 1


class Courier:
    """Version 2 announces prekeys of class offline up to AMBER."""

    def __init__(self, folder):
        self.folder, now = folder, time.time_ns() // 1000
        begin, root = now - DAY, make.Signer(os.urandom(32), ROOT)
        statement_seed, prekey_seed, prekey_id = os.urandom(32), os.urandom(32), os.urandom(16)
        signer = make.Signer(statement_seed)
        first = make.make_identity("cert.oracle", root, signer, begin)
        document = next(value for number, _, value in wire.fields(first) if number == 1)
        self.org = labelled_hash("entente/1/org", document)
        second = make.encoded({1: self.org, 2: 2, 3: labelled_hash("entente/1/idoc", document), 4: [root.entry(begin, begin + 730 * DAY)], 5: 1,
                               6: [signer.entry(begin, begin + 365 * DAY)], 7: b"\1", 8: 1, 9: begin + 730 * DAY, 10: "cert.oracle",
                               11: now - HOUR, 13: message((1, AMBER))})
        self.documents = [first, make.sign_identity(second, [root])]
        card = message((1, 1), (2, first), (3, "oracle.example:4711"), (4, self.documents[1:]))
        self.card = self.write("cert.oracle.card", armour.wrap("CARD", card))
        self.secrets = self.write("secrets", f"statement {statement_seed.hex()}\nprekey/{prekey_id.hex()} {prekey_seed.hex()}\n")
        body = make.encoded({1: self.org, 2: signer.id, 3: prekey_id, 4: 1, 5: hpke.expand_seed(prekey_seed)[2], 6: now - HOUR,
                             7: now - HOUR + 90 * DAY, 8: labelled_hash("entente/1/idoc", second), 9: OFFLINE})
        self.prekey = signer.signed("prekey.v1", body)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def file(self, to, *entries):
        identities = [(export_file.IDENTITY, one) for one in self.documents]
        return self.write("courier.entx", export_file.write(self.org, bytes.fromhex(to), [*identities, *entries]))


def test_an_organisation_made_from_the_formats_alone_is_a_member_of_a_daemons_group(make_node, tmp_path):
    daemon = make_node("cert.norlandia", nation="XN")
    daemon.json("key rotate", "--usage", "group-admin")
    daemon.cli("key offline", "--ceiling", "AMBER", check=0)
    daemon.start()
    (folder := tmp_path / "courier").mkdir()
    courier, peer = Courier(folder), folder / "norlandia.chain"
    peer.write_bytes(daemon.cli("key card", "--chain", check=0).stdout)
    org = oracle("identity", peer)[0]["org_id"]
    text = courier.org.hex()
    fingerprint = "-".join(text[at:at + 4] for at in range(0, 64, 4))
    daemon.cli("peer add", courier.card, "--fingerprint", fingerprint, "--nation", "XN", "--kind", "cert", check=0)
    said = daemon.json("import", courier.file(org, (export_file.PREKEY, courier.prekey)))
    assert (said["refused"], said["fault"]) == ({}, ""), said
    daemon.json("group create", "energy", "--member", "cert.oracle")
    epoch(daemon, 1)
    documents, reading = folder / "documents.entx", ("--receiver", courier.card, "--secrets", courier.secrets, "--peer", peer)
    daemon.cli("export", "--documents", "--to", "cert.oracle", documents, check=0)
    *answers, end = oracle("unpack", *reading, documents)
    kinds = [one["kind"] for one in answers]
    assert end["ok"] and kinds.count(export_file.PREKEY) == kinds.count(export_file.EPOCH) == 1
    # What the daemon has for it, and what it has for the daemon.
    thing = indicator(tlp="GREEN")
    daemon.publish(bundle_file(tmp_path / "thing", [thing]), "--group", "energy")
    filed = folder / "filed.entx"
    daemon.cli("export", "--to", "cert.oracle", filed, check=0)
    opened = [one for one in oracle("unpack", *reading, filed) if one.get("of") == "statements"]
    assert [json.loads(one["content"]) for row in opened for one in row["statements"]] == [thing]
    content, made = courier.write("content", json.dumps(indicator(tlp="GREEN"))), folder / "made"
    oracle("make", "--author", courier.card, "--secrets", courier.secrets, "--owner", peer, "--group", "energy", "--documents", documents,
           "--out", made, content)
    said = daemon.json("import", courier.file(org, (export_file.ENVELOPE, made.read_bytes())))
    assert (said["taken"], said["refused"]) == (1, {})
    assert daemon.get_raw(json.loads(content.read_text())["id"]).rstrip(b"\n") == content.read_bytes()
    assert daemon.fsck()[0]["ok"]
