"""Workers are killed with -9 at every numbered place of a money action; in the end the provider and we agree to the last unit.

The rules that hold after each: nothing was done twice at the provider; what it did, our rows say; nothing is left open. The
table of places is printed. Longer and other schedules: `python3 dev.py soak money --schedules 2000 --seed N`. Here Stripe's
stand-in; PayPal's in `test_money_kills_paypal.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from core.failpoints import PLACES
from tests.faults.money import KILLED, SCHEDULES, SEED, Always, per_world
from tests.faults.money_stripe import StripeShop
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

WORLDS = 4


@pytest.fixture
def shop(database: Database, stripe_sandbox: Sandbox, processes: Processes, tmp_path: Path) -> Iterator[StripeShop]:
    with SmtpServer() as smtp:
        made = StripeShop(database, stripe_sandbox, smtp, processes, tmp_path)
        yield made
        made.close()


ACTIONS = (StripeShop.pay, StripeShop.pay_and_pass_on, StripeShop.pay_out, StripeShop.give_back)
KINDS = (
    (StripeShop.pay, "capture", "payment_intents"), (StripeShop.pay_and_pass_on, "transfer", "transfers"),
    (StripeShop.pay_out, "payout", "payouts"), (StripeShop.give_back, "refund", "refunds"),
)  # fmt: skip
NAMES = {
    "transfer": "SELECT payment_ref FROM bursar.payment_request WHERE external_id = %s",
    "refund": "SELECT external_id FROM bursar.refund_request WHERE key = %s",
}
"""How the request is named at the provider, where that is not the app's own reference."""


@pytest.mark.timeout(400)
@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-16", "INBOX-16")
def test_killed_at_every_place(shop: StripeShop) -> None:
    table = []
    for place, (action, kind, path) in product(PLACES, KINDS):
        reference = f"{kind}-{place}"
        shop.stock()
        if place == "lookup.answered":
            shop.sandbox.control.fault("error_after", path=f"/v1/{path}$")
        action(shop, reference, Always())
        code = shop.work(f"{place}:1")
        shop.work()
        table.append((place, kind, reference, code))
    shop.rest()
    shop.check()
    print("\nkilled at         action    worker       effects")  # noqa: T201
    for place, kind, reference, code in table:
        name = shop.machine.one(NAMES[kind], reference) if kind in NAMES else reference
        effects = shop.effects(kind)[f"{shop.EFFECTS[kind][0]}:{name}"]
        print(f"{place:<17} {kind:<9} {'killed' if code == KILLED else 'not reached':<11} {effects:>8}")  # noqa: T201
        assert (code, effects) == (KILLED, 1)


@pytest.mark.requirement("PAY-2", "PAY-16")
@pytest.mark.parametrize("place", ["call.in_flight", "call.answered"])
def test_a_key_that_the_provider_has_forgotten_is_looked_up_and_not_sent_again(shop: StripeShop, place: str) -> None:
    """Two days pass with nobody at work: sent again, the old key would charge a second time."""
    shop.pay("old", Always())
    assert shop.work(f"{place}:1") == KILLED
    shop.sandbox.control.advance(days=2)
    shop.sandbox.control.forget_keys()
    shop.later(timedelta(days=2))
    shop.rest()
    shop.check()
    asked = [call["method"] for call in shop.sandbox.control.calls() if "payment_intents" in call["path"]]
    assert asked == (["POST", "GET"] if place == "call.answered" else ["GET", "POST"])


FAULTS = ("error_before", "error_after", "reset_before", "lost_reply", "conflict", "rate_limit")


@pytest.mark.timeout(400 if SCHEDULES <= 200 else 0)
@pytest.mark.requirement("PAY-2", "PAY-3", "PAY-16", "INBOX-17")
@pytest.mark.parametrize("world", range(WORLDS))
def test_random_schedules_end_in_agreement(shop: StripeShop, world: int) -> None:
    """Each schedule: an action, faults of the provider, deaths of workers, webhooks late, doubled and in any order."""
    print(f"MONEY_SEED={SEED} world {world}")  # noqa: T201
    killed = 0
    for number in range(per_world("stripe", WORLDS)):
        chance = random.Random(f"{SEED}:{world}:{number}")
        shop.stock()
        for _ in range(chance.choice((0, 0, 1, 2))):
            shop.sandbox.control.fault(chance.choice(FAULTS), method=None, stored=chance.random() < 0.5)
        chance.choice(ACTIONS)(shop, f"s{world}-{number}", chance)
        for _ in range(chance.choice((1, 1, 2))):
            killed += shop.work(f"{chance.choice(PLACES)}:{chance.choice((1, 1, 2, 3))}") == KILLED
            shop.deliver(chance)
    shop.sandbox.control.clear_faults()
    shop.rest()
    print(f"{killed} workers were killed")  # noqa: T201
    assert killed >= per_world("stripe", WORLDS) // 5, "few workers died: the places are not where the work is"
    shop.check()
