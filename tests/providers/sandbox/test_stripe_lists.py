"""Lists at the stand-in: both ways, to the end, by the filters that reconciliation and look-ups use."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.stripe import client
from tests.harness.environment import make_settings
from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Sdk


def test_pages_both_ways_meet_every_object_once(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    made = [sdk.post("/v1/customers", email=f"{number}@example.com")["id"] for number in range(7)]
    down = [row.id for row in sdk.client.v1.customers.list({"limit": 3}).auto_paging_iter()]
    assert down == made[::-1]
    up = [row.id for row in sdk.client.v1.customers.list({"limit": 3, "ending_before": made[0]}).auto_paging_iter()]
    assert up == made[1:]
    page = sdk.get("/v1/customers", limit=3, starting_after=made[3])
    assert ([row["id"] for row in page["data"]], page["has_more"], page["url"]) == (made[2::-1], False, "/v1/customers")
    assert sdk.get("/v1/customers", limit=3)["has_more"] is True
    assert [row["id"] for row in sdk.get("/v1/customers", email="4@example.com")["data"]] == [made[4]]


def test_our_own_reader_goes_to_the_end(sdk: Sdk, stripe_sandbox: Sandbox, tmp_path: Path) -> None:
    made = [sdk.post("/v1/customers")["id"] for _ in range(203)]
    settings = make_settings("", "", tmp_path, **stripe_sandbox.settings())
    pages = list(client.pages("/v1/customers", settings))
    assert [row["id"] for rows in pages for row in rows] == made[::-1]
    assert len(pages) > 1


def test_by_time_and_kind(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    now = stripe_sandbox.control.freeze(1_800_000_000)
    sdk.charge(1000)
    stripe_sandbox.control.advance(hours=1)
    late = sdk.charge(2000, "jpy")
    rows = sdk.get("/v1/balance_transactions", created={"gt": now})["data"]
    assert [row["source"] for row in rows] == [late["latest_charge"]]
    assert len(sdk.get("/v1/balance_transactions", created={"gte": now, "lte": now + 3600})["data"]) == 2
    assert [row["currency"] for row in sdk.get("/v1/balance_transactions", currency="jpy", type="charge")["data"]] == ["jpy"]
    assert [row["id"] for row in sdk.get("/v1/payment_intents", created=now + 3600)["data"]] == [late["id"]]
    events = sdk.get("/v1/events", types=["charge.succeeded"], created={"gt": now})["data"]
    assert [event["data"]["object"]["id"] for event in events] == [late["latest_charge"]]
    assert sdk.get(f"/v1/events/{events[0]['id']}") == events[0]


def test_events_are_kept_for_thirty_days(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    sdk.post("/v1/customers")
    stripe_sandbox.control.advance(days=31)
    assert sdk.get("/v1/events")["data"] == []


@pytest.mark.parametrize(
    ("asked", "param"),
    [({"limit": 101}, "limit"), ({"limit": 0}, "limit"), ({"starting_after": "cus_no"}, "starting_after"), ({"creatd": 1}, "creatd")],
)
def test_a_bad_list_is_refused(sdk: Sdk, asked: dict[str, object], param: str) -> None:
    assert sdk.call_refused("get", "/v1/customers", **asked).param == param


def test_what_is_not_there(sdk: Sdk) -> None:
    for path in ("/v1/charges/ch_no", "/v1/nonsense", "/v1/payouts/po_no"):
        assert sdk.call_refused("get", path).http_status == 404
