"""`verify` of what is for a group: nothing without the group's documents, and with them, and a member's keys, all that a member's node checks."""

import hashlib
import json
import pathlib
import time
import types

import pytest

from federation import bundle_file, indicator, wait_for
from oracles import write_secrets  # its folder is on the path from here on
from test_groups import admins, founded, shown  # noqa: F401  the fixture
from test_verify import verify
from test_verify_sealed import envelope_in, said

import armour
import chain
import epochs
import export_file
import make
import vectors
import wire
import world

AT = ("--at", "2026-01-01T01:30:00Z")  # world.NOW


def folder_of(node):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(node.dir.iterdir()) if path.is_file()}


def newest_epoch(file):
    delivery = [data for kind, data in export_file.read(file.read_bytes()).entries if kind == export_file.EPOCH][-1]
    return epochs.read_epoch(wire.strict(wire.DELIVERY, delivery).epoch)


def sealed_to_the_group(author, documents):
    """What `author`, of one identity document, says to the group of these documents under its epoch."""
    one, now = newest_epoch(documents), int(time.time() * 1e6)
    secrets = dict(line.split() for line in write_secrets(author).read_text().splitlines())
    secret = bytes.fromhex(secrets[f"epoch/{one.group_id.hex()}/{one.epoch}/{one.id[:8].hex()}"])[:32]
    audience = make.GroupAudience(one.group_id, one.membership_version, one.membership_hash)
    made = make.Author(chain.of_card(pathlib.Path(author.card).read_text(), now), make.Signer(bytes.fromhex(secrets["statement"])), now,
                       terms={16: [audience.field]})
    batch, entries, ids = made.sign([json.dumps(indicator(tlp="GREEN")).encode()], [], {1: 2, 13: one.group_id})
    return made.envelope_of({1: [batch], 2: [make.encoded(entry) for entry in entries]}, make.seal_hashes(ids, audience), [],
                            group=(secret, one))


@pytest.fixture
def group(admins, tmp_path):
    """Its three members, stopped; the file of its documents that Norlandia wrote for Estovia; an envelope that volt-energy sealed to it."""
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    documents = tmp_path / "for-estovia.entx"
    norlandia.cli("export", "--to", "cert.estovia", "--documents", documents, check=0)
    for node in admins:
        node.stop()
    sealed = tmp_path / "sealed"
    sealed.write_bytes(sealed_to_the_group(volt, documents))
    cards = [word for node in (norlandia, volt) for word in ("--identity", node.card)]
    return types.SimpleNamespace(norlandia=norlandia, estovia=estovia, volt=volt, documents=documents, sealed=sealed, cards=cards)


def test_an_envelope_of_a_group_opens_with_its_documents_and_a_members_keys(group, make_node):
    as_member, given = ("--node", group.estovia.dir), ("--documents", group.documents)
    before = folder_of(group.estovia)
    for words, what in ((group.cards, "--node"), (group.cards + [*given], "--node"), (group.cards + [*as_member], "--documents")):
        answer, checks = said(group.sealed, *words)
        assert answer["ok"] and answer["tlp"] == "" and checks["form"] == ("holds", "to the members of a group")
        assert checks["sealed"][0] == "not checked" and what in checks["sealed"][1]
        assert "statements" not in checks
    answer, checks = said(group.sealed, *group.cards, *as_member, *given)
    assert answer["ok"] and answer["tlp"] == "GREEN"
    assert [checks[f"given {kind}"] for kind in ("membership documents", "group log entries", "epochs", "documents files")] == [
        ("holds", "1"), ("holds", "2"), ("holds", "1"), ("holds", "1")]
    assert checks["epoch secrets"] == ("holds", "1 of 1 epochs are open to this node, each by its commitment")
    assert checks["sealed"][0] == "holds" and group.volt.fingerprint in checks["sealed"][1]
    assert checks["statements"][0] == "holds" and "version 1 of group" in checks["statements"][1]
    assert folder_of(group.estovia) == before
    # Another member opens it by the secret in its keystore: the slot in this file is not its own.
    _, checks = said(group.sealed, *group.cards, "--identity", group.estovia.card, "--node", group.norlandia.dir, *given)
    assert checks["sealed"][0] == "holds" and checks["epoch secrets"][0] == "holds"
    # Who is in no group of these documents has no secret of it, which says nothing against the envelope.
    stranger = make_node("cert.other0")
    answer, checks = said(group.sealed, *group.cards, "--node", stranger.dir, *given)
    assert answer["ok"] and checks["sealed"][0] == "not checked" and "epoch secrets" not in checks


def test_an_export_file_opens_what_is_for_a_group_with_the_documents_in_it(group, tmp_path):
    found, file = export_file.read(group.documents.read_bytes()), tmp_path / "file"
    volt, sealed = bytes.fromhex(group.volt.facts["org_id"]), (export_file.ENVELOPE, group.sealed.read_bytes())
    of_group = [one for one in found.entries if one[0] not in (export_file.IDENTITY, export_file.PREKEY)]
    as_member = (*group.cards, "--node", group.estovia.dir)
    file.write_bytes(export_file.write(volt, found.to_org, [*of_group, sealed]))
    _, checks = said(file, *as_member)
    assert checks["envelopes"] == ("holds", "1") and checks["epoch secrets"][0] == "holds"
    file.write_bytes(export_file.write(volt, found.to_org, [sealed, *of_group]))  # in front of what it is checked with
    _, checks = said(file, *as_member)
    assert checks["envelopes"][0] == "not checked" and "--documents" in checks["envelopes"][1]
    _, checks = said(file, *as_member, "--documents", group.documents)
    assert checks["envelopes"] == ("holds", "1")
    bent = (sealed[0], sealed[1][:-1] + bytes([sealed[1][-1] ^ 1]))
    file.write_bytes(export_file.write(volt, found.to_org, [*of_group, bent]))
    assert said(file, *as_member, check=4)[1]["envelopes"] == ("fails", "1 E_AEAD")


def test_a_damaged_envelope_of_a_group_and_a_foreign_sealer_fail_by_name(group, tmp_path):
    words = ("--node", group.estovia.dir, "--documents", group.documents)
    whole, bad = group.sealed.read_bytes(), tmp_path / "bad"

    def reason(content, *cards):
        bad.write_bytes(content)
        answer, checks = said(bad, *cards, *words, check=4)
        assert checks["sealed"] == ("fails", answer["reason"]), checks
        return answer["reason"]

    assert reason(whole[:-1] + bytes([whole[-1] ^ 1]), *group.cards) == "E_AEAD"
    assert reason(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:], *group.cards) == "E_COMMIT"
    assert reason(whole, "--identity", group.norlandia.card) == "E_NOKEY"  # volt-energy's card is not there
    bad.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])  # of no epoch that is known
    answer, checks = said(bad, *group.cards, *words)
    assert answer["ok"] and checks["sealed"][0] == "not checked"


def test_documents_that_are_wrong_fail_by_name_and_open_nothing(group, tmp_path):
    whole, bad = group.documents.read_bytes(), tmp_path / "bad"
    found = export_file.read(whole)

    def given(content):
        bad.write_bytes(content)
        answer, checks = said(group.sealed, *group.cards, "--node", group.estovia.dir, "--documents", bad, check=4)
        return answer["reason"], {**checks, "rows": [(row["check"], row["result"], row["detail"]) for row in answer["checks"]]}

    # What stands in front of a fault counts: each document proves itself.
    reason, checks = given(whole[:-1])
    assert (reason, checks["given documents files"], checks["sealed"][0]) == ("E_TRUNCATED", ("fails", "1 E_TRUNCATED"), "holds")
    reason, checks = given(whole[:69] + b"\4" + (2 << 30).to_bytes(4, "big") + b"x" * 99)
    assert (reason, checks["sealed"][0]) == ("E_LIMIT", "not checked")
    long = [(export_file.EPOCH, b"\x2a\0" * (1 << 20))]  # two million empty hashes, which nobody parses
    reason, checks = given(export_file.write(found.from_org, found.to_org, [*found.entries, *long]))
    assert (reason, checks["given documents files"], checks["sealed"][0]) == ("E_LIMIT", ("fails", "1 E_LIMIT"), "holds")
    bent = whole.replace(b"energy", b"enerGy", 1)
    reason, checks = given(bent)
    assert reason == "E_SIG" and checks["given membership documents"] == ("fails", "1 E_SIG") and checks["sealed"][0] == "not checked"
    without = [one for one in found.entries if one[0] != export_file.MEMBERSHIP]
    reason, checks = given(export_file.write(found.from_org, found.to_org, without))
    assert reason == "E_MEMBERHASH" and checks["given epochs"] == ("fails", "1 E_MEMBERHASH") and checks["sealed"][0] == "not checked"
    slot = [(kind, data[:-300] + bytes([data[-300] ^ 1]) + data[-299:] if kind == export_file.EPOCH else data) for kind, data in found.entries]
    reason, checks = given(export_file.write(found.from_org, found.to_org, slot))
    assert reason == "E_SLOTPROOF" and checks["given epochs"] == ("fails", "1 E_SLOTPROOF")
    many = [(export_file.MEMBERSHIP, bytes(1 << 19))] * 129
    reason, checks = given(export_file.write(found.from_org, found.to_org, many))
    assert ("given membership documents", "fails", "1 E_LIMIT") in checks["rows"] and checks["sealed"][0] == "not checked"


def test_what_is_no_file_of_documents_is_refused(group, tmp_path):
    done = verify(group.norlandia.card, "--documents", group.documents, check=2)
    assert b"--documents goes with" in done.stderr
    for path in (group.norlandia.card, tmp_path / "missing", tmp_path):
        done = verify(group.sealed, "--documents", path, check=2)
        assert b"ENT-4002" in done.stderr and done.stdout == b""
    sixteen = ["--documents", group.documents] * 16
    assert said(group.sealed, *sixteen, *group.cards)[1]["given documents files"] == ("holds", "16")
    done = verify(group.sealed, *sixteen, "--documents", group.documents, check=2)
    assert b"over 16 times" in done.stderr


def test_a_statement_for_a_group_is_checked_with_its_documents_and_not_without(admins, tmp_path):
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    thing = indicator(tlp="GREEN")
    volt.publish(bundle_file(tmp_path / "one.json", [thing]), "--group", "energy")
    wait_for(lambda: norlandia.cli("get", thing["id"]).returncode == 0, "the object at the member")
    proof, documents, other, out = (tmp_path / name for name in ("proof", "documents", "other", "out"))
    proof.write_bytes(norlandia.cli("get", thing["id"], "--proof", check=0).stdout)
    norlandia.cli("export", "--to", "cert.estovia", "--documents", documents, check=0)
    cards = [word for node in (norlandia, volt) for word in ("--identity", node.card)]
    answer, checks = said(proof, *cards)
    assert answer["ok"] and checks["group"][0] == "not checked" and "--documents" in checks["group"][1]
    assert checks["signature"][0] == "holds" and checks["content"] == ("not checked", "an earlier check was not made")
    assert b"that was not checked wholly" in verify(proof, *cards, check=0).stdout
    answer, checks = said(proof, *cards, "--documents", documents)
    assert answer["ok"] and answer["tlp"] == "GREEN" and checks["group"][0] == checks["content"][0] == "holds"
    # The direct envelope that carries it, by itself.
    estovia.stop()
    second = indicator(tlp="GREEN")
    volt.publish(bundle_file(tmp_path / "two.json", [second]), "--group", "energy")
    volt.cli("export", "--to", "cert.estovia", tmp_path / "file", check=0)
    (tmp_path / "one").write_bytes(envelope_in(tmp_path / "file"))
    words = (*cards, "--node", estovia.dir)
    answer, checks = said(tmp_path / "one", *words)
    assert answer["ok"] and checks["sealed"][0] == "not checked" and "--documents" in checks["sealed"][1]
    _, checks = said(tmp_path / "one", *words, "--documents", documents)
    assert checks["sealed"][0] == "holds" and "version 1 of group" in checks["statements"][1]
    # Who signed is out since; documents of another group say nothing of this one.
    norlandia.json("group remove", "energy", "volt-energy")
    norlandia.cli("export", "--to", "cert.estovia", "--documents", out, check=0)
    answer, checks = said(proof, *cards, "--documents", out, check=4)
    assert checks["group"] == ("fails", "E_NOTMEMBER")
    energy = bytes.fromhex(norlandia.json("group show", "energy")["group_id"])
    norlandia.json("group create", "water", "--member", "cert.estovia")
    wait_for(lambda: shown(norlandia, "water")["epoch"] == 1, "its epoch")
    norlandia.cli("export", "--to", "cert.estovia", "--documents", tmp_path / "both", check=0)
    found = export_file.read((tmp_path / "both").read_bytes())
    water = [one for one in found.entries if energy not in one[1] and b"energy" not in one[1]]
    other.write_bytes(export_file.write(found.from_org, found.to_org, water))
    answer, checks = said(proof, *cards, "--documents", other)
    assert checks["given membership documents"] == ("holds", "1") and checks["group"][0] == "not checked"


def test_each_golden_proof_for_a_group_is_answered_as_the_oracle_does_or_not_checked(tmp_path):
    cards, documents, before, seen, path = [], [], {"": b""}, {}, tmp_path / "proof"
    for v in vectors.read("group_envelope.txt"):
        if "party" in v:
            name = tmp_path / v["party"].decode()
            name.write_text(armour.wrap("IDENTITY", v["identity_chain"]))
            cards += ["--identity", name]
        kind = {"membership": export_file.MEMBERSHIP, "entry": export_file.GROUP_LOG, "epoch": export_file.EPOCH, "leave": export_file.LEAVE}
        documents += [(kind[form], v[form]) for form in kind if form in v]
        if "proof" not in v:
            continue
        name = v["name"].decode()
        before[name] = before[v["like"].decode()][:int(v["common"])] + v["proof"]
        path.write_text(armour.wrap("STATEMENT", before[name]))
        given = tmp_path / f"behind-{v['behind'].decode()}"
        given.write_bytes(export_file.write(bytes(32), bytes(32), documents[:int(v["behind"])]))
        done = verify(path, *cards, *AT, "--documents", given, "--json")
        answer = json.loads(done.stdout)
        checks = {row["check"]: row["result"] for row in answer["checks"]}
        result = answer["reason"] or ("ADMITTED" if "not checked" not in (checks.get("group"), checks["content"]) else "NOT CHECKED")
        if result == "NOT CHECKED":
            assert v["answer"] == b"E_MEMBERHASH", name
        else:
            assert result == v["answer"].decode(), (name, answer)
        seen.setdefault(result, set()).add(name)
    assert "direct" in seen["ADMITTED"] and "for-another-document" in seen["E_MEMBERHASH"]
    assert {"to-who-follows-no-group", "for-a-version-ahead"} <= seen["NOT CHECKED"] and len(seen) >= 7


def test_a_prekey_is_checked_by_its_owners_card_and_evidence_is_not_read(tmp_path):
    member, other = world.Member("member"), world.Member("other")
    for one in (member, other):
        (tmp_path / one.name).write_text(armour.wrap("CARD", one.card))
    owner = types.SimpleNamespace(org=member.org, hash=member.hash)
    body = make.make_prekey(owner, member.signer, world.fixed("id", 16), world.fixed("seed"), world.NOW)
    path = tmp_path / "prekey"
    path.write_text(armour.wrap("PREKEY", body))
    answer, checks = said(path, "--identity", tmp_path / "member", *AT)
    assert answer["kind"] == "prekey" and checks["form"] == ("holds", "of class online") and checks["signature"][0] == "holds"
    assert said(path, "--identity", tmp_path / "other", *AT, check=4)[0]["reason"] == "E_PARTY"
    late = said(path, "--identity", tmp_path / "member", "--at", "2026-03-01T00:00:00Z", check=4)
    assert late[0]["reason"] == "E_PREKEY" and late[1]["signature"] == ("fails", "E_PREKEY")
    path.write_text(path.read_text().replace("PREKEY", "EVIDENCE"))
    done = verify(path, check=2)
    assert b"does not read" in done.stderr and b"evidence" in done.stderr and done.stdout == b""


def test_a_members_own_file_of_documents_is_enough(admins, tmp_path):
    norlandia, estovia, volt = admins
    founded(admins, tmp_path)
    own = tmp_path / "own.entx"
    refused = estovia.cli("export", "--to", "cert.estovia", own)
    assert refused.returncode != 0 and not own.exists()
    estovia.cli("export", "--to", "cert.estovia", "--documents", own, check=0)
    for node in admins:
        node.stop()
    delivery = [wire.strict(wire.DELIVERY, data) for kind, data in export_file.read(own.read_bytes()).entries if kind == export_file.EPOCH]
    assert len(delivery) == 1 and delivery[0].slot == b"" and delivery[0].path == []
    sealed = tmp_path / "sealed"
    sealed.write_bytes(sealed_to_the_group(volt, own))
    cards = [word for node in (norlandia, volt) for word in ("--identity", node.card)]
    before = folder_of(estovia)
    _, checks = said(sealed, *cards, "--node", estovia.dir, "--documents", own)
    assert checks["sealed"][0] == checks["epoch secrets"][0] == "holds"
    assert folder_of(estovia) == before
    # Another member finds no secret in it, and uses its own.
    _, checks = said(sealed, *cards, "--node", norlandia.dir, "--documents", own, "--identity", estovia.card)
    assert checks["sealed"][0] == "holds"
