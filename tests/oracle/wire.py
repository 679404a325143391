"""Protobuf as docs/formats/identity.md, *Strict parsing*, wants it read. Nothing of protoc: the messages are the tables below,
typed from proto/entente/v1."""

import re
import types

from refusal import Refusal, demand

MAX_DEPTH = 16
MAX_FIELD = (1 << 29) - 1


class Malformed(Exception):
    """Bytes that are no message at all."""


def varint(data, at):
    """(value, behind it); refuses what could be shorter or does not fit 64 bits."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("an integer without an end")
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    if value >> 64 or (byte == 0 and shift):
        raise Malformed("an integer that is too large or could be shorter")
    return value, at


def fields(data):
    """(number, wire type, value) of each field, in order."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if not 1 <= number <= MAX_FIELD:
            raise Malformed(f"field number {number}")
        if kind == 0:
            value, at = varint(data, at)
        elif kind in (1, 2, 5):
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if at > len(data):
                raise Malformed("bytes that end inside a field")
        else:
            raise Malformed(f"wire type {kind}")
        yield number, kind, value


class Schema:
    """One message: 'NUMBER NAME KIND' by lines. KIND is bytes, text, u32, u64, i64, bool, eN (an enum with values 0 to N) or the
    name of a schema above; '*' behind it is repeated, '?' optional."""

    known = {}

    def __init__(self, name, text):
        self.name, self.entries = name, {}
        Schema.known[name] = self
        for line in text.split(","):
            number, field, kind = line.split()
            self.entries[int(number)] = (field, kind.rstrip("*?"), kind.endswith("*"), kind.endswith("?"))

    def empty(self):
        return types.SimpleNamespace(**{field: [] if repeated else None if optional else default(kind)
                                        for field, kind, repeated, optional in self.entries.values()})


def default(kind):
    return {"bytes": b"", "text": "", "bool": False}.get(kind, None if kind in Schema.known else 0)


def scalar(kind, value):
    """The value of an integer field, or Malformed where it does not fit its type."""
    if kind == "i64":
        return value - (1 << 64) if value >> 63 else value
    top = {"u32": (1 << 32) - 1, "u64": (1 << 64) - 1, "bool": 1}.get(kind)
    if top is None:
        top = int(kind[1:])
    if value > top:
        raise Malformed(f"{value} is no {kind}")
    return bool(value) if kind == "bool" else value


def packed(kind, data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield scalar(kind, value)


def values_of(kind, repeated, wire_type, value, depth):
    if kind in ("bytes", "text") or kind in Schema.known:
        if wire_type != 2:
            raise Malformed(f"wire type {wire_type} for {kind}")
        if kind == "bytes":
            return [value]
        return [value.decode()] if kind == "text" else [parse(Schema.known[kind], value, depth + 1)]
    if wire_type == 2 and repeated:
        return list(packed(kind, value))
    if wire_type != 0:
        raise Malformed(f"wire type {wire_type} for {kind}")
    return [scalar(kind, value)]


def parse(schema, data, depth=1):
    if depth > MAX_DEPTH:
        raise Malformed("nested too deep")
    out, seen = schema.empty(), set()
    for number, wire_type, value in fields(data):
        if number not in schema.entries:
            if number < 100:
                raise Malformed(f"unknown field {number} of {schema.name}")
            continue
        field, kind, repeated, _ = schema.entries[number]
        found = values_of(kind, repeated, wire_type, value, depth)
        if repeated:
            getattr(out, field).extend(found)
        elif number in seen:
            raise Malformed(f"{field} of {schema.name} twice")
        else:
            setattr(out, field, found[0])
        seen.add(number)
    return out


def strict(schema, data):
    """The message; E_PARSE for everything that is not one."""
    try:
        return parse(schema, data)
    except (Malformed, UnicodeDecodeError) as wrong:
        raise Refusal("E_PARSE", str(wrong)) from wrong


def hint(schema, data):
    """What the unverified bytes say, the last of what stands twice; None where they are no message. Only names a key, a time, a place."""
    out = schema.empty()
    try:
        for number, wire_type, value in fields(data):
            field, kind, repeated, _ = schema.entries.get(number, ("", "", True, False))
            if not repeated and kind not in Schema.known and kind != "bool":
                kind = "u64" if re.fullmatch("e[0-9]", kind) else kind  # an unknown value of an enum is for the strict reading
                setattr(out, field, values_of(kind, False, wire_type, value, 1)[0])
    except (Malformed, UnicodeDecodeError):
        return None
    return out


SIGNED_BODY = Schema("SignedBody", "1 body bytes, 2 signature bytes")
KEY_SIGNATURE = Schema("KeySignature", "1 key_id bytes, 2 signature bytes")
PUBLIC_KEY = Schema("PublicKey", "1 key_id bytes, 2 usage e5, 3 public_key bytes, 4 not_before_us i64, 5 not_after_us i64")
LOG_CUTOFF = Schema("LogCutoff", "1 origin text, 2 size u64, 3 root bytes")
REVOCATION = Schema("Revocation", "1 key_id bytes, 2 reason e2, 3 cutoff_us i64, 4 cutoff LogCutoff")
OFFLINE = Schema("OfflineClass", "1 ceiling e5")
IDENTITY = Schema("IdentityDocument", """1 org_id bytes, 2 version u64, 3 previous_hash bytes, 4 root_keys PublicKey*, 5 root_threshold u32,
    6 keys PublicKey*, 7 suites u32*, 8 min_suite u32, 9 expires_us i64, 10 name text, 11 issued_us i64, 12 revocations Revocation*,
    13 offline OfflineClass, 14 log_origin text""")
SIGNED_IDENTITY = Schema("SignedIdentity", "1 document bytes, 2 signatures KeySignature*")
IDENTITY_CHAIN = Schema("IdentityChain", "1 documents SignedIdentity*")
CARD = Schema("Card", "1 version u32, 2 identity SignedIdentity, 3 address text, 4 later SignedIdentity*")
PREKEY = Schema("PrekeyBody", """1 org_id bytes, 2 key_id bytes, 3 prekey_id bytes, 4 suite u32, 5 public_key bytes, 6 not_before_us i64,
    7 not_after_us i64, 8 identity_hash bytes, 9 prekey_class e1""")
CONSTRAINTS = Schema("ReleaseConstraints", """1 label e5, 2 pap e4, 3 rel_to text*, 4 not_rel_to text*, 5 orcon bool,
    6 embargo_until_us i64, 7 post_embargo_label e5, 8 sector_to text*, 9 hop_limit u32?, 10 purpose text*, 11 personal_data e3,
    12 retain_until_us i64, 13 sg_id bytes, 14 source_role e2, 15 addressees bytes*, 16 exercise_id text""")
GROUP = Schema("GroupAudience", "1 group_id bytes, 2 membership_version u64, 3 membership_hash bytes")
JOINT = Schema("JointTerms", "1 organisations bytes*, 2 threshold u32")
STATEMENT = Schema("StatementBody", """1 origin bytes, 2 key_id bytes, 3 identity_version u64, 4 identity_hash bytes, 5 msg_id bytes,
    6 stream_id bytes, 7 sequence u64, 8 previous bytes, 9 created_us i64, 10 expires_us i64, 11 constraints ReleaseConstraints,
    12 audience bytes*, 13 content_type text, 14 content_length u64, 15 content_commit bytes, 16 group GroupAudience,
    17 joint JointTerms, 18 replaces bytes*, 19 derived_from bytes*""")
BATCH = Schema("BatchBody", "1 origin bytes, 2 key_id bytes, 3 size u32, 4 root bytes, 5 leaf_type text")
SEAL = Schema("SealBody", """1 org_id bytes, 2 key_id bytes, 3 h_core bytes, 4 key_commitment bytes, 5 statements_hash bytes,
    6 audience_hash bytes, 7 time_us i64, 8 forwards_hash bytes, 9 notices_hash bytes""")
ENTRY = Schema("StatementEntry", "1 body bytes, 2 salt bytes, 3 content bytes, 4 index u32, 5 path bytes*")
COSIGN = Schema("CosignBody", "1 org_id bytes, 2 key_id bytes, 3 batch_id bytes, 4 time_us i64")
FORWARD = Schema("ForwardBody", """1 org_id bytes, 2 key_id bytes, 3 previous_forward bytes, 4 statement_ids bytes, 5 audience bytes*,
    6 group GroupAudience, 7 basis e4, 8 permission_id bytes, 9 label e5, 10 time_us i64""")
PERMISSION = Schema("PermissionBody", """1 origin bytes, 2 key_id bytes, 3 msg_id bytes, 4 statement_ids bytes, 5 forwarder bytes,
    6 audience bytes*, 7 time_us i64, 8 expires_us i64""")
ORG_SIGNATURE = Schema("OrgSignature", "1 org_id bytes, 2 key_id bytes, 3 signature bytes")
RECALL = Schema("RecallBody", """1 origin bytes, 2 msg_id bytes, 3 targets bytes, 4 replacements bytes, 5 action e3, 6 reason e6,
    7 authority e3, 8 group_id bytes, 9 time_us i64, 10 exercise_id text""")
SIGNED_RECALL = Schema("SignedRecall", "1 body bytes, 2 signatures OrgSignature*")
RECEIPT = Schema("ReceiptBody", """1 org_id bytes, 2 key_id bytes, 3 to bytes, 4 subjects bytes, 5 kind e5, 6 recall_id bytes,
    7 passed_on u32, 8 outstanding u32, 9 leaf_index u64, 10 time_us i64, 11 exercise_id text""")
PAYLOAD = Schema("Payload", """1 batch SignedBody, 2 statements StatementEntry*, 3 seal SignedBody, 4 forwards SignedBody*,
    5 cosignatures SignedBody*, 6 permissions SignedBody*, 7 recalls SignedRecall*, 8 receipts SignedBody*""")
PROOF = Schema("StatementProof", """1 batch SignedBody, 2 statement StatementEntry, 3 cosignatures SignedBody*, 4 forwards SignedBody*,
    5 permissions SignedBody*""")

MEMBER = Schema("GroupMember", "1 org_id bytes, 2 min_identity_version u64")
MEMBERSHIP = Schema("MembershipDocument", """1 group_id bytes, 2 version u64, 3 previous_hash bytes, 4 name text, 5 admins bytes*,
    6 threshold u32, 7 issuers bytes*, 8 members GroupMember*, 9 log_org bytes, 10 suite u32, 11 min_suite u32, 12 max_epoch_s u32,
    13 catch_up_s u32, 14 ceiling e5, 15 onward e2, 16 clients bool, 17 exercise_id text, 18 issued_us i64, 19 expires_us i64""")
SIGNED_MEMBERSHIP = Schema("SignedMembership", "1 document bytes, 2 signatures OrgSignature*")
GROUP_LOG = Schema("GroupLogBody", """1 org_id bytes, 2 key_id bytes, 3 group_id bytes, 4 index u64, 5 previous bytes, 6 kind e2,
    7 number u64, 8 subject bytes, 9 time_us i64""")
EPOCH = Schema("EpochBody", """1 issuer bytes, 2 key_id bytes, 3 group_id bytes, 4 membership_version u64, 5 membership_hash bytes,
    6 epoch u64, 7 previous_commit bytes, 8 not_before_us i64, 9 not_after_us i64, 10 suite u32, 11 n_slots u32, 12 slots_root bytes,
    13 epoch_commit bytes, 14 grace_s u32, 15 reason e6""")
DELIVERY = Schema("EpochDelivery", "1 epoch SignedBody, 2 log_entry SignedBody, 3 index u32, 4 slot bytes, 5 path bytes*")
LEAVE = Schema("LeaveBody", "1 org_id bytes, 2 key_id bytes, 3 group_id bytes, 4 membership_version u64, 5 time_us i64")
REWRAP = Schema("RewrapBody", """1 issuer bytes, 2 key_id bytes, 3 group_id bytes, 4 epoch u64, 5 epoch_id bytes, 6 recipient bytes,
    7 slot bytes, 8 time_us i64""")


def count_at_most(data, number, most, what, reason="E_LIMIT"):
    """Counts the top-level fields `number` on the bytes, before a message is built from them."""
    try:
        found = sum(1 for field, _, _ in fields(data) if field == number)
    except Malformed as wrong:
        raise Refusal("E_PARSE", str(wrong)) from wrong
    demand(found <= most, reason, f"{found} {what}")
