"""How much is asked for: fees, amounts too small to charge, and what is refused before anything is called."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.payments.taking.till import ONE, ORDER, Till, granted


@pytest.mark.requirement("PAY-4")
def test_the_fee_is_stored_and_sent(desk: Till) -> None:
    asked = desk.do("payments.request", **ORDER, destination_ref="acct_1")
    assert asked["result"]["application_fee_minor"] == 51
    [sent] = desk.answered((200, desk.intent("succeeded")))
    assert (sent.body["application_fee_amount"], sent.body["transfer_data[destination]"]) == ("51", "acct_1")
    request = desk.row("payment_request", "order:17")
    assert (request["application_fee_minor"], request["application_fee_basis_points"]) == (51, 500)
    assert desk.row("payment", "pi_order:17_1")["application_fee_minor"] == 51


@pytest.mark.requirement("PAY-17", "PAY-9")
def test_too_little_is_carried_over_and_taken_with_the_next(desk: Till) -> None:
    little = desk.do("payments.request", **ORDER | {"reference": "order:1", "amount_minor": 30})
    assert (little["result"]["status"], little["result"]["attempt"]) == ("carried_over", 0)
    assert desk.call() == []
    assert granted(desk) == [("payment_request:order:1", "credit_package", "cp-500", "granted", "payment_request:order:1")]
    assert desk.row("customer_balance", "cus_1:EUR")["owed_minor"] == 30
    other = desk.do("payments.request", **ORDER | {"reference": "order:2", "amount_minor": 30, "currency": "JPY"})
    assert other["result"]["status"] == "carried_over"

    asked = desk.do("payments.request", **ORDER)
    assert asked["result"]["charge_minor"] == 1040
    [sent] = desk.answered((200, desk.intent("succeeded")))
    assert sent.body["amount"] == "1040"
    assert desk.row("customer_balance", "cus_1:EUR")["owed_minor"] == 0
    assert desk.row("customer_balance", "cus_1:JPY")["owed_minor"] == 30
    entries = desk.all("SELECT kind, delta_minor, fact, created_by FROM bursar.customer_balance_entry ORDER BY at, kind")
    assert {entry[:3] for entry in entries} == {
        ("carried_over", 30, "payment_request:stripe:order:1"),
        ("carried_over", 30, "payment_request:stripe:order:2"),
        ("taken", -30, "payment_request:stripe:order:17"),
    }
    assert {entry[3] for entry in entries} == {"app:user:7"}
    # The books say the same: what is owed stands as a receivable, and no more.
    sums = """SELECT currency, sum(CASE WHEN debit = 'stripe:customer_receivable' THEN amount_minor ELSE -amount_minor END)::bigint
              FROM bursar.journal WHERE 'stripe:customer_receivable' IN (debit, credit) GROUP BY currency ORDER BY currency"""
    assert desk.all(sums) == [("EUR", 0), ("JPY", 30)]


@pytest.mark.requirement("PAY-17")
def test_little_by_little_becomes_enough_and_a_cancelled_request_gives_it_back(desk: Till) -> None:
    for number in (1, 2):
        desk.do("payments.request", **ORDER | {"reference": f"order:{number}", "amount_minor": 20})
    asked = desk.do("payments.request", **ORDER | {"amount_minor": 10})
    assert (asked["result"]["status"], asked["result"]["charge_minor"]) == ("pending", 50)
    desk.answered((402, desk.refusal(desk.declined())))
    assert desk.row("customer_balance", "cus_1:EUR")["owed_minor"] == 0
    desk.do("payments.cancel", **ONE, reason="given up")
    desk.answered((200, desk.declined() | {"status": "canceled"}))
    assert desk.row("payment_request", "order:17")["status"] == "cancelled"
    assert desk.row("customer_balance", "cus_1:EUR")["owed_minor"] == 40


@pytest.mark.requirement("PAY-12", "PAY-15")
def test_what_is_refused_is_never_sent(desk: Till) -> None:
    desk.told("customer.deleted", {"id": "cus_gone", "object": "customer", "deleted": True})
    desk.told("payment_method.detached", {"id": "pm_gone", "object": "payment_method", "type": "card", "card": {}})
    with desk.database.connect() as connection:
        connection.execute(
            """INSERT INTO bursar.account (id, source, external_id, versions, created_at, updated_at, charges_enabled)
               VALUES (gen_random_uuid(), 'stripe', 'acct_off', '{"": [1, 1, 0, "evt"]}', clock_timestamp(), clock_timestamp(), false)"""
        )
    for more, code, told in _REFUSED:
        found = desk.do("payments.request", **ORDER | more)
        assert (found["state"], found["code"], found["details"]) == ("rejected", code, told), more
    assert desk.count("payment_request", "versions <> '{}'") == 0
    assert desk.call() == []


_REFUSED: tuple[tuple[dict[str, Any], str, dict[str, Any]], ...] = (
    ({"amount_minor": 100_000_001}, "invalid_payload", {"field": "amount_minor"}),
    ({"amount_minor": 0}, "invalid_payload", {"field": "amount_minor"}),
    ({"currency": "eur"}, "invalid_payload", {"field": "currency"}),
    ({"reference": "a b"}, "invalid_payload", {"field": "reference"}),
    ({"country": "PK"}, "method_not_offered", {"current": "card", "limit": ["bank_transfer"], "field": "method"}),
    ({"customer_ref": "cus_gone"}, "customer_deleted", {"field": "customer_ref"}),
    ({"payment_method_ref": "pm_gone"}, "method_detached", {"field": "payment_method_ref"}),
    ({"destination_ref": "acct_off"}, "account_disabled", {"field": "destination_ref"}),
)
