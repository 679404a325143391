"""The Makefile: every target is listed, and names a command that is there."""

import re
import subprocess

from federation import ROOT

TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)


def test_help_lists_every_target_with_what_it_does():
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    lines = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", shown, re.M))
    assert set(lines) == set(TARGETS) and len(TARGETS) == len(set(TARGETS))
    assert subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, check=True).stdout.decode() == shown


def test_every_command_behind_a_target_is_there():
    for target in TARGETS:
        plan = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        for script in re.findall(r"(?:^|[ |])((?:\./|tests/|docs/|deploy/|bench/|\.ci/)[\w./]+)", plan):
            assert (ROOT / script).stat().st_mode & 0o111 or script.endswith("/"), (target, script)


def test_the_documents_name_no_target_that_is_not_there():
    for page in ("docs/development.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"`make ([a-z-]+)`", (ROOT / page).read_text()))
        assert named and named <= set(TARGETS), page
