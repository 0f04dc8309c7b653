"""The one place where the use of a promo code changes hands: its status, its counters and its audit move together (PROMO-1, T2).

PROMO-1 asks for one conditional UPDATE that changes nothing where no use is left. Here the counter's row is locked, compared and written
by the unit, which is the same condition under the same lock for a whole batch; the CHECK of the table refuses what slipped by.
"""

from __future__ import annotations

from billing.operations.move_status import IllegalMoveError, move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.states_promo import HELD, PROMO_REDEMPTION, REDEMPTION_MOVES
from models.base import OWN_SOURCE
from models.campaign import Campaign
from models.promo_code import PromoCode
from models.promo_customer import PromoCustomer
from models.promo_redemption import PromoRedemption

_Counters = tuple[PromoCode, Campaign, PromoCustomer]


def move_promo(unit: UnitOfWork, row: PromoRedemption, after: str, *, because: str | None = None) -> bool:
    """Move a use to `after`; whether it changed. Entering `reserved` or `consumed` takes a use, leaving them gives it back.

    Args:
        unit: the transaction.
        row: its code, campaign and customer stand in it already.
        after: the status.
        because: why it was given back, for `released` and `expired`.

    Raises:
        Rejected: `promo_used_up`, `promo_used_by_customer`: no use is left to take; nothing was changed.
        IllegalMoveError: no such move is declared.
    """
    before = row.status
    if before == after:
        return False
    if before is not None and after not in REDEMPTION_MOVES[before]:
        raise IllegalMoveError(
            f"the promo redemption {row.external_id} would go from {before} to {after}, which is not declared; nothing was changed; "
            "look at it with `bursar promo show`"
        )
    held, holds = before in HELD, after in HELD
    if holds and not held:
        _take(row, _counters(unit, row))
    elif held and not holds:
        _give_back(_counters(unit, row))
    row.status, row.updated_at = after, max(row.updated_at, unit.now)
    row.released_because = None if holds else because or after
    row.released_at = None if holds else unit.now
    row.consumed_at = unit.now if after == "consumed" else row.consumed_at
    about = {"code": row.code_ref, "subscriber": row.subscriber_ref, "amount_off_minor": row.amount_off_minor, "currency": row.currency}
    move_status(unit, row, PROMO_REDEMPTION, before, after, about | ({"because": because} if because else {}))
    return True


def customer_key(campaign_ref: str, subscriber_ref: str) -> str:
    """Of the counter of one customer's uses; a campaign's reference has no colon."""
    return f"{campaign_ref}:{subscriber_ref}"


def _counters(unit: UnitOfWork, row: PromoRedemption) -> _Counters:
    code = unit.row(PromoCode, OWN_SOURCE, row.code_ref or "")
    campaign = unit.row(Campaign, OWN_SOURCE, row.campaign_ref or "")
    customer, new = own_row(unit, PromoCustomer, OWN_SOURCE, customer_key(row.campaign_ref or "", row.subscriber_ref or ""))
    if new:
        customer.campaign_ref, customer.subscriber_ref, customer.uses = row.campaign_ref, row.subscriber_ref, 0
    return code, campaign, customer


def _take(row: PromoRedemption, counters: _Counters) -> None:
    code, campaign, customer = counters
    for of, counter in (("code", code), ("campaign", campaign)):
        if counter.max_uses is not None and (counter.uses or 0) >= counter.max_uses:
            details = {"current": counter.uses, "limit": counter.max_uses, "of": of}
            raise Rejected("promo_used_up", f"all {counter.max_uses} uses of the {of} {counter.external_id} are taken", details)
    limit = campaign.max_per_customer
    if limit is not None and (customer.uses or 0) >= limit:
        message = f"{row.subscriber_ref} has used the campaign {campaign.external_id} {customer.uses} times"
        raise Rejected("promo_used_by_customer", message, {"current": customer.uses, "limit": limit})
    customer.max_uses = limit
    for one in counters:
        one.uses = (one.uses or 0) + 1


def _give_back(counters: _Counters) -> None:
    for one in counters:
        one.uses = (one.uses or 0) - 1
