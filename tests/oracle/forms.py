"""Forms that several bodies share: docs/formats/README.md, *Encoding rules*, and statement.md."""

import re

import wire
from identity import check_signed
from payload import MAX_STATEMENTS
from refusal import demand

MAX_AUDIENCE = 1000


def ascending(values):
    return all(a < b for a, b in zip(values, values[1:]))


def is_word(text):
    return re.fullmatch(r"[!-~]{1,64}", text) is not None


def check_lengths(message, **sizes):
    for field, size in sizes.items():
        demand(len(getattr(message, field)) == size, "E_PARSE", f"{field} of {len(getattr(message, field))} bytes")


def check_audience(audience):
    demand(len(audience) <= MAX_AUDIENCE and all(len(org) == 32 for org in audience) and ascending(audience), "E_AUDIENCE",
           "an audience of another form")


def ids_in(data):
    """The ids in one field, ascending, 1 to 1,024."""
    demand(data and len(data) % 32 == 0, "E_PARSE", "a list of ids")
    demand(len(data) <= MAX_STATEMENTS * 32, "E_LIMIT", "a list of ids")
    ids = [data[at:at + 32] for at in range(0, len(data), 32)]
    demand(ascending(ids), "E_PARSE", "ids that are not ascending")
    return ids


def lane(kind, exercise):
    return "exercise." + kind if exercise else kind


def hint_of(schema, signed, org="org_id"):
    """What the unverified body says of who signed it and when."""
    hint = wire.hint(schema, signed.body)
    demand(hint is not None and len(getattr(hint, org)) == len(hint.key_id) == 32, "E_SIG", f"no key can be read from a {schema.name}")
    return hint


def signed_body(schema, kind, signed, parties, now, org="org_id"):
    """A body whose one signature holds, then read strictly."""
    hint = hint_of(schema, signed, org)
    party = parties.get(getattr(hint, org))
    demand(party is not None, "E_PARTY", f"who signed a {schema.name} is not on file")
    check_signed(party, hint.key_id, kind, signed, hint.time_us, now)
    body = wire.strict(schema, signed.body)
    check_lengths(body, **{org: 32, "key_id": 32})
    return body
