"""Statuses of dunning and of changed default methods (DUN-4, PAY-6). Migration 0094 lists the same words; a test compares."""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

DUNNING_CASE = Statuses(
    of="dunning_case", order={"open": (1, 0), "recovered": (2, 0), "cancelled": (2, 1), "terminated": (2, 2)}, said_as={}
)
"""`recovered`: it was paid; `cancelled`: nothing is owed any more; `terminated`: the policy's end came."""

DUNNING_ATTEMPT = Statuses(
    of="dunning_attempt",
    order={
        "pending": (0, 0), "processing": (1, 0), "success": (2, 0), "failed": (2, 1), "skipped": (2, 2), "cancelled": (2, 3),
    },
    said_as={},
)  # fmt: skip
"""DUN-4."""

DEFAULT_METHOD_REQUEST = Statuses(of="default_method_request", order={"pending": (0, 0), "done": (2, 0), "failed": (2, 1)}, said_as={})
