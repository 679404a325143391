#!/usr/bin/python3
"""Runs the commands whose output stands in README.md and docs/performance.md and puts what they print in place, and
makes docs/reject-reasons.md anew.

Marks look like  <!-- output of: COMMAND -->  ```text ... ```  <!-- end of output -->.  Run from a built checkout.
"""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
MARK = re.compile(r"(<!-- output of: (.*?) -->\n```text\n).*?(```\n<!-- end of output -->)", re.S)


def output_of(command):
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, check=True)
    text = done.stdout.decode()
    return re.sub(r"/tmp/tmp\.\w+", "/tmp/entente-demo", text).strip("\n") + "\n"


for name in ("README.md", "docs/performance.md"):
    page = ROOT / name
    page.write_text(MARK.sub(lambda m: m[1] + output_of(m[2]) + m[3], page.read_text()))

subprocess.run([ROOT / "build/release/tests/cli_test", "--gtest_filter=RejectPage.*"], check=True,
               stdout=subprocess.DEVNULL, env=os.environ | {"ENTENTE_REFRESH": "1"})
