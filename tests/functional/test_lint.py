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


# Texts of services/lost_test.cc or of a functional test: the reason is compared, or it is only named.
COMPARED = {
    "services/lost_test.cc": [
        "EXPECT_EQ(ReasonOf(status),\n          RejectReason::kLost) << status;",
        "while (ReasonOf(status) == RejectReason::kLost) Go();",
        "void Refused(RejectReason r) {\n  ASSERT_EQ(reason_, r);\n}\nTEST(A, B) { Refused(RejectReason::kLost); }",
        "void Row(int i) { EXPECT_EQ(i, 1); }\nvoid Refused(R r) {\n  Row(r);\n}\nTEST(A, B) { Refused(kLost); }",
        "struct Case { R reason; };\nTEST(A, B) {\n  for (const Case& c : {Case{RejectReason::kLost}}) EXPECT_EQ(r, c.reason);\n}",
    ],
    "tests/functional/test_lost.py": [
        "def test_lost(node):\n    assert b'LOST' in node.stderr\n",
        "def test_lost(node):\n    wait_for(lambda: 'LOST' in node.log(), 'the log')\n",
        "def refused(done, reason):\n    assert reason in done\n\n\ndef test_lost(done):\n    refused(done, 'LOST')\n",
        "CASES = [('a', 'LOST')]\n\n\n@pytest.mark.parametrize('a, reason', CASES)\n"
        "def test_lost(done, a, reason):\n    wanted = f'code {reason}'\n    assert done.err == wanted\n",
        "def test_lost(done):\n    for name, reason in (('a', 'LOST'), ('b', 'OTHER')):\n        assert done[name] == reason\n",
    ],
}
NAMED = {
    "services/lost_test.cc": [
        "// EXPECT_EQ(ReasonOf(status), RejectReason::kLost)\n",
        "counters.CountReject(RejectReason::kLost, 8);\nEXPECT_EQ(counters.Sum(), 8);",
        "EXPECT_FALSE(Take(Reject(RejectReason::kLost, \"made by hand\")).ok());",
        "const auto reason = RejectReason::kLost;\nEXPECT_TRUE(Runs(node));",
        'EXPECT_EQ(Text(), "RejectReason::kLost");',
    ],
    "tests/functional/test_lost.py": [
        "def test_lost(node):\n    node.publish('LOST')\n    assert node.up()\n",
        '"""LOST is shown."""\n\n\ndef test_lost(node):\n    assert node.up()  # LOST\n',
        "CASES = [('LOST', 'a')]\n\n\n@pytest.mark.parametrize('name, wanted', CASES)\n"
        "def test_lost(node, name, wanted):\n    print(name)\n    assert node.up() == wanted\n",
        "def test_lost(node):\n    reason = 'LOST'\n    print(reason)\n    assert node.up()\n",
    ],
}


@pytest.mark.parametrize("path, text", [(path, text) for path, texts in COMPARED.items() for text in texts])
def test_a_reason_that_is_compared_counts(tmp_path, path, text):
    assert lint(tmp_path, {**SOUND, "services/lost_test.cc": "", path: text})["reason"] == []


@pytest.mark.parametrize("path, text", [(path, text) for path, texts in NAMED.items() for text in texts])
def test_a_reason_that_is_only_named_does_not_count(tmp_path, path, text):
    (breach,) = lint(tmp_path, {**SOUND, "services/lost_test.cc": "", path: text})["reason"]
    assert "reason: LOST (ENT-1) is provoked at no door" in breach
