"""Canaries: what must not leave a node, in every spelling it might leave in, and the search for it."""

import base64
import pathlib
import subprocess

from federation import TEST_BIN

SHORTEST = 12  # a shorter piece may stand anywhere by chance
KEY = 32


def spellings(secret):
    """The bytes themselves, in hexadecimal of both cases, in both base64 alphabets at each of the three offsets."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(offset) + secret)
            found.add(text[4 if offset else 0:len(text) - 4])  # whole groups of the secret's own bits
    return {text for text in found if len(text) >= SHORTEST}


def node_secrets(node):
    """Name -> bytes: the passphrase and every secret of the node's keystores."""
    passphrase = node.dir / "passphrase"
    found = {"passphrase": passphrase.read_text().strip().encode()}
    for keystore in ("keystore", "root.keystore"):
        done = subprocess.run([TEST_BIN / "node_secrets", node.dir / keystore, passphrase], capture_output=True)
        assert done.returncode == 0, keystore
        for line in done.stdout.decode().splitlines():
            name, value = line.split()
            found[f"{keystore} {name}"] = bytes.fromhex(value)
            if len(value) > 2 * KEY:  # the secret first, then what is said of it
                found[f"{keystore} {name} alone"] = bytes.fromhex(value)[:KEY]
    return found


def files_of(node):
    return [p for p in node.dir.rglob("*") if p.is_file() and not p.is_symlink()]


def kept_in_clear(node, canaries):
    """What of `canaries` the files of a stopped node show to whoever copies its disk without the passphrase."""
    places = [(p.name, p.read_bytes()) for p in files_of(node) if p != node.dir / "passphrase"]
    assert len(places) > 4
    return leaks(places, canaries)


def leaks(places, canaries):
    """Each (place, canary) where a spelling of a canary stands. A place is a name and its bytes."""
    wanted = [(name, text) for name, secret in canaries.items() for text in spellings(secret)]
    return sorted({(place, name) for place, content in places for name, text in wanted if text in content})


def process_places(pid):
    for part in ("cmdline", "environ"):
        try:
            yield f"/proc/{pid}/{part}", pathlib.Path(f"/proc/{pid}/{part}").read_bytes()
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            pass  # it has ended, or the kernel hides it from its own user: then nobody reads it
