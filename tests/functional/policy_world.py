"""A small world of three nodes, and a second reading of docs/policy.md: who may have what, written from the page alone."""

import dataclasses
import datetime
import json
import random
import uuid

from federation import TLP2, bundle_file, indicator

LABELS = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]


def strictness(label):
    return LABELS.index(label)


# Local rules of the pool: text, whom they keep an object of ours from, and which they hold from everybody.
RULES = {
    "none": ("", lambda thing, to: False, lambda thing: False),
    "no-bad": ('when = { direction = "out", has_property = "x_bad" }\neffect = "withhold"',
               lambda thing, to: "x_bad" in thing.extra, lambda thing: False),
    "estovia-low": ('when = { direction = "out", peer = "cert.estovia", label_at_least = "AMBER" }\neffect = "withhold"',
                    lambda thing, to: to == "cert.estovia" and thing.counting >= 2, lambda thing: False),
    "partners": ('when = { direction = "out", peer_kind = "private" }\nunless = { label_at_most = "CLEAR" }\n'
                 'effect = "withhold"', lambda thing, to: to == "volt-energy" and thing.counting > 0, lambda thing: False),
    "hold": ('when = { has_property = "x_hold" }\neffect = "quarantine"', lambda thing, to: "x_hold" in thing.extra,
             lambda thing: "x_hold" in thing.extra),
    "confident": ('when = { direction = "out", confidence_below = 50 }\neffect = "withhold"',
                  lambda thing, to: thing.extra.get("confidence", 0) < 50, lambda thing: False),
}


def rule_text(name):
    text = RULES[name][0]
    return "version = 1\n" + (f'[[rule]]\nid = "{name}"\n{text}\n' if text else "")


@dataclasses.dataclass
class Thing:
    """One version of one object, as its origin published it."""
    origin: str
    value: str
    marking: str  # label, "none" or "unknown"
    extra: dict
    id: str
    modified: str
    to: tuple = ()
    rel_to: tuple = ()
    not_rel_to: tuple = ()
    sector: str = ""
    pap: str = ""
    personal: str = ""
    orcon: bool = False
    exercise: bool = False
    purpose: bool = False
    embargo: bool = False
    taken: bool = False  # published: not refused, not held
    allowed_then: dict = dataclasses.field(default_factory=dict)  # recipient -> when it was published
    allowed_since: dict = dataclasses.field(default_factory=dict)  # recipient -> at every moment since

    @property
    def counting(self):
        """The label that counts, as a number: an embargo runs to the end of the test."""
        own = strictness(self.marking)
        return max(own, 3) if self.embargo else own

    def words(self):
        soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        words = [w for name in self.to for w in ("--to", name)]
        words += [w for nation in self.rel_to for w in ("--rel-to", nation)]
        words += [w for nation in self.not_rel_to for w in ("--not-rel-to", nation)]
        for option, value in (("--sector-to", self.sector), ("--pap", self.pap), ("--personal-data", self.personal),
                              ("--exercise", "storm" if self.exercise else ""), ("--purpose", "study" if self.purpose else ""),
                              ("--embargo-until", soon if self.embargo else "")):
            words += [option, value] if value else []
        return words + (["--orcon"] if self.orcon else [])

    def text(self):
        tlp = {"none": None, "unknown": str(uuid.uuid5(uuid.NAMESPACE_DNS, self.value))}.get(self.marking, self.marking)
        return json.dumps(indicator(self.value, tlp, self.id, self.modified, **self.extra))


class Policy:
    """What one node says of its own objects: ceilings on file, sectors on file, nations, and the local rules in force."""

    def __init__(self, name, nations, sectors):
        self.name, self.nations, self.sectors = name, nations, sectors
        self.ceilings, self.rules = {}, "none"

    def takes(self, thing):
        """Whether publishing takes it: a label, no contradiction, and its own people may hold it."""
        if thing.marking not in LABELS:
            return False
        if thing.marking == "CLEAR" and (thing.rel_to or thing.not_rel_to or thing.orcon):
            return False
        return not set(thing.rel_to) & set(thing.not_rel_to) and not RULES[self.rules][2](thing)

    def may(self, thing, to, rules=None):
        if thing.marking not in LABELS or thing.marking == "RED":
            return False
        if thing.to and to not in thing.to:
            return False
        if thing.counting >= 2 and to not in thing.to:
            return False
        if thing.counting > strictness(self.ceilings[to]):
            return False
        nation, foreign = self.nations[to], self.nations[to] != self.nations[self.name]
        if (thing.rel_to and nation not in thing.rel_to) or nation in thing.not_rel_to:
            return False
        if thing.sector and thing.sector not in self.sectors.get(to, ()):
            return False
        if thing.exercise or thing.purpose or thing.pap in ("AMBER", "RED") or thing.personal == "special":
            return False
        if thing.personal == "present" and foreign:
            return False
        return not RULES[rules or self.rules][1](thing, to)


class Choices:
    """Draws the next thing to do. One seed, one order."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def rarely(self):
        return self.random.random() < 0.12

    def thing(self, origin, others, nations, earlier):
        draw = self.random
        marking = draw.choice([*LABELS, "GREEN", "AMBER", "none", "unknown"])
        extra = {}
        if draw.random() < 0.3:
            extra["x_bad"] = True
        if draw.random() < 0.15:
            extra["x_hold"] = True
        if draw.random() < 0.5:
            extra["confidence"] = draw.randrange(101)
        again = [t for t in earlier if t.origin == origin and t.taken]
        before = draw.choice(again) if again and draw.random() < 0.2 else None
        stamp = (datetime.datetime(2026, 1, 2) + datetime.timedelta(minutes=len(earlier) + 1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return Thing(
            origin=origin, value=f"{uuid.UUID(int=draw.getrandbits(128)).hex}.example", marking=marking, extra=extra,
            id=before.id if before else f"indicator--{uuid.UUID(int=draw.getrandbits(128), version=4)}", modified=stamp,
            to=tuple(draw.sample(others, draw.randint(1, len(others)))) if draw.random() < 0.5 else (),
            rel_to=tuple(draw.sample(nations, 1)) if self.rarely() else (),
            not_rel_to=tuple(draw.sample(nations, 1)) if self.rarely() else (),
            sector=draw.choice(["energy", "health"]) if self.rarely() else "",
            pap=draw.choice(["CLEAR", "GREEN", "AMBER", "RED"]) if self.rarely() else "",
            personal=draw.choice(["none", "present", "special"]) if self.rarely() else "",
            orcon=self.rarely(), exercise=self.rarely() and self.rarely(), purpose=self.rarely() and self.rarely(),
            embargo=self.rarely())


def can_share(node, thing, tmp_path):
    """What would become of it, and who would get it."""
    path = bundle_file(tmp_path / "one.json", [thing.text()])
    lines = node.cli("can-share", str(path), *thing.words(), "--json", check=0).stdout.decode().splitlines()
    answer = json.loads(lines[0])
    return answer["outcome"], {d["peer"]: d["decision"] == "permit" for d in answer["decisions"]}


def publish(node, thing, tmp_path):
    """What the node said of it."""
    path = bundle_file(tmp_path / "one.json", [thing.text()])
    done = node.cli("publish", str(path), *thing.words(), "--json")
    assert done.returncode in (0, 2, 6), done.stderr
    return json.loads(done.stdout.decode().splitlines()[-1]) if done.stdout else None


assert set(LABELS) == set(TLP2)
