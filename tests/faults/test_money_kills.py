"""Workers are killed with -9 at every numbered place of a money action; in the end the provider and we agree to the last unit.

The rules that hold after each: nothing was done twice at the provider; what it did, our rows say; nothing is left open. The
table of places is printed. Longer and other schedules: `python3 dev.py soak money --schedules 2000 --seed N`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from core.failpoints import PLACES
from tasks.maintenance.check_invariants import check as check_rules
from tests.faults.money import KILLED, Shop
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

SCHEDULES = int(os.environ.get("MONEY_SCHEDULES", "200"))
WORLDS = 8
SEED = int(os.environ.get("MONEY_SEED", "20261121")) or random.SystemRandom().randrange(1, 1 << 31)


@pytest.fixture
def shop(database: Database, stripe_sandbox: Sandbox, processes: Processes, tmp_path: Path) -> Iterator[Shop]:
    with SmtpServer() as smtp:
        made = Shop(database, stripe_sandbox, smtp, processes, tmp_path)
        yield made
        made.close()


def pay(shop: Shop, reference: str, chance: random.Random, **more: str) -> None:
    """Money is taken and what was bought is granted."""
    payload = {
        "source": "stripe", "reference": reference, "amount_minor": chance.randrange(100, 100_000), "customer_ref": shop.customer,
        "currency": chance.choice(("EUR", "JPY", "KWD")), "payment_method_ref": chance.choice(METHODS),
        "purpose": "credit_package", "purpose_ref": f"pack-{reference}",
    }  # fmt: skip
    shop.machine.submit("billing.payments.request.v1", payload | more, f"pay:{reference}")


def pay_and_pass_on(shop: Shop, reference: str, chance: random.Random) -> None:
    """As `pay`; its payee's share is transferred."""
    pay(shop, reference, chance, payee_ref=shop.account)


def pay_out(shop: Shop, reference: str, chance: random.Random) -> None:
    """Money leaves the account for its bank."""
    wanted = {"currency": "EUR", "amount_minor": chance.randrange(100, 5_000)}
    payload = {"source": "stripe", "reference": reference, "account_ref": shop.account} | wanted
    shop.machine.submit("billing.payouts.request.v1", payload, f"out:{reference}")


def give_back(shop: Shop, reference: str, chance: random.Random) -> None:
    """A part of an earlier payment goes back to its payer; his payee's part is taken back with it."""
    paid = shop.paid(passed_on=chance.choice((False, True)))
    wanted = {"amount_minor": chance.randrange(100, 1_999), "reason": "customer_request", "acting_for": "platform"}
    payload = {"source": "stripe", "key": reference, "payment_ref": paid} | wanted
    shop.machine.submit("billing.refunds.request.v1", payload, f"back:{reference}")


ACTIONS: tuple[Callable[[Shop, str, random.Random], None], ...] = (pay, pay_and_pass_on, pay_out, give_back)
METHODS = ("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined")
EFFECTS = {
    # what happens at the provider -> the requests of ours that say it did
    "capture": ("payment_request", "status = 'succeeded'"),
    "transfer": ("transfer_request", "status = 'made'"),
    "payout": ("payout_request", "status IN ('in_transit', 'paid')"),
    "refund": ("refund_request", "status = 'completed'"),
    "transfer_reversal": ("transfer_reversal_request", "status = 'made'"),
}
KINDS = (
    (pay, "capture", "payment_intents"), (pay_and_pass_on, "transfer", "transfers"), (pay_out, "payout", "payouts"),
    (give_back, "refund", "refunds"),
)  # fmt: skip
NAMES = {
    "transfer": "SELECT payment_ref FROM bursar.payment_request WHERE external_id = %s",
    "refund": "SELECT external_id FROM bursar.refund_request WHERE key = %s",
}
"""How the request is named at the provider, where that is not the app's own reference."""


class Always(random.Random):
    """Chance without chance: always the first, so that each case differs in its place of death only."""

    def choice(self, seq: Any) -> Any:
        """The first one."""
        return seq[0]

    def randrange(self, start: int, *_: Any, **__: Any) -> int:
        """The smallest one."""
        return start


def check(shop: Shop) -> None:
    """What was done, was done once, and our rows say the same."""
    machine, control = shop.machine, shop.sandbox.control
    assert machine.failures() == []
    for kind, (table, done) in EFFECTS.items():
        ours = machine.all(f"SELECT external_id FROM bursar.{table} WHERE {done}")
        assert control.count(kind, by="request") == Counter(f"{table}:{reference}" for (reference,) in ours), kind
    assert machine.all("SELECT key, state FROM bursar.submission WHERE state <> 'settled'") == []
    paid = machine.one("SELECT count(*) FROM bursar.payment_request WHERE status = 'succeeded' AND purpose IS NOT NULL")
    assert machine.one("SELECT count(*) FROM bursar.fulfilment WHERE status = 'granted'") == paid, "each purchase is granted once"
    mails = Counter(received.message["Message-ID"] for received in shop.smtp.mails)
    assert set(mails.values()) <= {1}, "each mail once"
    far = timedelta(days=60)
    broken = check_rules(machine.context.engine, machine.clock.now() - far, machine.clock.now() + far)
    assert not broken, [str(one) for one in broken]


@pytest.mark.timeout(400)
@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-16", "INBOX-16")
def test_killed_at_every_place(shop: Shop) -> None:
    table = []
    for place, (action, kind, path) in product(PLACES, KINDS):
        reference = f"{kind}-{place}"
        if place == "lookup.answered":
            shop.sandbox.control.fault("error_after", path=f"/v1/{path}$")
        action(shop, reference, Always())
        code = shop.work(f"{place}:1")
        shop.work()
        table.append((place, kind, reference, code))
    shop.rest()
    check(shop)
    print("\nkilled at         action    worker       effects")  # noqa: T201
    for place, kind, reference, code in table:
        name = shop.machine.one(NAMES[kind], reference) if kind in NAMES else reference
        effects = shop.sandbox.control.count(kind, by="request")[f"{EFFECTS[kind][0]}:{name}"]
        print(f"{place:<17} {kind:<9} {'killed' if code == KILLED else 'not reached':<11} {effects:>8}")  # noqa: T201
        assert (code, effects) == (KILLED, 1)


@pytest.mark.requirement("PAY-2", "PAY-16")
@pytest.mark.parametrize("place", ["call.in_flight", "call.answered"])
def test_a_key_that_the_provider_has_forgotten_is_looked_up_and_not_sent_again(shop: Shop, place: str) -> None:
    """Two days pass with nobody at work: sent again, the old key would charge a second time."""
    pay(shop, "old", Always())
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
        chance.choice(ACTIONS)(shop, reference, chance)
        for _ in range(chance.choice((1, 1, 2))):
            killed += shop.work(f"{chance.choice(PLACES)}:{chance.choice((1, 1, 2, 3))}") == KILLED
            shop.deliver(chance)
    shop.sandbox.control.clear_faults()
    shop.rest()
    print(f"{killed} workers were killed")  # noqa: T201
    assert killed >= SCHEDULES // WORLDS // 5, "few workers died: the places are not where the work is"
    check(shop)

