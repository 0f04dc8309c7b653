"""The till, at which promo codes are taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.tasks.payments.taking.till import ORDER, Json, Till

HELD = """SELECT (SELECT sum(uses)::int FROM bursar.promo_code), (SELECT sum(uses)::int FROM bursar.campaign),
                 (SELECT coalesce(sum(uses), 0)::int FROM bursar.promo_customer),
                 (SELECT count(*)::int FROM bursar.promo_redemption WHERE status IN ('reserved', 'consumed'))"""
PAID = {**ORDER, "amount_minor": 909, "promo_ref": "order:17"}
"""The order of 10.10 after 10 %."""


class Counter(Till):
    """One campaign of 10 %, and what is done with its codes."""

    def campaign(self, code: str = "SPRING", *, uses: int | None = None, **terms: Any) -> None:
        """A campaign with one code."""
        said = {"reference": "spring", "title": "Spring", "kind": "percentage", "basis_points": 1000} | terms
        assert self.do("campaigns.define", **said)["state"] == "succeeded"
        assert self.do("promo_codes.issue", campaign=said["reference"], codes=[code], max_uses=uses)["state"] == "succeeded"

    def reserve(self, reference: str = "order:17", code: str = "spring", **more: Any) -> Json:
        """The status of the command."""
        order = {"subscriber_ref": "user-7", "currency": "EUR", "unit_amounts_minor": [1010]} | more
        return self.do("promo_codes.reserve", code=code, reference=reference, **order)

    def pay(self, **more: Any) -> Json:
        """The discounted order is asked for."""
        return self.do("payments.request", **(PAID | more))

    def redemption(self, reference: str = "order:17") -> Json:
        """Its row."""
        return self.row("promo_redemption", reference)

    @property
    def held(self) -> int:
        """How many uses are taken; code, campaign, customers and rows must agree."""
        counts = set(self.all(HELD)[0])
        assert len(counts) == 1, counts
        return int(counts.pop())

    def moves(self, reference: str = "order:17") -> list[Any]:
        """The statuses that a redemption went through."""
        sql = """SELECT a.after ->> 'status' FROM bursar.audit a JOIN bursar.promo_redemption r ON r.id::text = a.object_id
                 WHERE r.external_id = %s AND a.action = 'promo_redemption.status' ORDER BY a.id"""
        return [row[0] for row in self.all(sql, reference)]

    def at_its_end(self, **span: float) -> None:
        """It is as long after (or before) the reservation's end: commands come at the database's own time, which is not the till's."""
        self.clock.move_to(datetime.fromisoformat(self.redemption()["expires_at"]) + timedelta(**span))


def refusal(status: Json) -> tuple[str, Json]:
    """(code, details) of a command that was refused."""
    assert status["state"] == "rejected", status
    assert status["message"], status
    return status["code"], status["details"]
