"""A PayPal webhook through the real runners: recorded, looked up over HTTP, its answer recorded, its money confirmed."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from tests.factories.inbox import states, store_event
from tests.harness.cluster import Database
from tests.payloads import sample
from tests.tasks.payments.paypal.ground import CAPTURE
from tests.tasks.payments.paypal.stand_in import stand_in
from workers import inbox, outbox
from workers.context import make_context


@pytest.mark.requirement("INBOX-11")
def test_money_is_confirmed_by_what_paypal_answers(database: Database) -> None:
    body = sample("paypal", "PAYMENT.CAPTURE.COMPLETED")
    with stand_in() as paypal, database.connect() as connection:
        paypal.resource = json.loads(body)["resource"]
        settings = database.settings(
            paypal_client_id="me", paypal_client_secret=SecretStr("s"), paypal_api_base=paypal.base
        )
        context = make_context(settings)
        store_event(connection, body, source="paypal", event_type="PAYMENT.CAPTURE.COMPLETED", event_id="t-1")
        assert inbox.drain(context, "payments").done == 1
        payment = "SELECT external_id, status, confirmed FROM bursar.payment"
        assert connection.execute(payment).fetchall() == [(CAPTURE, "succeeded", False)]
        assert outbox.drain(context, "payments").done == 1
        assert inbox.drain(context, "payments").done == 1
        assert connection.execute(payment).fetchall() == [(CAPTURE, "succeeded", True)]
        assert states(connection) == {"done": 2}
        assert paypal.seen == [f"/v2/payments/captures/{CAPTURE} Bearer token-1"]
        context.engine.dispose()
