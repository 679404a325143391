"""One statement alone, with its proof of origin. docs/formats/forward.md."""

import armour
import payload
import statements


def check(data, parties, now, groups=()):
    """Steps 21 to 29 of statement.md, and 32 where salt or content are there. Seal, reader, stream and replay are not part of it."""
    proof = payload.read_proof(data)
    said = statements.check_statements(proof, parties, now, groups)
    entry = proof.statements[0]
    said.content_shown = bool(entry.salt or entry.content)
    if said.content_shown:
        statements.check_content(entry, said.bodies[0])
    return said


def read(text):
    return armour.unwrap("STATEMENT", text)
