"""Steps 15 and 16 of docs/formats/statement.md: counts and sizes on the bytes, then a strict reading. Of envelopes and of proofs."""

import wire
from refusal import demand

MAX_STATEMENTS, MAX_BODY, MAX_BODIES, MAX_SIGNED, MAX_CONTENT, MAX_PATH = 1024, 128 << 10, 4 << 20, 16 << 10, 32 << 20, 10
MAX_COSIGNATURES, MAX_FORWARDS, MAX_NOTICES = 64, 16, 256
# Fields of Payload and of StatementProof that hold the same.
PAYLOAD = {"batch": 1, "statements": 2, "seal": 3, "forwards": 4, "cosignatures": 5, "permissions": 6, "recalls": 7, "receipts": 8}
PROOF = {"batch": 1, "statements": 2, "cosignatures": 3, "forwards": 4, "permissions": 5}


def check_sizes(data, places):
    """E_LIMIT, and E_CHAIN for too many forwards or permissions."""
    for name, most, reason in (("statements", MAX_STATEMENTS, "E_LIMIT"), ("cosignatures", MAX_COSIGNATURES, "E_LIMIT"),
                               ("forwards", MAX_FORWARDS, "E_CHAIN"), ("permissions", MAX_FORWARDS, "E_CHAIN"),
                               ("recalls", MAX_NOTICES, "E_LIMIT"), ("receipts", MAX_NOTICES, "E_LIMIT")):
        if name in places:
            wire.count_at_most(data, places[name], most, name, reason)
    names, bodies, notices = {number: name for name, number in places.items()}, 0, 0
    for number, kind, value in wire.fields(data):
        name = names.get(number) if kind == 2 else None
        if name in ("batch", "seal", "cosignatures"):
            demand(len(value) <= MAX_SIGNED, "E_LIMIT", f"one of {name}")
        elif name in ("forwards", "permissions", "recalls", "receipts"):
            demand(first_field(value) <= MAX_BODY, "E_LIMIT", f"one of {name}")
            notices += len(value) if name in ("recalls", "receipts") else 0
        elif name == "statements":
            bodies += check_entry_size(value)
    demand(bodies <= MAX_BODIES and notices <= MAX_BODIES, "E_LIMIT", "bodies together")


def first_field(signed):
    """Bytes in fields 1 of what may be a SignedBody."""
    try:
        return sum(len(value) for number, kind, value in wire.fields(signed) if number == 1 and kind == 2)
    except wire.Malformed:
        return 0  # the strict reading refuses it


def check_entry_size(entry):
    """The length of the body in a StatementEntry."""
    wire.count_at_most(entry, 5, MAX_PATH, "hashes in an audit path")
    body = 0
    for number, kind, value in wire.fields(entry):
        if number == 1 and kind == 2:
            body += len(value)
        demand(number != 3 or kind != 2 or len(value) <= MAX_CONTENT, "E_LIMIT", "a content's size")
    demand(body <= MAX_BODY, "E_LIMIT", "a statement's size")
    return body


def read(data):
    """A payload, of statements or of notices."""
    check_sizes(data, PAYLOAD)
    payload = wire.strict(wire.PAYLOAD, data)
    if payload.recalls or payload.receipts:
        demand(payload.batch is None and not (payload.statements or payload.forwards or payload.cosignatures or payload.permissions),
               "E_PARSE", "notices and statements")
    else:
        demand(payload.statements and payload.batch is not None, "E_PARSE", "no statements, or no batch")
    return payload


def read_proof(data):
    """A StatementProof, its one statement in a list."""
    check_sizes(data, PROOF)
    proof = wire.strict(wire.PROOF, data)
    demand(proof.statement is not None and proof.batch is not None, "E_PARSE", "no statement, or no batch")
    proof.statements = [proof.statement]
    return proof
