"""docs/properties.md names tests that exist, and leaves no property out."""

import collections
import fnmatch
import functools
import re
import subprocess

import pytest

from federation import ROOT, TEST_BIN

PAGE = (ROOT / "docs/properties.md").read_text()
ROWS = dict(re.findall(r"^\| (\d+) \| .*? \| (.*) \|$", PAGE, re.M))
# Each property, and the reasons that its rows are refused with: one for each row, and none besides.
PROMISED = {
    1: "HEADER SUITE TIME UNWRAP COMMIT EPOCH", 2: "UNWRAP KEM COMMIT NOSLOT", 3: "COMMIT", 4: "COMMIT", 5: "COMMIT",
    6: "AEAD TRUNCATED TRAILING", 7: "LIMIT", 8: "UNWRAP", 9: "HEADER", 10: "HEADER", 11: "PREKEY KEM", 12: "PREKEY KEYGONE",
    13: "SIG KEYUSE", 14: "SIG KEYPOINT", 15: "SIG NOKEY PARTY TIME PARSE", 16: "SIG", 17: "PARSE", 18: "AUDIENCE", 19: "SEAL",
    20: "CONTENT", 21: "JSON", 24: "GAP REPLAY TIME", 25: "SUITE FLOOR", 26: "IDCHAIN", 27: "ROLLBACK FREEZE", 28: "THRESHOLD SIG",
    29: "NOTMEMBER EPOCH", 30: "EPOCH", 31: "ISSUER MEMBERHASH SLOTPROOF COMMIT", 32: "EPOCHSTALE", 34: "THRESHOLD SIG",
    39: "KEYSTORE", 40: "SELFTEST",
}


# The programs that have rows of the damage table (base/testing/damage_table.h).
TABLED = ("crypto_test", "model_test", "trust_test", "envelope_test")


@functools.cache
def listing_of(program):
    return subprocess.run([TEST_BIN / program, "--gtest_list_tests"], capture_output=True, text=True, check=True, timeout=60).stdout


def listed_in(listing):
    """Pairs of a test's name and what it is a case of, "" where it is none. A row of the damage table is a case of its reason."""
    tests, suite = [], ""
    for line in listing.splitlines():
        if line.startswith(" "):
            name, _, case = line.strip().partition("  # GetParam() = ")
            tests.append((suite + name, case))
        else:
            suite = line.split()[0]
    return tests


def names_of(program):
    return [name for name, _ in listed_in(listing_of(program))]


def rows_in(listing):
    """Property -> (name, reason) of each row of the damage table."""
    rows = collections.defaultdict(list)
    for name, reason in listed_in(listing):
        row = re.match(r"Damage/\w+\.P(\d\d)_\w+$", name)
        if row:
            rows[int(row[1])].append((name, reason))
    return rows


def refusals_of(number, listings):
    """The reasons of the property's rows, without those rows that are to be admitted."""
    return {reason for listing in listings for _, reason in rows_in(listing)[number]} - {"NONE"}


@pytest.mark.parametrize("number", PROMISED)
def test_each_property_names_a_test(number):
    assert re.search(r"`\w+_test [^`]+`", ROWS[str(number)])


@pytest.mark.parametrize("number", PROMISED)
def test_each_property_has_rows_for_its_reasons(number):
    assert refusals_of(number, map(listing_of, TABLED)) == {f"E_{reason}" for reason in PROMISED[number].split()}


@pytest.mark.parametrize("number", PROMISED)
def test_the_page_names_each_row(number):
    for program in TABLED:
        named = re.findall(rf"`{program} ([^`]+)`", ROWS[str(number)])
        for name, _ in rows_in(listing_of(program))[number]:
            assert any(fnmatch.fnmatch(name, pattern) for pattern in named), name


def test_a_row_is_a_refusal_in_the_table():
    listing = "Damage/Seal.\n  P19_OtherCore  # GetParam() = E_SEAL\n  P20_Good  # GetParam() = NONE\nSeal.\n  P07_NoRow\n"
    assert refusals_of(19, [listing]) == {"E_SEAL"}
    assert not refusals_of(20, [listing])
    assert not refusals_of(7, [listing])


@pytest.mark.parametrize("program", TABLED)
def test_no_two_rows_have_one_name(program):
    names = names_of(program)
    assert len(names) == len(set(names)), [name for name, count in collections.Counter(names).items() if count > 1]


@pytest.mark.parametrize("program", sorted(set(re.findall(r"`(\w+_test) ", PAGE))))
def test_each_named_test_is_one_of_the_program(program):
    names = names_of(program)
    for pattern in re.findall(rf"`{program} ([^`]+)`", PAGE):
        assert fnmatch.filter(names, pattern), pattern


def test_each_named_functional_test_is_in_its_file():
    named = re.findall(r"`(test_\w+\.py)::([^`]+)`", PAGE)
    assert named
    for file, pattern in named:
        names = re.findall(r"^def (test_\w+)", (ROOT / "tests/functional" / file).read_text(), re.M)
        assert fnmatch.filter(names, pattern), (file, pattern)
