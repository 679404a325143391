"""The one way in which the oracle says no."""


class Refusal(Exception):
    """A reason of docs/reject-reasons.md, and what exactly was found."""

    def __init__(self, reason, what=""):
        super().__init__(f"{reason}: {what}" if what else reason)
        self.reason, self.what = reason, what


def demand(holds, reason, what=""):
    if not holds:
        raise Refusal(reason, what)
