#!/usr/bin/python3
"""Every RejectReason of base/reject.cc and the tests that provoke it.

  tests/reasons.py     prints the table; tests/lint.py fails where a reason has no test

A test counts where it compares the reason that came back (tests/compared.py): by enumerator in a unit test, by name in a
functional one. Naming it does not count, nor making a status by hand, nor do the tests of the table itself.
A door is what the outside reaches: the functional tests, and the unit tests of services/.
"""

import pathlib
import re
import sys

import compared

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Tests that go through the table, or hand a reason in to see what is made of it.
OF_THE_TABLE = ["base/reject_test.cc", "services/entente/output_test.cc", "services/entente/reject_page_test.cc",
                "tests/functional/test_oracle_vectors.py",  # what the second implementation answers, no node
                "services/entented/log_test.cc", "services/metrics/collect_test.cc", "services/metrics/pages_test.cc"]

# Reasons that no door of this version can answer with, and why. Each has a unit test of the code that gives it.
NO_FACT = "no door of this version gives policy the fact that it follows from"
NOT_REACHABLE = {
    "E_EPOCHSTALE": "an epoch is stale days behind its end, and no clock at a door is set so far",
    "E_NOTE": "no node of this version keeps a log or asks a witness, so nobody is shown a note",
    "COALITION_EXPIRED": NO_FACT,
    "IEP_DATE": NO_FACT,
    "IEP_PLAIN": NO_FACT,
    "IEP_RESALE": NO_FACT,
    "PD_SPECIAL": NO_FACT,
    "RECALLED": NO_FACT,
    "E_SELFTEST": "the library is linked in and passed its known answers when the program was built",
    "INTERNAL": "a fault of this program: what reaches a door with it is a bug",
}

ROW = re.compile(r'\{RejectReason::(k\w+), "(\w+)", "(ENT-\d+)"')


def table(root):
    """(enumerator, name, code) of each row but NONE."""
    return ROW.findall((root / "base/reject.cc").read_text())[1:]


def comparisons(root):
    """Test file -> the enumerators or names that it compares with."""
    shared = [path for path in root.glob("tests/functional/*.py") if not path.name.startswith("test_")]
    helpers = set().union(*(compared.python_helpers(path.read_text()) for path in shared))
    found = {}
    for path in sorted(root.glob("**/*_test.cc")):
        name = str(path.relative_to(root))
        if not name.startswith("build") and name not in OF_THE_TABLE:
            found[name] = compared.in_cpp(path.read_text())
    for path in sorted(root.glob("tests/functional/test_*.py")):
        name = str(path.relative_to(root))
        if name not in OF_THE_TABLE:
            found[name] = compared.in_python(path.read_text(), helpers)
    return found


def is_door(path):
    return path.startswith(("tests/functional/", "services/"))


def provoked(root):
    """Rows (name, code, tests at a door, other tests)."""
    known = comparisons(root)
    for enumerator, name, code in table(root):
        tests = [path for path, words in known.items() if (name if path.endswith(".py") else enumerator) in words]
        yield name, code, [path for path in tests if is_door(path)], [path for path in tests if not is_door(path)]


def breaches(root):
    for name, code, doors, others in provoked(root):
        if name in NOT_REACHABLE and doors and name != "INTERNAL":
            yield f"{name} is listed as not reachable, and {doors[0]} reaches it"
        elif name in NOT_REACHABLE and not doors + others:
            yield f"{name} ({code}) has no test of the code that gives it"
        elif name not in NOT_REACHABLE and not doors:
            yield f"{name} ({code}) is provoked at no door; write the test, or list it in tests/reasons.py with the why"


def main():
    for name, code, doors, others in provoked(ROOT):
        where = f"not reachable: {NOT_REACHABLE[name]}" if name in NOT_REACHABLE else ", ".join(doors) or "NO TEST"
        print(f"{code} {name:14} {where}" + (f" (+{len(others)} below)" if others else ""))
    found = list(breaches(ROOT))
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
