"""As `test_money_kills.py`, at PayPal: checkouts, payment requests, refunds, payouts and evidence, with a worker killed at each place.

PayPal keeps no 500 under an id (it shows what was made), answers 401 to a token that it has forgotten, knows no id for
disputes, and refuses a batch id that it has seen: each of these has its own way back, and each is died in here.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from core.failpoints import PLACES
from tests.faults.money import KILLED, SCHEDULES, SEED, Always, per_world
from tests.faults.money_paypal import PayPalShop
from tests.harness.cluster import Database
from tests.harness.paypal import PayPal
from tests.harness.processes import Processes
from tests.harness.smtp import SmtpServer

WORLDS = 4
Action = Callable[[PayPalShop, str, random.Random], None]


@pytest.fixture
def shop(database: Database, paypal_sandbox: PayPal, processes: Processes, tmp_path: Path) -> Iterator[PayPalShop]:
    with SmtpServer() as smtp:
        made = PayPalShop(database, paypal_sandbox, smtp, processes, tmp_path)
        made.stock()
        yield made
        made.close()


ASKED_BEFORE = {"fault": "error_after", "status": 422, "code": "ORDER_ALREADY_CAPTURED"}
KINDS: tuple[tuple[str, Action, str, dict[str, object]], ...] = (
    ("capture", PayPalShop.pay, "/capture$", ASKED_BEFORE),
    ("payment", PayPalShop.agree, "/capture$", ASKED_BEFORE),
    ("refund", PayPalShop.give_back, "/refund$", ASKED_BEFORE | {"code": "DUPLICATE_REQUEST_ID"}),
    ("payout", PayPalShop.pay_out, "/v1/payments/payouts$", ASKED_BEFORE | {"status": 400, "code": "DUPLICATE_REQUEST_ID"}),
    ("evidence", PayPalShop.contest, "/provide-evidence$", {"fault": "lost_reply"}),
)
"""Kind, what makes it, its call, and the fault after which it is looked up."""


@pytest.mark.timeout(400)
@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-16", "PAY-18", "INBOX-16")
def test_killed_at_every_place(shop: PayPalShop) -> None:
    table = []
    for place, (kind, action, path, unclear) in product(PLACES, KINDS):
        shop.stock()
        before = shop.effects(kind)
        if place == "lookup.answered":
            told = dict(unclear)
            shop.control.fault(str(told.pop("fault")), method="POST", path=path, **told)
        shop.control.tell("expire_tokens")
        action(shop, f"{kind}-{place}", Always())
        code = shop.work(f"{place}:1")
        shop.work()
        table.append((place, kind, code, (shop.effects(kind) - before).total()))
    shop.rest()
    shop.check()
    print("\nkilled at         action    worker       effects")  # noqa: T201
    for place, kind, code, effects in table:
        print(f"{place:<17} {kind:<9} {'killed' if code == KILLED else 'not reached':<11} {effects:>8}")  # noqa: T201
    # A payout is never looked up: PayPal refuses its batch id a second time, and names what it has made of it.
    missed = [(place, kind) for place, kind, code, _ in table if code != KILLED]
    assert missed == [("lookup.answered", "payout")]
    assert Counter(effects for *_, effects in table) == {1: len(table)}


FAULTS = ("error_before", "error_after", "reset_before", "lost_reply", "conflict", "rate_limit", "tokens")
ACTIONS: tuple[Action, ...] = (
    PayPalShop.start, PayPalShop.pay, PayPalShop.pay, PayPalShop.give_back, PayPalShop.pay_out, PayPalShop.contest,
    PayPalShop.ask, PayPalShop.agree,
)  # fmt: skip


@pytest.mark.timeout(400 if SCHEDULES <= 200 else 0)
@pytest.mark.requirement("PAY-2", "PAY-3", "PAY-16", "PAY-18", "INBOX-17")
@pytest.mark.parametrize("world", range(WORLDS))
def test_random_schedules_end_in_agreement(shop: PayPalShop, world: int) -> None:
    """Each schedule: an action, faults of PayPal, deaths of workers, webhooks late and in any order, tokens that end."""
    print(f"MONEY_SEED={SEED} world {world}")  # noqa: T201
    killed = 0
    for number in range(per_world("paypal", WORLDS)):
        chance = random.Random(f"{SEED}:paypal:{world}:{number}")
        shop.stock()
        for fault in chance.choices(FAULTS, k=chance.choice((0, 0, 1, 2))):
            if fault == "tokens":
                shop.control.tell("expire_tokens")
            else:
                shop.control.fault(fault)
        chance.choice(ACTIONS)(shop, f"s{world}-{number}", chance)
        for _ in range(chance.choice((1, 1, 2))):
            killed += shop.work(f"{chance.choice(PLACES)}:{chance.choice((1, 1, 2, 3))}") == KILLED
            shop.deliver(chance)
    shop.control.tell("faults", clear=True)
    shop.rest()
    shop.approve_all()
    shop.rest()
    print(f"{killed} workers were killed")  # noqa: T201
    assert killed >= per_world("paypal", WORLDS) // 5, "few workers died: the places are not where the work is"
    shop.check()
