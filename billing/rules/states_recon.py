"""Statuses of reconciliation: of a run, and of what it found; the form is that of `states_money_out`.

The CHECK constraints of migration 0068 list the same words, and tests compare them.
"""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

RECON_RUN = Statuses(
    of="recon_run",
    order={"asked": (0, 0), "running": (1, 0), "done": (2, 0), "abandoned": (2, 1)},
    said_as={},
)
"""A run goes on where it stopped, in as many turns as it needs; only a person abandons one."""

FINDING = Statuses(
    of="finding",
    order={"open": (1, 0), "repaired": (1, 1), "accepted": (1, 2), "gone": (1, 3)},
    said_as={},
)
"""None is final: what comes back is open again. `repaired`: a later run did not see it and a repair had been asked for; `gone`:
none had. `accepted`: a person said why it may stay, and it stays so as long as the amounts are those that were accepted."""
