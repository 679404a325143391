"""A statement key in a PKCS#11 token: `key hsm test`, `key rotate --token`, and a node that signs with it."""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from federation import bundle_file, indicator, run, wait_for

MODULE = pathlib.Path("/usr/share/p11-kit/modules/softhsm2.module")
URI = "pkcs11:token=entente;object=statement"
ED25519 = bytes.fromhex("302e020100300506032b657004220420")  # in front of a seed in PKCS#8

pytestmark = pytest.mark.skipif(not MODULE.exists() or not shutil.which("softhsm2-util"),
                                reason="SoftHSM is not installed; deploy/setup.sh installs it")


class Token:
    """A SoftHSM token of its own with one key; `env` goes to every program that shall see it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tokens").mkdir(parents=True)
        self.conf = folder / "conf"
        self.write_conf()
        self.env = {"SOFTHSM2_CONF": str(self.conf)}
        self.util("--init-token", "--free", "--label", "entente", "--pin", "1234", "--so-pin", "567890")
        pem = base64.b64encode(ED25519 + os.urandom(32)).decode()
        (folder / "key.pem").write_text(f"-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n")
        self.util("--import", folder / "key.pem", "--token", "entente", "--label", "statement", "--id", "0a", "--pin", "1234")
        self.pin = self.secret("pin", "1234")

    def write_conf(self):
        self.conf.write_text(f"directories.tokendir = {self.folder}/tokens\nlog.level = ERROR\n")

    def util(self, *args):
        subprocess.run(["softhsm2-util", *map(str, args)], env={**os.environ, **self.env}, check=True, capture_output=True)

    def secret(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path


@pytest.fixture
def token(tmp_path):
    return Token(tmp_path / "softhsm")


def refused(done, name, words=""):
    text = done.stderr.decode()
    assert re.search(rf"code  ENT-\d+ {name} ", text) and words in text, text
    assert done.returncode == 1, text
    return text


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def worker_of(node):
    (keeper,) = children(node.process.pid)
    (worker,) = children(keeper)
    return worker


def test_a_token_is_tried_without_a_node(token):
    words = ("key", "hsm", "test", "--token", URI, "--pin-file", token.pin)
    (tried,) = json.loads(run(*words, "--json", env=token.env, check=0).stdout)["keys"]
    assert tried["ok"] and tried["token"] == "entente" and len(tried["public_key"]) == 64 and len(tried["serial"]) == 16
    text = run(*words, env=token.env, check=0).stdout.decode()
    assert "serial" in text and "a signature verified here" in text

    wrong = token.secret("wrong", "4321")
    done = run("key", "hsm", "test", "--token", URI, "--pin-file", wrong, env=token.env)
    assert "4321" not in refused(done, "E_HSM", "PIN") and b"4321" not in done.stdout
    refused(run("key", "hsm", "test", "--token", "pkcs11:token=absent;object=statement", "--pin-file", token.pin, env=token.env),
            "E_HSM", "no token")
    refused(run("key", "hsm", "test", "--token", URI + "?pin-value=1234", "--pin-file", token.pin, env=token.env), "E_KEYSTORE")
    assert run("key", "hsm", "test", "--token", URI, env=token.env).returncode == 2  # no PIN file
    (tried,) = json.loads(run(*words, "--json", env=token.env, check=0).stdout)["keys"]  # one wrong PIN locks nothing
    assert tried["ok"]


def test_a_module_that_hangs_ends_the_command_with_an_error(token):
    token.conf.unlink()
    os.mkfifo(token.conf)  # the module waits for a configuration that nobody writes
    begun = time.monotonic()
    refused(run("key", "hsm", "test", "--token", URI, "--pin-file", token.pin, env=token.env), "E_HSM", "did not answer within 10s")
    assert time.monotonic() - begun < 60
    assert not [line for line in subprocess.run(["ps", "-eo", "stat,args"], capture_output=True, text=True).stdout.splitlines()
                if str(token.pin) in line]


def test_a_node_signs_with_a_key_in_a_token(make_node, token, tmp_path):
    norlandia, estovia = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE").start()
    refused(norlandia.cli("key hsm test", env=token.env), "NOT_FOUND")
    facts = norlandia.json("key rotate", "--token", URI, "--token-pin-file", token.pin, env=token.env)
    assert facts["version"] == 2 and facts["made"]
    (tried,) = norlandia.json("key hsm test", env=token.env)["keys"]
    assert tried["ok"] and tried["key_id"] == facts["signs"] and tried["name"] == f"statement/{facts['signs']}"

    norlandia.start(env=token.env)
    estovia.accept(norlandia)
    norlandia.accept(estovia)
    norlandia.session_up(estovia.name)
    norlandia.publish(bundle_file(tmp_path / "first.json", [indicator(tlp="GREEN")]))
    norlandia.drained(estovia.name)
    assert estovia.status()["objects"] == 1

    # The token's process ends while the peer sends: what is not signed is not taken, and comes again.
    os.kill(worker_of(norlandia), signal.SIGKILL)
    estovia.publish(bundle_file(tmp_path / "back.json", [indicator(tlp="GREEN") for _ in range(3)]))
    wait_for(lambda: norlandia.status()["objects"] == 4, "the peer's objects")
    estovia.drained(norlandia.name)

    # An own object meets the same: refused by name, and taken when it is given again.
    os.kill(worker_of(norlandia), signal.SIGKILL)
    path = bundle_file(tmp_path / "second.json", [indicator(tlp="GREEN")])
    done = norlandia.cli("publish", path)
    assert done.returncode != 0 and "E_HSM" in (done.stdout + done.stderr).decode()
    norlandia.publish(path)
    norlandia.drained(estovia.name)
    assert estovia.status()["objects"] == 5
    assert norlandia.process.poll() is None
    for node in (norlandia, estovia):
        assert node.fsck()[0]["problems"] == []

    norlandia.stop()
    assert norlandia.process.returncode == 0
    norlandia.start(env=token.env)
    norlandia.session_up(estovia.name)


def test_a_node_whose_token_is_gone_does_not_start_and_says_so(make_node, token, tmp_path):
    node = make_node("cert.norlandia", nation="XN")
    node.json("key rotate", "--token", URI, "--token-pin-file", token.pin, env=token.env)
    tokens = token.folder / "tokens"
    tokens.rename(token.folder / "pulled")
    tokens.mkdir()
    node.start(wait=False, env=token.env)
    wait_for(lambda: node.process.poll() is not None, "the node to give up")
    assert "E_HSM" in node.said() and "no token" in node.said()
    tokens.rmdir()
    (token.folder / "pulled").rename(tokens)
    node.start(env=token.env)
    daemon = node.process.pid
    (keeper,) = children(daemon)
    node.kill()
    wait_for(lambda: not pathlib.Path(f"/proc/{keeper}").exists(), "the token's process to end with the daemon")


def test_a_backup_of_a_key_in_a_token_holds_neither_key_nor_pin(make_node, token, tmp_path):
    node = make_node("cert.norlandia", nation="XN")
    signs = node.json("key rotate", "--token", URI, "--token-pin-file", token.pin, env=token.env)["signs"]
    own = token.secret("own", "only for the backup")
    backup, folder = tmp_path / "keys.backup", tmp_path / "restored"
    names = node.json("key backup", backup, "--backup-passphrase-file", own, "--cost", "daemon")["names"]
    assert f"hsm/statement/{signs}" in names and not [name for name in names if "pin" in name]
    words = ("key", "restore", "--node", folder, backup, "--backup-passphrase-file", own, "--listen", "none", "--metrics", "none")
    assert run(*words, env=token.env).returncode == 2  # asks for the PIN
    assert not folder.exists()
    run(*words, "--token-pin-file", token.pin, env=token.env, check=0)
    done = run("key", "hsm", "test", "--node", folder, "--json", env=token.env, check=0)
    assert json.loads(done.stdout)["keys"][0]["key_id"] == signs
