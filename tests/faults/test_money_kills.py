"""Workers are killed with -9 at every numbered place of a money action; in the end the provider and we agree to the last unit.

The rules that hold after each: nothing was done twice at the provider; what it did, our rows say; nothing is left open. The
table of places is printed. Longer and other schedules: MONEY_SEED=n MONEY_SCHEDULES=2000 python3 dev.py soak money.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.failpoints import PLACES
from tests.faults.money import KILLED, Shop
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

SCHEDULES = int(os.environ.get("MONEY_SCHEDULES", "200"))
WORLDS = 8
SEED = int(os.environ.get("MONEY_SEED", "20261121"))


@pytest.fixture
def shop(database: Database, stripe_sandbox: Sandbox, processes: Processes, tmp_path: Path) -> Iterator[Shop]:
    with SmtpServer() as smtp:
        made = Shop(database, stripe_sandbox, smtp, processes, tmp_path)
        yield made
        made.close()


def pay(shop: Shop, reference: str, amount_minor: int = 1999, currency: str = "EUR", method: str = "pm_card_visa") -> None:
    """The shop takes money."""
    payload = {
        "source": "stripe", "reference": reference, "amount_minor": amount_minor, "currency": currency,
        "customer_ref": shop.customer, "payment_method_ref": method, "purpose": "credit_package", "purpose_ref": f"pack-{reference}",
    }  # fmt: skip
    shop.ask("billing.payments.request.v1", payload, reference, "capture")


def check(shop: Shop) -> None:
    """What was done, once, and what our rows say of it."""
    machine, control = shop.machine, shop.sandbox.control
    assert machine.failures() == []
    for kind in ("capture", "refund", "transfer", "payout"):
        doubled = {key: count for key, count in control.count(kind, by="request").items() if count > 1 and key != "None"}
        assert doubled == {}, f"{kind} more than once: {doubled}"
    captured = control.count("capture", by="request")
    succeeded = machine.all("SELECT external_id FROM bursar.payment_request WHERE status = 'succeeded'")
    paid = Counter(f"payment_request:{reference}" for (reference,) in succeeded)
    assert captured == paid, "captures at the provider = paid requests here"
    assert machine.all("SELECT key, state FROM bursar.submission WHERE state <> 'settled'") == []
    granted = machine.one("SELECT count(*) FROM bursar.fulfilment WHERE status = 'granted'")
    assert granted == sum(paid.values()), "each paid purchase is granted once"


@pytest.mark.timeout(400)
@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-16", "INBOX-16")
def test_killed_at_every_place(shop: Shop) -> None:
    table = []
    for place in PLACES:
        if place == "lookup.answered":
            shop.sandbox.control.fault("error_after", path="payment_intents")
        pay(shop, place)
        code = shop.work(f"{place}:1")
        shop.work()
        table.append((place, "killed" if code == KILLED else "not reached"))
    shop.rest()
    check(shop)
    captures = shop.sandbox.control.count("capture", by="request")
    print("\nkilled at         worker       captures")  # noqa: T201
    for place, how in table:
        print(f"{place:<17} {how:<11} {captures[f'payment_request:{place}']:>9}")  # noqa: T201
    assert {place for place, how in table if how == "killed"} == set(PLACES)
    assert captures == {f"payment_request:{place}": 1 for place in PLACES}


@pytest.mark.requirement("PAY-2", "PAY-16")
@pytest.mark.parametrize("place", ["call.in_flight", "call.answered"])
def test_a_key_that_the_provider_has_forgotten_is_looked_up_and_not_sent_again(shop: Shop, place: str) -> None:
    """Two days pass with nobody at work: sent again, the old key would charge a second time."""
    pay(shop, "old")
    assert shop.work(f"{place}:1") == KILLED
    shop.sandbox.control.advance(days=2)
    shop.sandbox.control.forget_keys()
    shop.later(timedelta(days=2))
    shop.rest()
    check(shop)
    asked = [call["method"] for call in shop.sandbox.control.calls() if "payment_intents" in call["path"]]
    assert asked == (["POST", "GET"] if place == "call.answered" else ["GET", "POST"])


FAULTS = ("error_before", "error_after", "reset_before", "lost_reply", "conflict", "rate_limit")


@pytest.mark.timeout(400 if SCHEDULES <= 200 else 0)
@pytest.mark.requirement("PAY-2", "PAY-3", "PAY-16", "INBOX-17")
@pytest.mark.parametrize("world", range(WORLDS))
def test_random_schedules_end_in_agreement(shop: Shop, world: int) -> None:
    """Each schedule: an action, faults of the provider, deaths of workers, webhooks late, doubled and in any order."""
    print(f"MONEY_SEED={SEED} world {world}")  # noqa: T201
    killed = 0
    for number in range(SCHEDULES // WORLDS):
        chance = random.Random(f"{SEED}:{world}:{number}")
        reference = f"s{world}-{number}"
        for _ in range(chance.choice((0, 0, 1, 2))):
            shop.sandbox.control.fault(chance.choice(FAULTS), method=None, stored=chance.random() < 0.5)
        pay(shop, reference, chance.randrange(50, 100_000), chance.choice(("EUR", "JPY", "KWD")), chance.choice(METHODS))
        for _ in range(chance.choice((1, 1, 2))):
            killed += shop.work(f"{chance.choice(PLACES)}:{chance.choice((1, 1, 2, 3))}") == KILLED
            shop.deliver(chance)
    shop.sandbox.control.clear_faults()
    shop.rest()
    print(f"{killed} workers were killed")  # noqa: T201
    assert killed > SCHEDULES // WORLDS // 4
    check(shop)


METHODS = ("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined")
