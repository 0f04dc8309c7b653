"""`bursar price`: what an operator sees of versions, notices, kept prices and migrations."""

from __future__ import annotations

import pytest

from cli.price import price as command
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.tasks.payments.prices.shop import V1, V2, Shop


@pytest.mark.requirement("PRICE-1", "PRICE-3", "PRICE-4", "PRICE-5")
def test_an_operator_sees_versions_notices_kept_prices_and_migrations(
    here: Here, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (("ls",), ("show", V1), ("assigned",), ("migrations",)):
        assert here(command, *arguments).code == 3
    machine = Machine(database)
    shop = Shop(machine)
    for ref in ("ann", "bob"):
        shop.joins(ref)
    shop.publishes(2_500, days=30)
    shop.asks("grandfather", subscriber_ref="bob", price=V1, reason="promised")
    shop.at(25)
    shop.tells()
    shop.tells()
    shop.asks("migrate", reference="m", from_price=V1, to_price=V2, mode="shadow")
    shop.migrates()
    shop.asks("migrate", reference="n", from_price=V1, to_price=V2, mode="apply")
    shop.migrates()
    machine.close()

    listed = here(command, "ls").out
    for wanted in (V1, V2, "20.00 EUR", "25.00 EUR", "never", "7 days"):
        assert wanted in listed
    assert {row["price"]: row["subscriptions"] for row in here(command, "ls", "--product", "pro", "--json").objects} == {V1: 2, V2: 0}
    shown = here(command, "show", V2).out
    assert "notices  delivered  1" in shown
    [told] = here(command, "show", V1, "--json").objects
    assert [(one["customer"], one["reason"]) for one in told["kept"]] == [("bob", "promised")]
    assert "grandfather  bob  pro  20.00 EUR  active  for good  promised" in here(command, "assigned", "--customer", "bob").out
    assert here(command, "decide", "n", "sub-ann", "keep", "--reason", "promised").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    assert here(command, "decide", "n", "sub-nobody", "keep", "--reason", "promised").code == 3
    assert here(command, "decide", "n", "sub-ann", "again", "--reason", "promised").code == 1
    assert "sub-ann: kept (somebody decided: promised)" in here(command, "decide", "n", "sub-ann", "keep", "--reason", "promised").out
    assert f"m  done  shadow  {V1} -> {V2}  2 worked" in here(command, "migrations").out
    migration = here(command, "migrations", "m").out
    for wanted in ("planned (shadow)  1 subscriptions  20.00 EUR -> 25.00 EUR", "bursar sub-bob  bob  shadow", "grandfather"):
        assert wanted in migration
    [told] = here(command, "migrations", "m", "--json").objects
    assert len(told["moves"]) == 2
