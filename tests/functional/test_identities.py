"""Later versions of identity documents at the operator's door. The documents are the oracle's, so each rule can be bent alone."""

import json
import os
import time

import pytest

from federation import wait_for

import oracles  # noqa: F401  it knows where the oracle is
import armour
import identity
import make
from building_blocks import labelled_hash, message, pae
from identity import DAY

ROOT, STATEMENT = make.Signer(os.urandom(32), identity.ROOT), make.Signer(os.urandom(32))
NOW = time.time_ns() // 1000


class Chain:
    """An organisation's documents, one after the other."""

    def __init__(self, begin=NOW - 30 * DAY, name="cert.oracle"):
        self.begin, self.name = begin, name
        self.signed = [make.make_identity(name, ROOT, STATEMENT, begin)]
        self.documents = [self.bytes_of(self.signed[0])]

    @staticmethod
    def bytes_of(signed):
        """The document: the first field of what is signed, of 128 to 16,383 bytes."""
        size = (signed[1] & 0x7f) | signed[2] << 7
        return signed[3:3 + size]

    def next(self, signer=ROOT, **bent):
        number = len(self.documents) + 1
        fields = {1: labelled_hash("entente/1/org", self.documents[0]), 2: number,
                  3: labelled_hash("entente/1/idoc", self.documents[-1]), 4: [ROOT.entry(self.begin, self.begin + 730 * DAY)], 5: 1,
                  6: [STATEMENT.entry(self.begin, self.begin + 365 * DAY)], 7: b"\1", 8: 1, 9: self.begin + 730 * DAY, 10: self.name,
                  11: self.begin + number * DAY}
        document = make.encoded({**fields, **{int(key[1:]): value for key, value in bent.items()}})
        self.documents.append(document)
        self.signed.append(message((1, document), (2, [message((1, signer.id), (2, signer.private.sign(pae("idoc.v1", document))))])))
        return self

    def card(self, path, first=0, last=None):
        chosen = self.signed[first:last]
        path.write_text(armour.wrap("CARD", message((1, 1), (2, chosen[0]), (4, chosen[1:]))))
        return path

    @property
    def words(self):
        org = labelled_hash("entente/1/org", self.documents[0]).hex()
        return ("--fingerprint", "-".join(org[at:at + 4] for at in range(0, 64, 4)), "--nation", "XE", "--kind", "cert")


@pytest.fixture
def node(make_node):
    return make_node("cert.norlandia", nation="XN").start()


def reason(node, chain, card):
    done = node.cli("peer add", card, *chain.words)
    if done.returncode == 0:
        return None
    return next(line.split()[2] for line in done.stderr.decode().splitlines() if line.split()[:1] == ["code"])


def test_a_card_with_a_chain_is_taken_whole_and_outlives_a_restart(node, tmp_path):
    chain = Chain().next().next(_10="cert.renamed")
    assert reason(node, chain, chain.card(tmp_path / "card")) is None
    node.stop()
    node.start()
    assert node.peer("cert.renamed")
    assert reason(node, chain, chain.card(tmp_path / "card", last=2)) == "E_ROLLBACK"  # it still knows the third
    assert node.fsck() == ({"ok": True, "problems": []}, 0)


def test_P26_versions_ascend_without_a_gap_and_the_old_roots_sign(node, tmp_path):
    chain = Chain()
    assert reason(node, chain, chain.card(tmp_path / "card")) is None
    chain.next().next()
    gap = Chain()
    gap.signed, gap.documents = [chain.signed[0], chain.signed[2]], chain.documents
    assert reason(node, chain, gap.card(tmp_path / "gap")) == "E_IDCHAIN"
    assert reason(node, chain, chain.card(tmp_path / "late", first=1)) == "E_IDENTITY"  # a card begins with version 1
    stranger = make.Signer(os.urandom(32), identity.ROOT)
    assert reason(node, chain, Chain().next(signer=stranger).card(tmp_path / "stranger")) == "E_IDCHAIN"
    assert reason(node, chain, chain.card(tmp_path / "card")) is None  # nothing of these stood in the way


def test_P27_nobody_goes_back_and_an_expired_document_freezes(node, tmp_path):
    chain = Chain().next()
    assert reason(node, chain, chain.card(tmp_path / "two")) is None
    assert reason(node, chain, chain.card(tmp_path / "one", last=1)) == "E_ROLLBACK"
    old = Chain(begin=NOW - 800 * DAY, name="cert.old")
    assert reason(node, old, old.card(tmp_path / "old")) == "E_FREEZE"
    wait_for(lambda: node.metrics().get('entente_rejections_total{reason="E_ROLLBACK"}') == 1, "the refusal to be counted")


def test_a_floor_only_rises(node, tmp_path):
    chain = Chain().next(_7=b"\1\2", _8=2)
    assert reason(node, chain, chain.card(tmp_path / "two")) is None
    assert reason(node, chain, chain.next(_7=b"\1\2").card(tmp_path / "three")) == "E_FLOOR"


def test_two_documents_for_one_version_are_kept_and_stop_what_is_new(node, tmp_path):
    honest, twin = Chain().next(), Chain()
    assert reason(node, honest, honest.card(tmp_path / "honest")) is None
    twin.signed, twin.documents = honest.signed[:1], honest.documents[:1]
    assert reason(node, twin, twin.next(_10="cert.twin").card(tmp_path / "twin")) == "E_EQUIV"
    node.stop()
    node.start()
    assert reason(node, honest, honest.next().card(tmp_path / "three")) == "E_EQUIV"
    assert node.fsck() == ({"ok": True, "problems": []}, 0)


def test_verify_reads_the_whole_chain_of_a_card(node, tmp_path):
    chain = Chain().next()
    done = node.cli("verify", chain.card(tmp_path / "card"), check=0)
    assert b"version 2" in done.stdout
    assert b"E_IDCHAIN" in node.cli("verify", chain.next(_11=NOW - 40 * DAY).card(tmp_path / "back"), check=4).stderr


def test_verify_reads_an_identity_chain_without_a_card(node, tmp_path):
    file = tmp_path / "chain"

    def checked(*documents):
        file.write_text(armour.wrap("IDENTITY", message((1, list(documents)))))
        done = node.cli("verify", file, "--json")
        said = json.loads(done.stdout)
        assert done.returncode == (0 if said["ok"] else 4), done.stderr
        return said

    chain = Chain().next().next(_10="cert.renamed")
    said = checked(*chain.signed)
    assert (said["kind"], said["ok"]) == ("identity chain", True)
    details = {row["check"]: row["detail"] for row in said["checks"]}
    assert details["identity"].startswith("cert.renamed, version 3") and details["chain"].startswith("3 versions")
    assert details["revocations"] == "none"
    assert checked(chain.signed[0], chain.signed[2])["reason"] == "E_IDCHAIN"
    assert checked(chain.signed[0], chain.signed[0])["reason"] == "E_IDCHAIN"
    assert checked()["reason"] == "E_PARSE"
    bent = bytearray(chain.signed[1])
    bent[-1] ^= 1
    assert checked(chain.signed[0], bytes(bent))["reason"] == "E_IDCHAIN"
    own = node.cli("key card", "--chain", check=0).stdout
    file.write_bytes(own)
    assert json.loads(node.cli("verify", file, "--json", check=0).stdout)["kind"] == "identity chain"
    assert node.cli("verify", node.dir / "keystore").returncode == 2
    assert b"is a keystore" in node.cli("verify", node.dir / "keystore").stderr
