"""Statuses of an e-Factura on its way to the ministry, and the moves between them, each declared (TAX-3).

The CHECK of migration 0122 lists the same words.
"""

from __future__ import annotations

from collections.abc import Mapping

from billing.rules.states_money_out import Statuses

EFACTURA = Statuses(
    of="efactura",
    order={
        "queued": (0, 0),
        "refused_locally": (0, 1),
        "uploading": (0, 2),
        "unknown": (0, 3),
        "processing": (0, 4),
        "rejected": (0, 5),
        "accepted": (2, 0),
    },
    said_as={},
)
"""Accepted is final. What was refused, by us or by the ministry, may be sent again, as another attempt, once its cause is mended."""

EFACTURA_MOVES: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"uploading", "refused_locally"}),
    "refused_locally": frozenset({"queued"}),
    "uploading": frozenset({"unknown", "processing", "rejected"}),
    "unknown": frozenset({"processing", "rejected"}),
    "processing": frozenset({"accepted", "rejected"}),
    "rejected": frozenset({"queued"}),
    "accepted": frozenset(),
}
"""`unknown`: the reply to the upload was lost; the ministry's list is searched before anything is sent a second time."""

OPEN = frozenset({"queued", "uploading", "unknown", "processing", "rejected", "refused_locally"})
"""All that the ministry has not accepted: the deadline runs."""
