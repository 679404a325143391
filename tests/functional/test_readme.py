"""Every command of README.md, run as a reader would."""

import os
import re
import signal
import subprocess

from federation import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.M | re.S)


def test_the_two_commands(tmp_path):
    words = [line.split("#")[0].strip() for line in BLOCKS[0].splitlines()]
    assert words == ["./try", "./test"]  # ./test is what runs this
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(["./try"], cwd=ROOT, env=environment, capture_output=True, timeout=300)
    try:
        assert done.returncode == 0, done.stderr[-2000:]
        assert b"NOT SHARED with volt-energy" in done.stdout
        status = subprocess.run([ROOT / "build/release/bin/entente", "demo", "status", "--dir", tmp_path / "entente-demo",
                                 "--json"], capture_output=True)
        assert status.stdout.count(b'"running"') == 3
        again = subprocess.run(["./try"], cwd=ROOT, env=environment, capture_output=True, timeout=300)
        assert again.returncode == 0, again.stderr[-2000:]
    finally:
        subprocess.run([ROOT / "build/release/bin/entente", "demo", "down", "--dir", tmp_path / "entente-demo"])


def test_the_commands_by_hand(tmp_path):
    script = "set -eu\n" + "\n".join(BLOCKS[1:]).replace("/tmp/", f"{tmp_path}/")
    shell = subprocess.Popen(["bash", "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True)
    try:
        lines = []
        for line in shell.stdout:  # the daemons keep the pipe open, so the shell's own end is what counts
            lines.append(line.decode())
            if "fsck" in script and "records" in lines[-1]:
                break
        assert shell.wait(60) == 0, "".join(lines)
        assert any("SHARED with cert.estovia" in line for line in lines), "".join(lines)
    finally:
        os.killpg(shell.pid, signal.SIGKILL)


def test_try_once_prints_the_result_and_leaves_nothing_behind():
    import json
    done = subprocess.run(["./try", "--once", "--json"], cwd=ROOT, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["delivered"] == result["permitted"] and result["seconds"] > 0
    assert result["objects"] == sum(result[k] for k in ("published", "unchanged", "quarantined", "rejected"))
    folder = re.search(rb"(/\S+)/cert\.norlandia", done.stderr).group(1)
    assert not os.path.exists(folder)


def test_without_root_try_prints_one_line_and_stops(tmp_path):
    import pytest
    if os.geteuid() != 0:
        pytest.skip("needs root to step down from")
    status = tmp_path / "dpkg-query"
    status.write_text("#!/bin/sh\nexit 1\n")
    status.chmod(0o755)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:3]:
        parent.chmod(0o755)
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "bash", str(ROOT / "deploy/setup.sh")],
                          env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count(b"apt-get install") == 1
