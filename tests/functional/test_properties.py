"""docs/properties.md names tests that exist, and leaves no property out."""

import fnmatch
import re
import subprocess

import pytest

from federation import ROOT, TEST_BIN

PAGE = (ROOT / "docs/properties.md").read_text()
ROWS = dict(re.findall(r"^\| (\d+) \| .*? \| (.*) \|$", PAGE, re.M))
PROMISED = [*range(1, 22), *range(24, 33), 34, 39, 40]


def names_of(program):
    names, suite = [], ""
    listed = subprocess.run([TEST_BIN / program, "--gtest_list_tests"], capture_output=True, text=True, check=True, timeout=60)
    for line in listed.stdout.splitlines():
        if line.startswith(" "):
            names.append(suite + line.split()[0])
        else:
            suite = line.split()[0]
    return names


@pytest.mark.parametrize("number", PROMISED)
def test_each_property_names_a_test(number):
    assert re.search(r"`\w+_test [^`]+`", ROWS[str(number)])


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
