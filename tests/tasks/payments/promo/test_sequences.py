"""Whatever happens to uses in whatever order, the counters say what the rows say and no limit is passed (PROMO-1, PROMO-2, PROMO-5)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.operations.consume_promo import consume_promo
from billing.operations.define_campaign import define_campaign
from billing.operations.fulfil_payment import Purchase, fulfil_payment
from billing.operations.issue_promo_codes import issue_promo_codes
from billing.operations.move_promo import move_promo
from billing.operations.move_request import move_request
from billing.operations.release_promo import release_redemption
from billing.operations.request_payment import request_payment
from billing.operations.reserve_promo import reserve_promo
from billing.operations.retry_payment import retry_payment
from billing.operations.revoke_fulfilment import restore_fulfilment, revoke_fulfilment
from billing.rules.commands.base import Rejected
from billing.rules.commands.campaigns import DefineCampaign
from billing.rules.commands.payments import RequestPayment, RetryPayment
from billing.rules.commands.promo_codes import IssueCodes, ReserveCode
from billing.rules.states_charges import PAYMENT_REQUEST
from models.fulfilment import Fulfilment
from models.payment import Payment
from models.payment_request import PaymentRequest
from models.promo_redemption import PromoRedemption
from tasks.payments import runs
from tests.tasks.payments.promo.counter import Counter
from workers.unit import Unit

_NUMBERS = itertools.count(1)
_STEPS = ("decline", "retry", "refund", "undo_refund", "release", "consume", "expire", *("reserve", "pay", "succeed") * 2)
_WHEN = st.lists(st.tuples(st.sampled_from(_STEPS), st.integers(0, 2)), min_size=5, max_size=14)
_MOVES = """SELECT r.external_id, r.status, array_agg(a.after ->> 'status' ORDER BY a.id) FROM bursar.promo_redemption r
            JOIN bursar.audit a ON a.object_id = r.id::text AND a.action = 'promo_redemption.status'
            GROUP BY 1, 2"""
_COUNTS = """SELECT c.uses, k.uses, (SELECT coalesce(sum(uses), 0) FROM bursar.promo_customer WHERE campaign_ref = c.external_id),
                    (SELECT count(*) FROM bursar.promo_redemption
                     WHERE campaign_ref = c.external_id AND status IN ('reserved', 'consumed')),
                    (SELECT coalesce(max(uses), 0) FROM bursar.promo_customer WHERE campaign_ref = c.external_id)
             FROM bursar.campaign c JOIN bursar.promo_code k ON k.campaign_ref = c.external_id"""


class Play:
    """One campaign with a code of two uses, three orders of two customers."""

    def __init__(self, desk: Counter) -> None:
        self.desk, self.name = desk, f"c{next(_NUMBERS)}"
        self.do(lambda unit: define_campaign(unit, DefineCampaign(
            reference=self.name, title="x", kind="percentage", basis_points=1000, max_per_customer=1,
        )))  # fmt: skip
        self.do(lambda unit: issue_promo_codes(unit, IssueCodes(campaign=self.name, codes=(f"CODE-{self.name}",), max_uses=2)))

    def do(self, verb: Callable[[Unit], Any]) -> None:
        """A transaction; a refusal leaves nothing."""
        with self.desk.context.engine.begin() as connection:
            unit = Unit(connection, self.desk.context.keys, now=self.desk.clock.now(), actor="app:test", reason="test")
            try:
                verb(unit)
            except Rejected:
                unit.undo()
                unit.forget_stubs(())
            unit.flush()

    def step(self, what: str, number: int) -> None:
        """One thing happens to one order."""
        self.desk.clock.move_to(self.desk.clock.now() + timedelta(minutes=7))
        if what == "expire":
            self.desk.clock.move_to(self.desk.clock.now() + timedelta(hours=26))
            runs.expire_promo_reservations(self.desk.context, self.desk.clock.now())
            return
        order = f"{self.name}:{number}"
        self.do(lambda unit: getattr(self, f"_{what}")(unit, order, f"user-{number % 2}"))

    def _reserve(self, unit: Unit, order: str, who: str) -> None:
        reserve_promo(unit, ReserveCode(
            code=f"code-{self.name}", reference=order, subscriber_ref=who, currency="EUR", unit_amounts_minor=(1000,),
        ))  # fmt: skip

    def _pay(self, unit: Unit, order: str, _who: str) -> None:
        request_payment(unit, RequestPayment(
            source="stripe", reference=order, amount_minor=900, currency="EUR", customer_ref="cus_1", purpose="course_enrolment",
            promo_ref=order,
        ), fee_basis_points=0)  # fmt: skip

    def _asked(self, unit: Unit, order: str, *statuses: str) -> PaymentRequest:
        row = unit.row(PaymentRequest, "stripe", order)
        if row.incomplete or row.status not in statuses:
            raise Rejected("not_now", "this cannot happen now")
        return row

    def _decline(self, unit: Unit, order: str, _who: str) -> None:
        move_request(unit, self._asked(unit, order, "pending"), PAYMENT_REQUEST, "failed")

    def _retry(self, unit: Unit, order: str, _who: str) -> None:
        row = self._asked(unit, order, "failed")
        retry_payment(unit, RetryPayment(source="stripe", reference=order, attempt=(row.attempt or 0) + 1))

    def _succeed(self, unit: Unit, order: str, _who: str) -> None:
        row = self._asked(unit, order, "pending", "failed", "succeeded")
        move_request(unit, row, PAYMENT_REQUEST, "succeeded")
        fulfil_payment(unit, Purchase(
            source="stripe", key=f"pi-{order}", purpose=row.purpose, request=f"payment_request:{order}", promo_ref=row.promo_ref,
        ))  # fmt: skip

    def _refund(self, unit: Unit, order: str, _who: str) -> None:
        revoke_fulfilment(unit, unit.row(Payment, "stripe", f"pi-{order}"), "refund")

    def _undo_refund(self, unit: Unit, order: str, _who: str) -> None:
        restore_fulfilment(unit, unit.row(Payment, "stripe", f"pi-{order}"), "refund")

    def _known(self, unit: Unit, order: str) -> PromoRedemption:
        row = unit.row(PromoRedemption, "bursar", order)
        if row.incomplete:
            raise Rejected("unknown_redemption", "nothing was reserved")
        return row

    def _release(self, unit: Unit, order: str, _who: str) -> None:
        release_redemption(unit, self._known(unit, order), "changed_mind")

    def _consume(self, unit: Unit, order: str, _who: str) -> None:
        move_promo(unit, self._known(unit, order), "consumed")

    def check(self) -> None:
        """What must hold at any moment."""
        with self.desk.context.engine.connect() as connection:
            counts, played = (connection.exec_driver_sql(sql).all() for sql in (_COUNTS, _MOVES))
        for campaign, code, customers, held, most in counts:
            assert campaign == code == customers == held <= 2
            assert most <= 1
        for _, status, moves in played:
            # A use is taken and given back in turns: each release is of one taking, once.
            taken = [move in ("reserved", "consumed") for move in moves]
            entered = sum(now and not before for before, now in itertools.pairwise([False, *taken]))
            left = sum(before and not now for before, now in itertools.pairwise([False, *taken]))
            assert entered - left == int(status in ("reserved", "consumed"))
            assert [move in ("released", "expired") for move in moves].count(True) == left
            assert moves[-1] == status


@pytest.mark.requirement("PROMO-1", "PROMO-2", "PROMO-5")
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_WHEN)
def test_counters_rows_and_limits_agree_after_any_sequence(desk: Counter, steps: list[tuple[str, int]]) -> None:
    play = Play(desk)
    for what, number in [("reserve", 0), *steps]:
        play.step(what, number)
        play.check()


@pytest.mark.requirement("PROMO-2")
def test_what_was_paid_and_refunded_is_consumed_by_no_later_word(desk: Counter) -> None:
    play = Play(desk)
    for what in ("reserve", "pay", "succeed", "refund", "undo_refund", "refund", "succeed", "expire"):
        play.step(what, 0)
        play.check()
    assert desk.moves(f"{play.name}:0") == ["reserved", "consumed", "released"]
    play.do(lambda unit: consume_promo(unit, unit.row(Fulfilment, "stripe", f"pi-{play.name}:1")))
    assert desk.count("promo_redemption") == 1
