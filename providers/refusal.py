"""Why a delivery is not believed. One module for all sources, because every verifier refuses in the same words."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - a verdict about a request, not a fault of ours
    """The request cannot be proven to come from its provider. Nothing was stored and no money moved.

    `reason` is a short word for logs and counters; it is never told to the sender, who may be an attacker.
    """

    status = 401

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(Refused):
    """What should carry the proof cannot even be read; no provider sends such a thing."""

    status = 400


class Unprovable(Refused):
    """What is needed for the check cannot be had just now, so nothing is decided; the provider shall repeat it."""

    status = 503
