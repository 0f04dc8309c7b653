"""What the play's shop sells: the same for all seeds, so that runs can be compared; and how its prices rise in the course of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from billing.operations.own_row import own_row
from cli.simulate.actors.usage import METERS
from models.base import OWN_SOURCE
from models.price import Price
from providers.sandbox.stripe import catalogue as at_stripe
from providers.sandbox.stripe.call import Call
from workers.unit import Unit

if TYPE_CHECKING:
    from cli.simulate.play import Play
    from cli.simulate.stage import Stage

CURRENCY = "EUR"
PLANS: dict[str, dict[str, Any]] = {
    "basic": {"title": "Basic", "credits": 50, "limits": {"projects": 3, "exports": 20}},
    "pro": {
        "title": "Pro", "credits": 200, "limits": {"projects": 20, "exports": 200, "storage": 60}, "trial_days": 14, "trial_grace_days": 2,
    },
    "team": {"title": "Team", "credits": 500, "limits": {"projects": None, "seats": 40}},
    "free": {"title": "Free", "free": True, "limits": {"projects": 1, "exports": 2}},
}  # fmt: skip
PACKAGE: dict[str, Any] = {
    "reference": "credits-500", "kind": "credit_package", "title": "Handbook with 500 credits", "credits": 500,
    "supply": "goods", "tax_kind": "reduced", "tax_kinds": {"DK": "standard"},
}  # fmt: skip
"""Goods at a reduced rate, printed and sent: with `--papers` there are intra-Community supplies and exports, too."""
PRICES = {
    ("basic", "month", 1): 900, ("basic", "year", 1): 9_000, ("pro", "month", 1): 2_000, ("pro", "month", 3): 5_500,
    ("pro", "year", 1): 20_000, ("team", "month", 1): 800, ("team", "year", 1): 8_000, ("credits-500", "once", 1): 4_900,
}  # fmt: skip
CAMPAIGNS: dict[str, dict[str, Any]] = {
    "WELCOME20": {"kind": "percentage", "basis_points": 2_000},
    "FIVE": {"kind": "fixed", "amount_minor": 500, "currency": CURRENCY, "max_uses": 5},
    "TWOFORONE": {"kind": "bogo", "buy_quantity": 1, "free_quantity": 1},
}
"""Code -> its campaign, of which a customer may use one."""
RISES = (("basic", 100), ("pro", -100), ("team", 50), ("pro", 250), ("basic", 50))
"""Product and by how much its monthly price changes, one each quarter: for new ones at once, for the others with notice."""
_RISE_EVERY, _RISE_NOTICE, _RISE_FOR_ALL = timedelta(days=80), 30, timedelta(days=40)
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def open_shop(play: Play) -> None:
    """Plans, a package, their prices here and at Stripe, campaigns with a code each, meters."""
    for reference, said in PLANS.items():
        here = [stripe_price(play, reference)] if (reference, "month", 1) in PRICES else []
        play.submit("billing.products.define.v1", {"reference": reference, "kind": "plan", "provider_refs": here, **said})
    play.submit("billing.products.define.v1", PACKAGE)
    for code, said in CAMPAIGNS.items():
        campaign = {"reference": code.lower(), "title": code.title(), "max_per_customer": 1, **said}
        play.submit("billing.campaigns.define.v1", campaign)
    for meter in METERS:
        play.submit("billing.meters.define.v1", meter)
    play.settle()
    for code in CAMPAIGNS:
        play.submit("billing.promo_codes.issue.v1", {"campaign": code.lower(), "codes": [code]})
    with play.context.engine.begin() as connection:
        unit = Unit(connection, play.context.keys, now=play.now, actor="app:play", reason="the play's prices")
        for (product, cycle_unit, count), amount in PRICES.items():
            row, _ = own_row(unit, Price, OWN_SOURCE, f"{product}:{count}{cycle_unit}:{CURRENCY}:v1")
            row.product_ref, row.unit_amount_minor, row.cycle_unit, row.cycle_count = product, amount, cycle_unit, count
            row.currency, row.version, row.notice_days, row.published_by = CURRENCY, 1, 0, "play"
            row.effective_for_new_at = row.published_at = _LONG_AGO
        unit.flush()
    play.settle()


def stripe_price(play: Play, product: str) -> str:
    """Stripe's monthly price of a plan, made when it is asked for first."""
    for held in play.api.world.table("price").rows:
        if held["product"] == f"prod_{product}":
            return str(held["id"])
    params = {
        "currency": CURRENCY.lower(), "unit_amount": str(PRICES[product, "month", 1]), "product": f"prod_{product}",
        "recurring": {"interval": "month"},
    }  # fmt: skip
    return str(at_stripe.price(play.api.world, Call("POST", "/v1/prices", params))["id"])


def plan_rises(stage: Stage, begins: datetime) -> None:
    """The shop's own acts: prices change each quarter."""
    amounts = {product: PRICES[product, "month", 1] for product, _ in RISES}
    for number, (product, by) in enumerate(RISES, 1):
        amounts[product] += by
        stage.plan(begins + number * _RISE_EVERY + timedelta(hours=8), _rise(stage, product, amounts[product]))


def _rise(stage: Stage, product: str, amount: int) -> Any:
    def publish() -> None:
        stage.did("prices published")
        for_all = stage.now + _RISE_FOR_ALL
        stage.say(
            "prices.publish", product=product, currency=CURRENCY, unit_amount_minor=amount, reason="costs", notice_days=_RISE_NOTICE,
            effective_for_existing_at=for_all.isoformat(),
        )  # fmt: skip

    return publish
