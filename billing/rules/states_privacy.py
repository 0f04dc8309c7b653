"""Statuses of erasures (SEC-6). Migration 0129 lists the same words."""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

ERASURE = Statuses(of="erasure", order={"running": (0, 0), "waiting": (0, 1), "done": (1, 0)}, said_as={})
"""`waiting`: events or mails of his are not final yet; it goes on by itself. `done` is looked at again for some weeks, because
providers tell late."""

ALL = (ERASURE,)
