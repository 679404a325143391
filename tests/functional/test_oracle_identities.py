"""Chains and papers that `entente` writes as armour, read by the oracle of tests/oracle; and the floors that documents set."""

import json

from federation import indicator
from oracles import oracle, write_secrets
from test_groups import admins  # noqa: F401  the fixture
from test_verify import verify

import armour
import envelope
import golden_chain
import make
import make_live
import make_story as story
import wire
import world
from building_blocks import labelled_hash, message
from groups import OF_MEMBERSHIP
from identity import DAY
from make_groups import GroupMember, Log, next_terms, sign_membership
from refusal import Refusal

STATEMENT = 2


def chain_of(node, path):
    path.write_bytes(node.cli("key card", "--chain", check=0).stdout)
    return path


def test_a_chain_of_rotations_and_a_theft_is_read_as_its_node_tells_it(make_node, tmp_path):
    node, file = make_node("cert.norlandia", nation="XN"), tmp_path / "chain"
    first = oracle("identity", chain_of(node, file))[0]
    assert first == oracle("identity", node.card)[0] and first["version"] == 1
    node.json("key rotate")
    node.json("key rotate", "--usage", "group-admin")
    old = next(one["key_id"] for one in first["all_keys"] if one["usage"] == STATEMENT)
    rotated = oracle("identity", chain_of(node, file))[0]
    assert (rotated["version"], rotated["org_id"]) == (3, first["org_id"])
    assert {one["key_id"]: one["revoked"] for one in rotated["all_keys"]}[old] == 1  # superseded, and still there
    assert old in rotated["keys"] and sorted(one["usage"] for one in rotated["all_keys"]) == [1, 2, 2, 3]
    node.cli("key revoke", old, check=0)
    revoked = oracle("identity", chain_of(node, file))[0]
    assert revoked["version"] == 4 and old not in revoked["keys"]
    assert {one["key_id"]: one["revoked"] for one in revoked["all_keys"]}[old] == 2  # compromised
    node.cli("key card", check=0)
    assert oracle("identity", node.card)[0] == revoked
    whole = file.read_text()
    documents = wire.strict(wire.IDENTITY_CHAIN, armour.unwrap("IDENTITY", whole)).documents
    encoded = [message((1, one.document), (2, [message((1, two.key_id), (2, two.signature)) for two in one.signatures])) for one in documents]
    for reason, kept in (("E_IDENTITY", encoded[1:]), ("E_IDCHAIN", [encoded[0], encoded[2]]), ("E_ROLLBACK", [*encoded, encoded[1]])):
        file.write_text(armour.wrap("IDENTITY", message((1, kept))))
        assert oracle("identity", file, check=4)[0]["reason"] == reason
    for change in (lambda text: text.replace("\n", "\nA", 2), lambda text: text.rsplit("\n", 2)[0], lambda text: text + "more\n"):
        file.write_text(change(whole))
        assert oracle("identity", file, check=4)[0]["reason"] == "E_PARSE"


def test_what_a_key_signed_before_it_was_replaced_and_after_it_was_stolen(make_node, tmp_path):
    """The oracle signs as the node: with its latest key, and with a stolen one that its secrets still hold."""
    node, peer = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE")
    (content := tmp_path / "content").write_text(json.dumps(indicator(tlp="GREEN")))
    stolen = write_secrets(node).read_text()
    out, file = tmp_path / "proof", tmp_path / "chain"

    def prove(secrets):
        (tmp_path / "secrets").write_text(secrets)
        oracle("prove", "--author", chain_of(node, file), "--secrets", tmp_path / "secrets", "--audience", peer.card, "--out", out, content)

    prove(stolen)
    node.json("key rotate")
    chain_of(node, file)
    assert oracle("verify", "--card", file, f"{out}-0")[0]["ok"]  # superseded, of before
    prove(stolen + write_secrets(node).read_text())
    assert oracle("verify", "--card", file, f"{out}-0")[0]["ok"]
    prove(stolen)  # its overlap has not ended
    old = next(one["key_id"] for one in oracle("identity", file)[0]["all_keys"] if one["usage"] == STATEMENT and one["revoked"])
    node.cli("key revoke", old, check=0)
    chain_of(node, file)
    assert oracle("verify", "--card", file, f"{out}-0", check=4)[0]["reason"] == "E_REVOKED"
    said = verify(f"{out}-0", "--identity", file, "--json")
    assert said.returncode == 4 and json.loads(said.stdout)["reason"] == "E_REVOKED"
    (tmp_path / "secrets").write_text(stolen)
    assert oracle("prove", "--author", file, "--secrets", tmp_path / "secrets", "--audience", peer.card, "--out", out, content,
                  check=4)[0]["reason"] == "E_NOKEY"


def test_what_a_document_says_of_logs_has_its_form():
    """By the formats alone: identity.md, *The identity document*."""
    before = [golden_chain.version(number, []).signed() for number in (1,)]
    for number in (2, 3):
        before.append(golden_chain.version(number, [wire.strict(wire.SIGNED_IDENTITY, one).document for one in before]).signed())
    documents = [wire.strict(wire.SIGNED_IDENTITY, one).document for one in before]
    log = "entente.example/" + labelled_hash("entente/1/org", documents[0]).hex()
    for origin, size, root, reason in ((log, 5, bytes(32), "ADMITTED"), (log, 5, bytes(31), "E_IDENTITY"), (log, 1 << 63, bytes(32), "E_IDENTITY"),
                                       (log.replace(".", "-"), 5, bytes(32), "E_IDENTITY"), (log[:-1], 5, bytes(32), "E_IDENTITY")):
        draft = golden_chain.version(4, documents)
        draft.revocations[0][4] = message((1, origin), (2, size), (3, root))
        assert golden_chain.answer(before, draft.signed()) == reason, (origin, size)
    for origin, reason in ((log, "ADMITTED"), (log + "0", "E_IDENTITY"), ("entente.example/" + bytes(32).hex(), "E_IDENTITY")):
        draft = golden_chain.version(4, documents)
        draft.fields[14] = origin
        assert golden_chain.answer(before, draft.signed()) == reason, origin


def test_a_paper_for_admins_counts_once_enough_of_them_signed(admins, tmp_path):
    norlandia, estovia, volt = admins
    paper, signed = tmp_path / "energy.membership", tmp_path / "signed.membership"
    norlandia.json("group create", "energy", "--member", "volt-energy", "--admin", "cert.estovia", "--issuer", "cert.estovia",
                   "--threshold", 2, "--out", paper)
    estovia.json("group sign", "--file", paper, "--out", signed)
    cards = [chain_of(node, tmp_path / f"{node.name}.chain") for node in (norlandia, estovia)]
    both = ["--party", cards[0], "--party", cards[1]]
    assert oracle("membership", *both, paper, check=4)[0]["reason"] == "E_THRESHOLD"
    assert oracle("membership", *both[:2], signed, check=4)[0]["reason"] == "E_PARTY"
    said = oracle("membership", *both, signed)[0]
    orgs = {node: oracle("identity", node.card)[0]["org_id"] for node in admins}
    assert (said["name"], said["threshold"], said["members"]) == ("energy", 2, sorted([orgs[norlandia], orgs[volt], orgs[estovia]]))
    assert said["admins"] == sorted([orgs[norlandia], orgs[estovia]])
    bent = bytearray(armour.unwrap("MEMBERSHIP", signed.read_text()))
    bent[bent.index(b"energy")] ^= 1
    paper.write_text(armour.wrap("MEMBERSHIP", bytes(bent)))
    assert oracle("membership", *both, paper, check=4)[0]["reason"] == "E_SIG"


class Floored(GroupMember):
    """An organisation whose newest document, version 3, takes nothing below suite 2."""

    def __init__(self, name):
        super().__init__(name)
        fields = wire.strict(wire.IDENTITY, wire.strict(wire.SIGNED_IDENTITY, self.documents[-1]).document)
        self.documents.append(make.sign_identity(make.encoded({
            1: self.org, 2: 3, 3: self.hash, 4: [self.root.entry(world.BEGAN, world.BEGAN + 730 * DAY)], 5: 1,
            6: [self.signer.entry(world.BEGAN, world.BEGAN + 365 * DAY), self.admin.entry(fields.issued_us, fields.issued_us + 80 * DAY)],
            7: b"\1\2", 8: 2, 9: world.BEGAN + 730 * DAY, 10: name, 11: fields.issued_us + DAY}), [self.root]))
        self.on_file()


def reason_of(act):
    try:
        act()
        return "ADMITTED"
    except Refusal as refusal:
        return refusal.reason


def test_a_suite_under_the_floor_of_the_readers_own_document_is_refused_before_anything_else(tmp_path):
    """By the formats alone: envelope.md, step 3."""
    floored, author = Floored("floored"), story.A
    seed = story.fixed("floored prekey")
    prekey = wire.strict(wire.SIGNED_BODY, make.make_prekey(floored, floored.signer, bytes(16), seed, world.NOW))
    public = wire.strict(wire.PREKEY, prekey.body).public_key
    maker = make.Author(author, author.signer, world.NOW)
    made = maker.envelope([b"{}"], [floored.org], [(floored.org, bytes(16), public)])
    assert reason_of(lambda: envelope.open_envelope(made, floored.org, {bytes(16): seed}, world.NOW)) == "ADMITTED"
    assert reason_of(lambda: envelope.open_envelope(made, floored.org, {bytes(16): seed}, world.NOW, floor=2)) == "E_SUITE"
    assert reason_of(lambda: envelope.open_envelope(b"ENT0" + made[4:], floored.org, {}, world.NOW, floor=2)) == "E_HEADER"
    files = {"reader": armour.wrap("CARD", floored.card), "peer": armour.wrap("CARD", author.card),
             "secrets": f"prekey/{'00' * 16} {seed.hex()}\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "made").write_bytes(made)
    words = ("--receiver", tmp_path / "reader", "--secrets", tmp_path / "secrets", "--peer", tmp_path / "peer", "--at", world.NOW,
             tmp_path / "made")
    assert oracle("identity", "--at", world.NOW, tmp_path / "reader")[0]["min_suite"] == 2
    assert oracle("open", *words, check=4)[0]["reason"] == "E_SUITE"
    (tmp_path / "reader").write_text(armour.wrap("CARD", message((1, 1), (2, floored.documents[0]), (4, floored.documents[1:2]))))
    assert oracle("open", *words)[0]["ok"]


def test_nothing_is_sealed_below_the_floor_of_the_recipients_document_or_of_the_group():
    """By the formats alone: envelope.md, *Sealing*."""
    floored, author = Floored("floored"), story.A
    prekeys = {one: wire.strict(wire.SIGNED_BODY, make.make_prekey(one, one.signer, bytes(16), bytes(32), world.NOW))
               for one in (floored, story.B)}
    for owner, reason in ((floored, "E_SUITE"), (story.B, "ADMITTED")):
        assert reason_of(lambda owner=owner: make_live.ToPrekey(author.party, owner.party, prekeys[owner], "", world.NOW)) == reason
    member = next(one for one in story.reader_behind(story.USUAL) if one.group.newest.name == "energy")
    for owner, reason in ((floored, "E_SUITE"), (story.B, "ADMITTED")):
        assert reason_of(lambda owner=owner: make_live.ToEpoch(story.READER.party, owner.party, member, world.NOW)) == reason
    member = next(one for one in story.reader_behind.__wrapped__(story.USUAL) if one.group.newest.name == "energy")  # one to change
    group, log = member.group, Log(story.ENERGY.group)
    signed, document = sign_membership(story.WORLD, next_terms(story.ENERGY.versions[2].fields, group.newest.bytes, _10=2, _11=2))
    log.index, log.previous, log.numbers = len(group.log), group.log[-1].id, {OF_MEMBERSHIP: len(group.versions)}
    entry = log.entry(story.A, OF_MEMBERSHIP, labelled_hash("entente/1/membership", document), world.NOW)
    group.take_run([("membership", wire.strict(wire.SIGNED_MEMBERSHIP, signed)), ("entry", wire.strict(wire.SIGNED_BODY, entry))], world.NOW)
    assert (group.newest.version, group.newest.min_suite) == (4, 2)
    assert reason_of(lambda: make_live.ToEpoch(story.READER.party, story.B.party, member, world.NOW)) == "E_SUITE"
