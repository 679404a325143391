"""Makes recalls and receipts, and envelopes of them."""

from building_blocks import body_id, labelled_hash, message
from forms import lane
from make import Sealer, encoded, seal_hashes, straight


class Notices:
    """Bends recall, receipt (fields), their `_bytes`, signed_receipt, `recall_signatures` (a list of fields), all with an index; and
    what make.Sealer does."""

    def __init__(self, randomness, now, bend=straight, exercise=""):
        self.randomness, self.now, self.bend, self.exercise = randomness, now, bend, exercise
        self.recalls, self.receipts, self.recall_ids, self.receipt_ids = [], [], [], []

    def recall(self, origin, targets, signers, action=1, authority=1, replacements=(), at=None, **terms):
        """`signers`: each an organisation with its `signer`."""
        place, at = len(self.recalls), at or self.now
        fields = {1: origin.org, 2: self.randomness(f"recall {place}", 16), 3: b"".join(sorted(targets)), 4: b"".join(replacements),
                  5: action, 6: 1, 7: authority, 9: at, 10: self.exercise, **{int(name[1:]): value for name, value in terms.items()}}
        body = self.bend("recall_bytes", encoded(self.bend("recall", fields, place)), place)
        kind = lane("recall.v1", bool(self.exercise))
        signatures = [{1: one.org, 2: one.signer.id, 3: one.signer.sign(kind, body)} for one in signers]
        signatures = self.bend("recall_signatures", signatures, place)
        self.recalls.append(self.bend("signed_recall", message((1, body), (2, [encoded(one) for one in signatures])), place))
        self.recall_ids.append(body_id(kind, body))
        return self

    def receipt(self, who, to, subjects, kind=1, at=None, **terms):
        place = len(self.receipts)
        fields = {1: who.org, 2: who.signer.id, 3: to.org, 4: b"".join(sorted(subjects)), 5: kind, 10: at or self.now, 11: self.exercise,
                  **{int(name[1:]): value for name, value in terms.items()}}
        body = self.bend("receipt_bytes", encoded(self.bend("receipt", fields, place)), place)
        payload_type = lane("receipt.v1", bool(self.exercise))
        self.receipts.append(self.bend("signed_receipt", who.signer.signed(payload_type, body), place))
        self.receipt_ids.append(body_id(payload_type, body))
        return self

    def sealed(self, who, recipient, at, group=None):
        parts = {7: self.recalls, 8: self.receipts}
        hashes = {**seal_hashes([], []), 9: labelled_hash("entente/1/notices", *self.recall_ids, *self.receipt_ids)}
        return Sealer(who, who.signer, at, self.randomness, self.bend).envelope_of(parts, hashes, [] if group else [recipient], group)
