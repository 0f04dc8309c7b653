"""A look-up at PayPal over real HTTP: token kept and renewed, answers become inbox rows, failures are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from core.clock import SystemClock
from core.settings import Settings
from providers.errors import Final, Retryable
from providers.paypal.envelope import parse
from tasks.payments.paypal.calls import fetch
from tests.tasks.payments.paypal.stand_in import StandIn, stand_in

PAYLOAD = {"kind": "capture", "id": "CAP1", "path": "/v2/payments/captures/CAP1", "lane": "paypal:CAP1"}


@pytest.fixture
def paypal() -> Iterator[StandIn]:
    with stand_in() as server:
        yield server


def settings(server: StandIn, **overrides: Any) -> Settings:
    values: dict[str, Any] = {
        "paypal_client_id": "me",
        "paypal_client_secret": SecretStr("s"),
        "paypal_api_base": server.base,
    }
    return Settings(**(values | overrides))


def test_the_answer_is_an_event_that_its_parser_reads(paypal: StandIn) -> None:
    answer = fetch(PAYLOAD, key="capture:CAP1:WH-1", settings=settings(paypal))
    assert (answer.source, answer.event_type, answer.object_id) == ("paypal", "CAPTURE.FETCHED", "CAP1")
    event = parse(answer.body, inbox_id=1, received_at=SystemClock().now(), headers={})
    assert (event.id, event.type, event.object["status"]) == (answer.event_id, answer.event_type, "COMPLETED")
    assert event.occurred_at == answer.occurred_at


def test_the_same_look_up_has_the_same_id_and_one_token_serves_many(paypal: StandIn) -> None:
    mine = settings(paypal)
    ids = {fetch(PAYLOAD, key="capture:CAP1:WH-1", settings=mine).event_id for _ in range(3)}
    assert len(ids) == 1
    assert paypal.tokens == 1


def test_a_token_that_died_early_is_renewed_once(paypal: StandIn) -> None:
    paypal.answers = [401]
    fetch(PAYLOAD, key="k", settings=settings(paypal))
    assert paypal.seen == [f"{PAYLOAD['path']} Bearer token-1", f"{PAYLOAD['path']} Bearer token-2"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_retryable(paypal: StandIn, status: int) -> None:
    paypal.answers = [status]
    with pytest.raises(Retryable, match=str(status)):
        fetch(PAYLOAD, key="k", settings=settings(paypal))


@pytest.mark.parametrize("status", [403, 404])
def test_what_will_not_pass_is_final(paypal: StandIn, status: int) -> None:
    paypal.answers = [status]
    with pytest.raises(Final, match="unconfirmed"):
        fetch(PAYLOAD, key="k", settings=settings(paypal))


def test_without_credentials_the_error_says_what_to_set(paypal: StandIn) -> None:
    with pytest.raises(Retryable, match="BURSAR_PAYPAL_CLIENT_ID"):
        fetch(PAYLOAD, key="k", settings=settings(paypal, paypal_client_id=""))


def test_no_connection_is_retryable() -> None:
    with StandIn() as gone:
        pass
    with pytest.raises(Retryable, match="cannot be reached"):
        fetch(PAYLOAD, key="k", settings=settings(gone))
