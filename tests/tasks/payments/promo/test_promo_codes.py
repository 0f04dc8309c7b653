"""What campaigns and their codes give and refuse (PROMO-1, PROMO-3, PROMO-4, T2)."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from billing.rules.commands.campaigns import DefineCampaign
from billing.rules.commands.promo_codes import ReserveCode
from tasks.payments import runs
from tests.tasks.payments.promo.counter import Counter, refusal


@pytest.mark.requirement("PROMO-1", "PROMO-5")
def test_a_use_is_reserved_once_and_told(desk: Counter) -> None:
    desk.campaign(uses=2)
    told = desk.reserve(unit_amounts_minor=[333, 335], quantities=[1, 2])["result"]
    assert (told["status"], told["code"], told["amount_off_minor"], told["due_minor"]) == ("reserved", "SPRING", 100, 903)
    assert told["line_discounts_minor"] == [33, 67]
    again = desk.reserve(unit_amounts_minor=[333, 335], quantities=[1, 2])["result"]
    assert again == told
    assert desk.held == 1
    assert desk.moves() == ["reserved"]
    code, details = refusal(desk.reserve(unit_amounts_minor=[500]))
    assert (code, details["current"]["subtotal_minor"]) == ("reference_used", 1003)


@pytest.mark.requirement("PROMO-1", "SEC-9")
def test_the_last_use_is_the_last(desk: Counter) -> None:
    desk.campaign(uses=1)
    assert desk.reserve("a")["state"] == "succeeded"
    assert refusal(desk.reserve("b")) == ("promo_used_up", {"current": 1, "limit": 1, "of": "code"})
    assert desk.held == 1
    assert desk.count("promo_redemption") == 1
    assert desk.do("promo_codes.release", reference="a", because="changed_mind")["result"]["status"] == "released"
    assert desk.do("promo_codes.release", reference="a", because="refund")["result"]["status"] == "released"
    assert desk.held == 0
    assert desk.reserve("b")["state"] == "succeeded"
    assert desk.moves("a") == ["reserved", "released"]


@pytest.mark.requirement("T2", "PROMO-1")
def test_a_code_without_a_limit_has_none(desk: Counter) -> None:
    desk.campaign(uses=None)
    assert [desk.reserve(f"o-{number}")["state"] for number in range(3)] == ["succeeded"] * 3
    assert desk.held == 3


@pytest.mark.requirement("PROMO-4")
def test_limits_of_the_campaign_and_of_each_customer(desk: Counter) -> None:
    desk.campaign(max_uses=3, max_per_customer=2)
    desk.do("promo_codes.issue", campaign="spring", codes=["second"])
    assert [desk.reserve(name)["state"] for name in ("a", "b")] == ["succeeded"] * 2
    assert refusal(desk.reserve("c", "second")) == ("promo_used_by_customer", {"current": 2, "limit": 2})
    assert desk.reserve("c", "second", subscriber_ref="user-8")["state"] == "succeeded"
    assert refusal(desk.reserve("d", "second", subscriber_ref="user-9")) == ("promo_used_up", {"current": 3, "limit": 3, "of": "campaign"})
    assert refusal(desk.do("campaigns.define", reference="spring", title="S", kind="percentage", basis_points=5, max_uses=2)) == (
        "limit_below_uses", {"current": 3, "limit": 2, "field": "max_uses"},
    )  # fmt: skip
    assert desk.held == 3


@pytest.mark.requirement("PROMO-3")
def test_a_fixed_amount_is_of_its_own_currency_and_never_more_than_the_order(desk: Counter) -> None:
    desk.campaign(kind="fixed", basis_points=None, amount_minor=1500, currency="RON")
    assert refusal(desk.reserve())[0] == "currency_differs"
    told = desk.reserve(currency="RON")["result"]
    assert (told["amount_off_minor"], told["due_minor"]) == (1010, 0)
    free = desk.do("promo_codes.consume", reference="order:17")["result"]
    assert (free["status"], desk.held) == ("consumed", 1)


@pytest.mark.requirement("PROMO-4")
def test_days_segments_and_ends(desk: Counter) -> None:
    desk.campaign(starts_on="2099-12-31", zone="Pacific/Kiritimati")
    assert refusal(desk.reserve()) == ("promo_not_running", {"current": "active", "limit": ["2099-12-31", None]})
    desk.campaign(segments=["school"], starts_on="2020-01-01", ends_on="2099-12-31")
    assert refusal(desk.reserve(segment="press")) == ("not_in_segment", {"current": "press", "limit": ["school"]})
    assert refusal(desk.reserve())[1]["current"] is None
    assert desk.count("subscriber") == 0
    assert desk.reserve(segment="school")["state"] == "succeeded"
    desk.campaign(starts_on="2020-01-01", ends_on="2020-12-31")
    assert refusal(desk.reserve("b"))[0] == "promo_not_running"
    desk.campaign()
    assert refusal(desk.reserve("b", "no-such"))[0] == "unknown_code"
    assert desk.do("promo_codes.withdraw", campaign="spring", codes=["SPRING"], reason="leaked")["result"]["changed"] == 1
    assert refusal(desk.reserve("b"))[0] == "unknown_code"
    assert desk.do("campaigns.end", reference="spring", reason="over")["result"]["status"] == "ended"
    assert refusal(desk.do("promo_codes.issue", campaign="spring", codes=["X-1"]))[0] == "campaign_ended"
    assert desk.count("promo_code") == 1


@pytest.mark.requirement("PROMO-4")
def test_a_code_belongs_to_one_campaign(desk: Counter) -> None:
    desk.campaign()
    desk.do("campaigns.define", reference="fall", title="Fall", kind="bogo", buy_quantity=2, free_quantity=1)
    assert refusal(desk.do("promo_codes.issue", campaign="fall", codes=["new-1", " spring "]))[0] == "code_taken"
    assert desk.do("promo_codes.issue", campaign="fall", codes=["new-1", "NEW-1"])["result"]["changed"] == 1
    told = desk.reserve("b", "new-1", unit_amounts_minor=[1000, 300], quantities=[2, 4])["result"]
    assert told["line_discounts_minor"] == [0, 600]


_AGAIN = """INSERT INTO bursar.promo_redemption SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*
            FROM bursar.promo_redemption r"""
_REFUSED = {
    "UPDATE bursar.promo_code SET uses = 3": "promo_code_uses_check",
    "UPDATE bursar.promo_code SET uses = -1": "promo_code_uses_check",
    "UPDATE bursar.promo_code SET external_id = 'spring'": "promo_code_normalised_check",
    "UPDATE bursar.campaign SET max_uses = 1, uses = 2": "campaign_uses_check",
    "UPDATE bursar.campaign SET currency = 'EUR'": "campaign_fixed_check",
    "UPDATE bursar.promo_customer SET max_uses = 1, uses = 2": "promo_customer_uses_check",
    "UPDATE bursar.promo_redemption SET amount_off_minor = 1011": "promo_redemption_amount_off_check",
    "UPDATE bursar.promo_redemption SET status = 'released'": "promo_redemption_released_check",
    _AGAIN: "promo_redemption_source_external_id_key",
}


@pytest.mark.requirement("PROMO-1", "T2")
def test_the_database_refuses_what_must_not_be(desk: Counter) -> None:
    desk.campaign(uses=2)
    desk.reserve()
    for sql, constraint in _REFUSED.items():
        with desk.database.connect() as connection, pytest.raises(psycopg.errors.IntegrityError) as refused:
            connection.execute(sql)
        assert refused.value.diag.constraint_name == constraint


@pytest.mark.requirement("PROMO-5", "RECON-5")
def test_counters_are_counted_anew_from_their_rows(desk: Counter) -> None:
    desk.campaign()
    desk.reserve()
    desk.reserve("b")
    damage = ("promo_code SET uses = 9", "campaign SET uses = 0", "promo_customer SET uses = 1")
    with desk.database.connect() as connection:
        for change in damage:
            connection.execute(f"UPDATE bursar.{change}")
    done = runs.recount_promo_uses(desk.context, desk.clock.now())
    assert done == {"mended": 3, "over_limit": 0, "put_back": 0}
    assert desk.held == 2
    audit = desk.all("SELECT object_type, before, after FROM bursar.audit WHERE action = 'promo.recounted' ORDER BY object_type")
    assert audit[1] == ("promo_code", {"uses": 9}, {"uses": 2})
    assert runs.recount_promo_uses(desk.context, desk.clock.now())["mended"] == 0
    with desk.database.connect() as connection:
        connection.execute("UPDATE bursar.promo_code SET uses = 0, max_uses = 1")
    assert runs.recount_promo_uses(desk.context, desk.clock.now())["over_limit"] == 1


@pytest.mark.requirement("PROMO-4")
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"basis_points": 10_001}, "basis_points"),
        ({"kind": "fixed"}, "basis_points"),
        ({"kind": "fixed", "basis_points": None, "amount_minor": 5}, "currency"),
        ({"kind": "fixed", "basis_points": None, "amount_minor": 0, "currency": "EUR"}, "amount_minor"),
        ({"ends_on": "2027-02-30"}, "ends_on"),
        ({"starts_on": "2027-02-02", "ends_on": "2027-02-01"}, "ends_on"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"max_uses": 0}, "max_uses"),
    ],
)
def test_a_campaign_that_makes_no_sense_is_none(more: dict[str, Any], field: str) -> None:
    said: dict[str, Any] = {"reference": "spring", "title": "Spring", "kind": "percentage", "basis_points": 1000} | more
    with pytest.raises(ValueError, match=field):
        DefineCampaign(**said)


@pytest.mark.requirement("PROMO-1")
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"quantities": (1, 2)}, "quantities"),
        ({"unit_amounts_minor": ()}, "unit_amounts_minor"),
        ({"unit_amounts_minor": (0,)}, "unit_amounts_minor"),
        ({"unit_amounts_minor": (-1,)}, "line"),
        ({"currency": "eur"}, "currency"),
        ({"expires_in_s": 5}, "expires_in_s"),
    ],
)
def test_an_order_that_makes_no_sense_is_none(more: dict[str, Any], field: str) -> None:
    said: dict[str, Any] = {"code": "x", "reference": "o", "subscriber_ref": "u", "currency": "EUR", "unit_amounts_minor": (5,)} | more
    with pytest.raises(ValueError, match=field):
        ReserveCode(**said)
