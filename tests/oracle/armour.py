"""Bytes as text between two lines. docs/formats/files.md, *Armour*, and identity.md, *The card*."""

import base64
import re

from refusal import Refusal, demand

# Of what the oracle reads; INVITATION, PREKEY and EVIDENCE are not among it.
LIMITS = {"CARD": 128 << 10, "IDENTITY": 1 << 20, "MEMBERSHIP": 512 << 10, "STATEMENT": 48 << 20}


def name_of(text):
    """What the first line says that it is; None where that is no armour."""
    found = re.match(r"[ \t\r\n]*-----BEGIN ENTENTE ([A-Z]+)-----", text)
    return found and found.group(1)


def wrap(name, data):
    text = base64.b64encode(data).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN ENTENTE {name}-----", *lines, f"-----END ENTENTE {name}-----", ""])


def unwrap(name, text, reason="E_PARSE"):
    demand(len(text) <= LIMITS[name], reason, f"over the bound of a {name}")
    lines = text.strip(" \t\r\n").replace("\r\n", "\n").split("\n")
    demand(len(lines) >= 3, reason, f"no {name}")
    demand(lines[0] == f"-----BEGIN ENTENTE {name}-----" and lines[-1] == f"-----END ENTENTE {name}-----", reason, "its armour")
    body = lines[1:-1]
    demand(all(len(line) == 64 for line in body[:-1]) and 1 <= len(body[-1]) <= 64, reason, "its lines")
    try:
        data = base64.b64decode("".join(body), validate=True)
    except ValueError as wrong:
        raise Refusal(reason, "its base64") from wrong
    demand(base64.b64encode(data).decode() == "".join(body), reason, "its base64 has another form")
    return data
