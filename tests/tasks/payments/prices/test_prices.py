"""Prices change by versions, for new and existing subscribers apart, after notice; kept and agreed prices go before (PRICE-1 to 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.subscribers import do, subscriber
from tests.tasks.payments.prices.shop import V1, V2, V3, Shop

pytestmark = pytest.mark.breaks(
    "invoices_paid_by_something",
    because="its rows are made by hand, by verbs and not by payments",
)

_ASSIGNED = "SELECT before, after, actor, reason FROM bursar.audit WHERE action = %s ORDER BY id"
_REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"product": "nothing"}, "unknown_product"),
    ({"version": 1}, "version_taken"),
    ({"version": 4}, "version_taken"),
    ({"effective_for_new_at": "2026-01-01T00:00:00Z"}, "in_the_past"),
    ({"effective_for_existing_at": "2026-01-01T00:00:00Z"}, "in_the_past"),
    ({"days": 61}, "before_the_last"),
    ({"days": 66, "notice_days": 90}, "notice_too_short"),
    ({"unit_amount_minor": -1}, "invalid_payload"),
    ({"currency": "eur"}, "invalid_payload"),
    ({"effective_for_new_at": "2027-01-01"}, "invalid_payload"),
)


@pytest.mark.requirement("PRICE-1", "PRICE-8")
def test_versions_follow_each_other_and_stay_what_they_are(shop: Shop) -> None:
    told = shop.publishes(2_500, days=60, version=2)
    assert (told["price"], told["version"]) == (V2, 2)
    assert shop.publishes(2_500, days=60, version=2)["price"] == V2
    assert shop.machine.one("SELECT count(*) FROM bursar.price") == 2
    for sql in ("UPDATE bursar.price SET unit_amount_minor = 1", "UPDATE bursar.price SET notice_days = 90", "DELETE FROM bursar.price"):
        with shop.machine.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege, match="publish the next version"):
            connection.execute(sql)
    [(before, after, actor, _)] = shop.machine.all(_ASSIGNED, "price.published")
    assert (before, after["external_id"], after["unit_amount_minor"], actor) == ({"price": V1}, V2, 2_500, "app:app")


@pytest.mark.requirement("PRICE-1", "PRICE-2")
def test_what_is_no_next_version_is_refused(shop: Shop) -> None:
    shop.publishes(2_500, days=62)
    for values, code in _REFUSED:
        given: dict[str, Any] = {"product": "pro", "currency": "EUR", "unit_amount_minor": 3_000} | values
        if "days" in given:
            given["effective_for_existing_at"] = (shop.start + timedelta(days=given.pop("days"))).isoformat()
        assert shop.asks("publish", **given)["code"] == code


@pytest.mark.requirement("PRICE-2", "PRICE-3", "PRICE-6", "PRICE-8")
def test_existing_subscribers_pay_more_from_their_date_on_and_new_ones_from_theirs(shop: Shop) -> None:
    shop.joins("ann")
    shop.publishes(2_500, days=45)
    shop.at(1)
    shop.joins("new")
    assert shop.billed("new") == [2_500]
    assert shop.tells()["items"] == 0
    shop.at(32)
    shop.renews()
    shop.at(50)
    assert [shop.tells()["items"] for _ in range(2)] == [1, 0]
    assert shop.mails() == [("price_changes", "ann@example.com")]
    assert shop.machine.all("SELECT subscriber_ref, price_ref, status, from_minor, to_minor FROM bursar.price_notice") == [
        ("ann", V2, "delivered", 2_000, 2_500)
    ]
    shop.at(63)
    shop.renews()
    assert shop.billed("ann") == [2_000, 2_000, 2_500]
    [(before, after, actor, reason)] = shop.machine.all(_ASSIGNED, "subscription.repriced")
    assert (before["price"], after["price"], after["because"], actor) == (V1, V2, "version", "bursar")
    assert reason.startswith("renew_subscriptions ")


@pytest.mark.requirement("PRICE-3", "MAIL-3")
def test_whoever_s_address_gets_no_mail_was_not_told(shop: Shop) -> None:
    shop.joins("ann")
    shop.publishes(2_500, days=20)
    shop.at(25)
    shop.tells(mails=False)
    with shop.machine.connect() as connection:
        connection.execute(
            """UPDATE bursar.outbox SET state = 'done', done_at = %s, result = '{"not_sent": "suppressed", "because": "bounced"}'
               WHERE kind = 'mail.send' AND state = 'received'""",
            [shop.machine.clock.now()],
        )
    shop.at(26)
    shop.tells(mails=False)
    assert shop.machine.all("SELECT status, delivered_at FROM bursar.price_notice") == [("failed", None)]
    shop.at(40)
    shop.renews()
    assert shop.billed("ann") == [2_000, 2_000]


@pytest.mark.requirement("PRICE-3")
@pytest.mark.parametrize("why", ["late", "never_sent", "no_address"])
def test_whoever_was_not_told_in_time_pays_more_one_period_later(shop: Shop, why: str) -> None:
    shop.joins("ann", email=None if why == "no_address" else "ann@example.com")
    shop.publishes(2_500, days=20)
    shop.at(25)
    shop.tells(mails=why == "late")
    shop.at(32)
    shop.renews()
    assert shop.billed("ann") == [2_000, 2_000]
    with shop.machine.connect() as connection:
        connection.execute("UPDATE bursar.subscriber SET email = 'ann@example.com'")
    shop.at(50)
    shop.tells()
    assert len(shop.mails()) == 1
    shop.at(63)
    shop.renews()
    assert shop.billed("ann") == [2_000, 2_000, 2_500]


@pytest.mark.requirement("PRICE-3")
def test_a_lower_price_needs_no_notice_and_a_version_for_new_ones_only_changes_nothing(shop: Shop) -> None:
    shop.joins("ann")
    shop.publishes(9_900, days=None)
    shop.publishes(1_500, days=20)
    shop.at(32)
    assert shop.tells()["items"] == 0
    shop.renews()
    assert shop.billed("ann") == [2_000, 1_500]


@pytest.mark.requirement("PRICE-5", "PRICE-7", "PRICE-8")
def test_a_kept_price_is_kept_until_30_days_after_its_end_was_told(shop: Shop) -> None:
    shop.joins("ann")
    shop.publishes(2_500, days=20)
    ends = (shop.start + timedelta(days=70)).isoformat()
    assert shop.asks("grandfather", subscriber_ref="bob", price=V1)["code"] == "unknown_subscriber"
    assert shop.asks("grandfather", subscriber_ref="ann", price=V3)["code"] == "unknown_price"
    told = shop.asks("grandfather", subscriber_ref="ann", price=V1, expires_at=ends, actor="anna")
    assert (told["status"], told["unit_amount_minor"], told["ends_at"]) == ("active", 2_000, None)
    shop.at(32)
    shop.tells()
    shop.renews()
    assert shop.ends()["items"] == 0
    shop.at(50)
    assert [shop.ends()["items"] for _ in range(2)] == [1, 0]
    for day in (63, 79):
        shop.at(day)
        shop.renews()
    assert shop.ends()["ended"] == 0
    shop.at(83)
    assert shop.ends()["ended"] == 1
    shop.tells()
    assert [mail for mail, _ in shop.mails()] == ["price_lock_ends", "price_changes"]
    shop.at(93)
    shop.renews()
    assert shop.billed("ann") == [2_000, 2_000, 2_000, 2_500]
    sql = "SELECT subscriber_ref, product_ref, price_ref, reason, status FROM bursar.price_assignment WHERE locked_at < expires_at"
    assert shop.machine.all(sql) == [("ann", "pro", V1, "test", "expired")]
    assert [after["external_id"] for _, after, _, _ in shop.machine.all(_ASSIGNED, "price.assigned")] == ["grandfather:ann:pro:1month:EUR"]


@pytest.mark.requirement("PRICE-6", "PRICE-8")
def test_an_agreed_price_goes_before_a_kept_one_and_before_versions(shop: Shop) -> None:
    shop.joins("ann")
    shop.publishes(2_500, days=20)
    shop.asks("grandfather", subscriber_ref="ann", price=V1)
    agreed = {"subscriber_ref": "ann", "product": "pro", "currency": "EUR"}
    assert shop.asks("override", **agreed | {"product": "x"}, unit_amount_minor=1)["code"] == "unknown_product"
    assert shop.asks("override", **agreed, unit_amount_minor=1_200)["state"] == "succeeded"
    shop.asks("override", **agreed, unit_amount_minor=1_200)
    shop.at(32)
    shop.renews()
    now = shop.machine.clock.now().isoformat()
    assert shop.asks("override", **agreed, unit_amount_minor=1_200, expires_at=now)["ends_at"] is None
    shop.ends()
    shop.at(60)
    shop.renews()
    shop.at(92)
    shop.ends()
    shop.renews()
    assert shop.billed("ann") == [2_000, 1_200, 1_200, 2_000]
    assert len(shop.machine.all(_ASSIGNED, "price.assigned")) == 3


@pytest.mark.requirement("PRICE-5", "PRICE-6")
def test_whoever_begins_gets_the_price_that_is_his(shop: Shop) -> None:
    shop.publishes(2_500, days=None)
    do(shop.machine.context, lambda unit: (subscriber(unit, "ann"), subscriber(unit, "bob")))
    shop.asks("grandfather", subscriber_ref="ann", price=V1)
    shop.asks("override", subscriber_ref="bob", product="pro", currency="EUR", unit_amount_minor=700)
    for ref in ("ann", "bob", "eve"):
        shop.joins(ref)
    assert [shop.billed(ref) for ref in ("ann", "bob", "eve")] == [[2_000], [700], [2_500]]
