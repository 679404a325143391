"""Audit paths. RFC 9162, 2.1.3.2."""

from building_blocks import sha256


def root_of_path(leaf, index, size, path):
    """RFC 9162, 2.1.3.2, or None where the path cannot be one."""
    fn, sn, r = index, size - 1, sha256(b"\0" + leaf)
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = sha256(b"\1" + p + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None
