"""`bursar promo`: what an operator sees of campaigns, codes and their uses."""

from __future__ import annotations

import pytest

from cli.promo import promo as command
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.tasks.payments.promo.counter import Counter
from tests.tasks.payments.taking.till import till


@pytest.mark.requirement("PROMO-4")
def test_an_operator_sees_campaigns_codes_and_uses(here: Here, database: Database) -> None:
    assert here(command, "campaigns").code == here(command, "ls").code == here(command, "show", "x").code == 3
    with till(database) as made:
        desk = Counter(made.context, made.clock, made.database, made.script, made.app)
        desk.campaign(uses=3)
        desk.campaign("FIVE", reference="five", kind="fixed", basis_points=None, amount_minor=500, currency="JPY", max_uses=9)
        desk.campaign("THREE", reference="three", kind="bogo", basis_points=None, buy_quantity=2, free_quantity=1)
        desk.reserve()
        desk.reserve("order:18")
        desk.pay()
        desk.do("promo_codes.release", reference="order:18", because="cancelled_registration")

    listed = here(command, "campaigns").out
    for wanted in ("10.00 %", "500 JPY", "buy 2, get 1 free", "0 of 9", "1 of any number"):
        assert wanted in listed
    assert {row["reference"] for row in here(command, "campaigns", "--json").objects} == {"spring", "five", "three"}
    [row] = here(command, "ls", "--campaign", "spring", "--json").objects
    assert (row["code"], row["uses"], row["max_uses"]) == ("SPRING", 1, 3)
    assert "1 of 3" in here(command, "ls").out
    shown = here(command, "show", "spring").out
    for wanted in ("use  order:17  reserved  user-7  1.01 EUR", "use  order:18  released", "1 of any number"):
        assert wanted in shown
    assert "order:17" not in here(command, "show", "spring", "--status", "released").out
    use = here(command, "show", "order:17").out
    for wanted in ("1.01 EUR", "10.10 EUR", "payment_request:order:17 at stripe", "stands until"):
        assert wanted in use
    assert "cancelled_registration" in here(command, "show", "order:18").out
    [told] = here(command, "show", "order:17", "--json").objects
    assert (told["code"], told["uses"][0]["amount_off_minor"], told["campaign"]["basis_points"]) == (None, 101, 1000)
