"""Makes epochs as an issuer does, their deliveries, and re-wraps."""

import types

import epochs
import hpke
from building_blocks import body_id, path, tree
from identity import DAY, HOUR
from make import encoded, straight

NUMBERS = {"issuer": 1, "group_id": 3, "membership_version": 4, "membership_hash": 5, "epoch": 6, "previous_commit": 7, "not_before_us": 8,
           "not_after_us": 9, "suite": 10, "n_slots": 11, "grace_s": 14, "reason": 15}


class Issuer:
    """`document`: a membership document as groups reads it; `prekeys`: org_id -> (prekey_id, public key), zero slots for the others.

    Bends terms (what epoch_fields are made of, by name), slots (a list), slot_secret, slot_fields, epoch (fields), epoch_bytes, signed_epoch,
    delivery (fields); rewrap (fields), rewrap_bytes, signed_rewrap."""

    def __init__(self, who, document, prekeys, randomness, now, bend=straight):
        self.who, self.document, self.prekeys, self.randomness, self.now, self.bend = who, document, prekeys, randomness, now, bend

    def slot(self, org, fields, secret, name):
        if org not in self.prekeys:
            return bytes(epochs.SLOT)
        prekey_id, public = self.prekeys[org]
        info = epochs.slot_info(self.bend("slot_fields", fields), org, prekey_id, public)
        return hpke.seal_slot(public, prekey_id, info, self.bend("slot_secret", secret), self.randomness(f"epoch {name}", 64))

    def issue(self, number, secret, previous=bytes(32), **terms):
        """(epoch as its receiver reads it, SignedBody, slots)"""
        begin = self.now - HOUR
        values = self.bend("terms", {
            "issuer": self.who.org, "group_id": self.document.group, "membership_version": self.document.version,
            "membership_hash": self.document.hash, "epoch": number, "previous_commit": previous, "not_before_us": begin,
            "not_after_us": begin + 6 * DAY, "suite": 1, "n_slots": len(self.document.orgs), "grace_s": 3600, "reason": 1, **terms})
        epoch = types.SimpleNamespace(**values)
        epoch.fields = epochs.fields_hash(epoch)
        slots = self.bend("slots", [self.slot(org, epoch.fields, secret, f"{number} {i}") for i, org in enumerate(self.document.orgs)])
        epoch.epoch_commit = epochs.commitment(secret, epoch.fields)
        body = {NUMBERS[name]: [value] if isinstance(value, bytes) else value for name, value in values.items()}
        body = self.bend("epoch", {**body, 2: self.who.signer.id, 12: tree(slots), 13: epoch.epoch_commit})
        data = self.bend("epoch_bytes", encoded(body))
        epoch.id = body_id("epoch.v1", data)
        return epoch, self.bend("signed_epoch", self.who.signer.signed("epoch.v1", data)), slots

    def delivery(self, org, signed, slots):
        place = self.document.orgs.index(org)
        return encoded(self.bend("delivery", {1: [signed], 3: place, 4: slots[place], 5: path(slots, place)}))

    def rewrap(self, org, epoch, secret):
        slot = self.slot(org, epoch.fields, secret, "once more")
        body = self.bend("rewrap", {1: self.who.org, 2: self.who.signer.id, 3: self.document.group, 4: epoch.epoch, 5: epoch.id, 6: org,
                                    7: slot, 8: self.now})
        data = self.bend("rewrap_bytes", encoded(body))
        return self.bend("signed_rewrap", self.who.signer.signed("rewrap.v1", data))
