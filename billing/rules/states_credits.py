"""Statuses of credit lots and of what provider's meters are told (CRED-1, USAGE-5). Migration 0095 lists the same words; tests compare."""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

CREDIT_LOT = Statuses(of="credit_lot", order={"active": (1, 0), "used": (1, 1), "expired": (1, 2)}, said_as={})
"""`active` while something is left. Spent credits may come back, and those that a refund took, too: none is final."""

METER_REPORT = Statuses(of="meter_report", order={"pending": (0, 0), "accepted": (2, 0), "failed": (2, 1)}, said_as={})
