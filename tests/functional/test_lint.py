"""tests/lint.py on a planted breach of each of its rules, and on a tree that holds to them."""

import json
import subprocess
import sys

import pytest

from federation import ROOT

MODULE = "entente_module(NAME {} LAYER {} FILES {}.cc {})\n"
ROWS = '{RejectReason::kNone, "NONE", "ENT-0"},\n{RejectReason::kLost, "LOST", "ENT-1"},\n'
SOUND = {
    "low/CMakeLists.txt": MODULE.format("low", 0, "low", ""),
    "low/low.h": "#pragma once\n",
    "low/low.cc": '#include "low/low.h"\n',
    "high/CMakeLists.txt": MODULE.format("high", 1, "high", "DEPS low"),
    "high/high.h": "#pragma once\n",
    "high/high.cc": '#include "high/high.h"\n#include "low/low.h"\n',
    "base/reject.cc": ROWS,
    "services/lost_test.cc": "EXPECT_EQ(ReasonOf(status), RejectReason::kLost);\n",
}
BREACHES = {
    "size": {"low/low.h": "#pragma once\n" * 151},
    "wall": {"low/low.cc": "#include <sodium.h>\n#include <openssl/evp.h>\n#include <rocksdb/db.h>\n"},
    "layer": {"low/low.cc": '#include "high/high.h"\n'},
    "upward": {"low/CMakeLists.txt": MODULE.format("low", 0, "low", "DEPS high")},
    "cycle": {"high/high.h": '#include "high/other.h"\n', "high/other.h": '#include "high/high.h"\n'},
    "word": {"low/low.cc": "// TO" + "DO\nclass FileMan" + "ager {};\n"},
    "sleep": {"low/low_test.cc": "absl::Sleep" + "For(x);\n"},
    "reason": {"services/lost_test.cc": 'Use(Reject(RejectReason::kLost, "made by hand"));\n'},
}


def lint(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "-q", folder], check=True)
    done = subprocess.run([sys.executable, ROOT / "tests/lint.py", "--json", "--root", folder], capture_output=True,
                          check=True)
    return json.loads(done.stdout)


def test_a_tree_that_holds_to_the_rules_has_no_breach(tmp_path):
    assert not any(lint(tmp_path, SOUND).values())


@pytest.mark.parametrize("rule", BREACHES)
def test_each_rule_fires_on_its_breach_and_no_other_does(tmp_path, rule):
    found = lint(tmp_path, {**SOUND, **BREACHES[rule]})
    assert {name for name, lines in found.items() if lines} == {rule}, found
    assert len(found["wall"]) == (3 if rule == "wall" else 0)


def test_every_rule_has_a_planted_breach(tmp_path):
    assert set(lint(tmp_path, SOUND)) == set(BREACHES)
