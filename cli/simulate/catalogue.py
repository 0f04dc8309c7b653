"""What the play's shop sells: the same for all seeds, so that runs can be compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from billing.operations.own_row import own_row
from models.base import OWN_SOURCE
from models.price import Price
from workers.unit import Unit

if TYPE_CHECKING:
    from cli.simulate.play import Play

CURRENCY = "EUR"
PLANS: dict[str, dict[str, Any]] = {
    "basic": {"title": "Basic", "credits": 50, "limits": {"projects": 3}},
    "pro": {"title": "Pro", "credits": 200, "limits": {"projects": 20}},
    "team": {"title": "Team", "credits": 500, "limits": {"projects": None}},
    "free": {"title": "Free", "free": True, "limits": {"projects": 1}},
}
PRICES = {
    ("basic", "month", 1): 900, ("basic", "year", 1): 9_000, ("pro", "month", 1): 2_000, ("pro", "month", 3): 5_500,
    ("pro", "year", 1): 20_000, ("team", "month", 1): 800, ("team", "year", 1): 8_000, ("credits-500", "once", 1): 4_900,
}  # fmt: skip
CAMPAIGN, CODE, OFF_BASIS_POINTS = "welcome", "WELCOME20", 2_000
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def open_shop(play: Play) -> None:
    """Plans, a package, their prices, a campaign of 20 percent off."""
    for reference, said in PLANS.items():
        play.submit("billing.products.define.v1", {"reference": reference, "kind": "plan", **said})
    package = {"reference": "credits-500", "kind": "credit_package", "title": "500 credits", "credits": 500}
    play.submit("billing.products.define.v1", package)
    campaign = {"reference": CAMPAIGN, "title": "Welcome", "kind": "percentage", "basis_points": OFF_BASIS_POINTS, "max_per_customer": 1}
    play.submit("billing.campaigns.define.v1", campaign)
    play.settle()
    play.submit("billing.promo_codes.issue.v1", {"campaign": CAMPAIGN, "codes": [CODE]})
    with play.context.engine.begin() as connection:
        unit = Unit(connection, play.context.keys, now=play.now, actor="app:play", reason="the play's prices")
        for (product, cycle_unit, count), amount in PRICES.items():
            row, _ = own_row(unit, Price, OWN_SOURCE, f"{product}:{count}{cycle_unit}:{CURRENCY}:v1")
            row.product_ref, row.unit_amount_minor, row.cycle_unit, row.cycle_count = product, amount, cycle_unit, count
            row.currency, row.version, row.notice_days, row.published_by = CURRENCY, 1, 0, "play"
            row.effective_for_new_at = row.published_at = _LONG_AGO
        unit.flush()
    play.settle()
