"""The stand-in's events through the real handlers: any order, and duplicates, end in the same rows (promise 3)."""

from __future__ import annotations

import json
import random

from models.account import Account
from models.charge import Charge
from models.dispute import Dispute
from models.payment import Payment
from models.payout import Payout
from models.refund import Refund
from models.transfer import Transfer
from tests.harness.cluster import Database
from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Sdk
from tests.providers.sandbox.trade import trade
from tests.tasks.mirror import make_mirror
from workers.routing import fold, ignored_reason, queue_of

MODELS = (Account, Charge, Dispute, Payment, Payout, Refund, Transfer)


def test_the_same_rows_in_any_order(database: Database, sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    events = [event for event in trade(sdk, stripe_sandbox.control) if not ignored_reason("stripe", event["type"])]
    queues = {fold(event["type"])[0]: queue_of("stripe", event["type"]) for event in events}
    mirror = make_mirror(database, "stripe", queues)
    bodies = [json.dumps(event).encode() for event in events]
    told = mirror.rows(bodies, *MODELS)
    assert {payment["status"] for payment in told["payment"].values()} >= {"succeeded", "failed", "cancelled"}
    for seed in range(3):
        chance = random.Random(seed)
        mixed = bodies + chance.sample(bodies, 20)
        chance.shuffle(mixed)
        assert mirror.rows(mixed, *MODELS, batch=7) == told
    mirror.engine.dispose()


def test_rows_say_what_the_stand_in_says(database: Database, sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    events = [event for event in trade(sdk, stripe_sandbox.control) if not ignored_reason("stripe", event["type"])]
    queues = {fold(event["type"])[0]: queue_of("stripe", event["type"]) for event in events}
    mirror = make_mirror(database, "stripe", queues)
    told = mirror.rows([json.dumps(event).encode() for event in events], *MODELS)
    objects = stripe_sandbox.control.objects
    paid = {row["id"]: row["amount_received"] for row in objects("payment_intent")}
    assert {name: row["intent_received_minor"] for name, row in told["payment"].items() if name in paid} == paid
    refunds = {row["id"]: row["status"] for row in objects("refund")}
    assert {name: row["provider_status"] for name, row in told["refund"].items()} == refunds
    payouts = {row["id"]: (row["status"], row["amount"]) for row in objects("payout")}
    assert {name: (row["provider_status"], row["amount_minor"]) for name, row in told["payout"].items()} == payouts
    transfers = {row["id"]: row["amount_reversed"] for row in objects("transfer")}
    assert {name: row["reversed_minor"] for name, row in told["transfer"].items()} == transfers
    disputes = {row["id"]: row["status"] for row in objects("dispute")}
    assert {name: row["provider_status"] for name, row in told["dispute"].items()} == disputes
    mirror.engine.dispose()
