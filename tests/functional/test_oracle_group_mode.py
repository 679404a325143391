"""Group mode between daemons and the oracle of tests/oracle: it opens what a daemon sealed to a group with what a member has, a daemon admits what
it makes as a member, and both refuse each damage for one reason."""

import collections
import json
import time

import pytest

from federation import bundle_file, indicator
from oracles import one_session, oracle, play_peer, write_secrets
from test_groups import admins, carried, epoch, shown  # noqa: F401  the fixture
from test_oracle import rejections

import export_file
import inputs
import reader

DAMAGES = {row["name"]: row["reason"] for row in oracle("damages", "--group")}


class Member:
    """volt-energy, which is stopped, and whose part the oracle plays: its keys, and what Norlandia, who issues, has for it."""

    def __init__(self, node, issuer, others, folder):
        self.node, self.issuer, self.folder = node, issuer, folder
        self.secrets, self.documents = write_secrets(node), folder / "documents.entx"
        issuer.cli("export", "--documents", "--to", node.name, self.documents, check=0)
        self.org = oracle("identity", node.card)[0]["org_id"]
        self.cards = {one: self.card(one) for one in (issuer, *others)}
        self.parties = [word for one in others for word in ("--party", self.cards[one])]

    def card(self, node):
        path = self.folder / f"{node.name}.chain"
        path.write_bytes(node.cli("key card", "--chain", check=0).stdout)
        return path

    def read(self, command, *words, of=None, check=0):
        """`of`: whose envelopes they are."""
        parties = [*self.parties, "--party", self.cards[self.issuer]]
        return oracle(command, "--receiver", self.node.card, "--secrets", self.secrets, "--peer", of or self.cards[self.issuer], *parties,
                      *words, check=check)

    def open(self, *paths, check=0, **more):
        return self.read("open", "--documents", self.documents, *paths, check=check, **more)

    def make(self, count, *words, name="made"):
        contents = []
        for number in range(count):
            contents.append(self.folder / f"{name}-content-{number}")
            contents[-1].write_text(json.dumps(indicator(tlp="GREEN")))
        path = self.folder / name
        oracle("make", "--author", self.node.card, "--secrets", self.secrets, "--owner", self.cards[self.issuer], *self.parties, "--group",
               "energy", "--documents", self.documents, *words, "--out", path, *contents)
        return path, contents

    def packed(self, *paths):
        file = self.folder / "packed.entx"
        oracle("pack", "--author", self.node.card, "--owner", self.cards[self.issuer], "--out", file, *paths)
        return file


def grown(nodes, folder):
    """A group of Norlandia and volt-energy, which Estovia joins later, and the member that the oracle plays."""
    norlandia, estovia, volt = nodes
    norlandia.json("group create", "energy", "--member", "volt-energy")
    epoch(norlandia, 1)
    norlandia.json("group add", "energy", "cert.estovia")
    epoch(norlandia, 2)
    for other in (estovia, volt):
        assert carried(norlandia, other, folder)["refused"] == {}
        epoch(other, 2)
    volt.stop()
    return Member(volt, norlandia, [estovia], folder)


@pytest.fixture
def member(admins, tmp_path):
    return grown(admins, tmp_path)


def test_the_oracle_opens_what_a_daemon_seals_to_a_group(admins, member, tmp_path):
    norlandia, _, volt = admins
    things = [indicator(tlp="AMBER") for _ in range(3)]
    norlandia.publish(bundle_file(tmp_path / "things", things), "--group", "energy")
    received = tmp_path / "received-"
    assert play_peer(volt, norlandia, f"receive=1:{received}") == ["written"]
    said = member.open(f"{received}1")[0]
    group = shown(norlandia)
    assert (said["mode"], said["sealer"], said["cosigners"], said["hops"]) == ("group", said["origin"], [], [])
    assert (said["epoch"]["number"], said["epoch"]["group_id"], said["epoch"]["membership_version"]) == (2, group["group_id"], 2)
    assert {(one["group"]["group_id"], one["group"]["version"], one["label"]) for one in said["statements"]} == {(group["group_id"], 2, 3)}
    assert sorted(json.loads(one["content"])["id"] for one in said["statements"]) == sorted(one["id"] for one in things)
    # By a file the same statements come in direct mode, for the same audience, behind the documents.
    file = tmp_path / "for-volt.entx"
    norlandia.cli("export", "--to", volt.name, file, check=0)
    *_, filed, end = member.read("unpack", file)
    assert end["ok"] and (filed["mode"], filed["epoch"], filed["batch_id"]) == ("direct", None, said["batch_id"])
    assert filed["statements"] == said["statements"]
    # Without the group's documents there is no epoch to open it under.
    assert member.read("open", f"{received}1", check=4)[0]["reason"] == "E_EPOCH"
    whole = (tmp_path / "received-1").read_bytes()
    for at, reason in ((33, "E_EPOCH"), (60, "E_COMMIT"), (90, "E_COMMIT"), (-1, "E_AEAD")):
        bent = bytearray(whole)
        bent[at] ^= 4
        (tmp_path / "bent").write_bytes(bent)
        assert member.open(tmp_path / "bent", check=4)[0]["reason"] == reason, at


def test_the_oracle_has_the_secrets_that_the_members_keystore_has(admins, member):
    now = time.time_ns() // 1000
    here = reader.Reader(inputs.party(member.node.card, now), inputs.party(member.cards[member.issuer], now),
                         [inputs.party(path, now) for path in member.cards.values()], inputs.Secrets(member.secrets).prekeys, now)
    here.take_documents(member.documents.read_bytes())
    found = {f"epoch/{group.hex()}/{one.epoch}/{one.id[:8].hex()}": one_member.secrets[one.id].hex()
             for group, one_member in here.groups.items() for one in one_member.epochs}
    kept = dict(line.split() for line in member.secrets.read_text().splitlines() if line.startswith("epoch/"))
    assert found == {name: value[:64] for name, value in kept.items()} and len(found) == 2


def test_both_refuse_a_bent_document_of_a_group(admins, member):
    whole, bent = member.documents.read_bytes(), member.folder / "bent.entx"
    data = bytearray(whole)
    data[whole.index(b"energy")] ^= 1
    bent.write_bytes(data)
    refused = [one["reason"] for one in member.read("unpack", bent, check=4) if one.get("kind") == 4 and not one["ok"]]
    assert refused[0] == "E_SIG"
    assert admins[1].json("import", bent, check=6)["refused"]["E_SIG"] == 1
    assert all(one["ok"] for one in member.read("unpack", member.documents))


def test_a_daemon_admits_what_the_oracle_makes_as_a_member(admins, member):
    norlandia, _, volt = admins
    path, contents = member.make(2)
    assert member.open(path, of=volt.card)[0]["mode"] == "group"
    assert play_peer(volt, norlandia, f"send={path}") == ["accepted"]
    filed, more = member.make(1, name="filed")
    said = norlandia.json("import", member.packed(filed))
    assert (said["taken"], said["refused"], said["fault"]) == (1, {}, "")
    for content in contents + more:
        thing = json.loads(content.read_text())
        assert norlandia.get_raw(thing["id"]).rstrip(b"\n") == content.read_bytes()
    assert norlandia.json("import", member.packed(path))["known"] == 1
    assert norlandia.fsck()[0]["ok"]


def test_both_refuse_each_damage_of_a_group_envelope_for_one_reason(admins, member):
    norlandia, _, volt = admins
    path, _ = member.make(2, "--damaged")
    paths = [f"{path}-{name}" for name in DAMAGES]
    theirs = member.open(*paths, of=volt.card, check=4)
    assert {name: answer.get("reason", "ADMITTED") for name, answer in zip(DAMAGES, theirs)} == DAMAGES
    refused = [name for name, reason in DAMAGES.items() if reason != "ADMITTED"]
    said = norlandia.json("import", member.packed(*(f"{path}-{name}" for name in refused)), check=6)
    assert said["refused"] == dict(collections.Counter(DAMAGES[name] for name in refused))
    with one_session(volt, norlandia, len(DAMAGES) + 1) as send:
        before = rejections(norlandia)
        for name, reason in DAMAGES.items():
            assert send((member.folder / f"made-{name}").read_bytes()) == ("accepted" if reason == "ADMITTED" else "refused"), name
            after = rejections(norlandia)
            rose = {key: after[key] - before[key] for key in after if after[key] > before[key]}
            assert rose == ({} if reason == "ADMITTED" else {reason: 1}), name
            before = after
        assert send(path.read_bytes()) == "accepted", "the session must live on"
    assert norlandia.fsck()[0]["ok"]


def test_what_is_for_a_group_of_an_exercise_is_of_that_exercise(admins, tmp_path):
    norlandia, estovia, volt = admins
    norlandia.json("group create", "energy", "--member", "volt-energy", "--exercise", "locked-shields-26")
    epoch(norlandia, 1)
    assert carried(norlandia, volt, tmp_path)["refused"] == {}
    epoch(volt, 1)
    volt.stop()
    member = Member(volt, norlandia, [estovia], tmp_path)
    path, _ = member.make(1)
    said = member.open(path, of=volt.card)[0]["statements"][0]
    assert said["constraints"]["exercise_id"] == "locked-shields-26"
    assert norlandia.json("import", member.packed(path))["taken"] == 1
    assert norlandia.status()["quarantined"] == 1, norlandia.status()  # it plays no part in this exercise


def test_who_is_out_seals_and_opens_nothing_for_either(admins, member, tmp_path):
    norlandia, estovia, volt = admins
    path, _ = member.make(1)
    norlandia.json("group remove", "energy", "volt-energy")
    epoch(norlandia, 3)
    epoch(estovia, 3)
    assert play_peer(volt, norlandia, f"send={path}") == ["refused"]
    assert rejections(norlandia)["E_NOTMEMBER"] == 1
    estovia.stop()
    norlandia.publish(bundle_file(tmp_path / "later", [indicator(tlp="GREEN")]), "--group", "energy")
    received = tmp_path / "received-"
    assert play_peer(estovia, norlandia, f"receive=1:{received}") == ["written"]
    (tmp_path / "estovia").mkdir()
    other = Member(estovia, norlandia, [volt], tmp_path / "estovia")
    assert other.open(f"{received}1")[0]["epoch"]["number"] == 3
    assert member.open(f"{received}1", check=4)[0]["reason"] == "E_EPOCH"
    answers = member.read("unpack", other.documents, check=4)  # another's slots, and versions without this member
    assert {one["reason"] for one in answers if one.get("kind") == 6} == {"E_SLOTPROOF"}


def test_who_left_by_its_own_word_seals_for_neither(admins, member, tmp_path):
    norlandia, estovia, volt = admins
    path, _ = member.make(1)
    volt.start()
    volt.json("group leave", "energy")
    for node in (norlandia, estovia):
        epoch(node, 3)
    (tmp_path / "estovia").mkdir()
    other = Member(estovia, norlandia, [volt], tmp_path / "estovia")
    kinds = [one["kind"] for one in other.read("unpack", other.documents) if "kind" in one]
    assert kinds.count(export_file.LEAVE) == 1 and kinds.count(export_file.EPOCH) == 2
    assert other.open(path, of=other.cards[volt], check=4)[0]["reason"] == "E_NOTMEMBER"
    assert norlandia.json("import", member.packed(path), check=6)["refused"] == {"E_NOTMEMBER": 1}
