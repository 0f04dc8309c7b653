"""The control API, only at the stand-in's own address `/_sandbox/`: what Stripe, banks and payers do, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.faults import KINDS
from providers.sandbox.stripe import accounts, checkout, disputes, payouts, refunds, tick
from providers.sandbox.stripe.config import Config
from providers.sandbox.stripe.door import StripeApi
from providers.sandbox.stripe.ledger import book, settle
from providers.sandbox.stripe.problems import Json, Problem
from providers.sandbox.stripe.sender import Sender
from providers.sandbox.stripe.world import World

PREFIX = "/_sandbox/"
Act = Callable[[StripeApi, Json], Any]


def answer(api: StripeApi, sender: Sender, request: Request) -> Reply:
    """Run one command: `POST /_sandbox/<name>` with a JSON object."""
    name = request.path.removeprefix(PREFIX)
    if name not in COMMANDS and name not in DELIVERIES:
        known = ", ".join(sorted({*COMMANDS, *DELIVERIES}))
        return json_reply(404, {"error": {"message": f"no command {name!r}; there are: {known}"}})
    try:
        told = json.loads(request.body or b"{}")
        with api.world.lock:
            done = DELIVERIES[name](sender, told) if name in DELIVERIES else COMMANDS[name](api, told)
            return json_reply(200, {"result": done})
    except Problem as problem:
        return json_reply(problem.status, {"error": problem.error})
    except (KeyError, TypeError, ValueError) as error:
        return json_reply(400, {"error": {"message": f"{name}: {type(error).__name__}: {error}"}})


def _configure(api: StripeApi, told: Json) -> Any:
    known = {each.name for each in fields(Config)}
    if not set(told) <= known:
        raise ValueError(f"settings are {', '.join(sorted(known))}")
    for name, value in told.items():
        setattr(api.world.config, name, value)
    return asdict(api.world.config)


def _advance(api: StripeApi, told: Json) -> Any:
    tick.advance(api.world, int(told["seconds"]))
    return api.world.now()


def _set_clock(api: StripeApi, told: Json) -> Any:
    """Stop the clock at an instant (`at`), or let it run again from there (null)."""
    world = api.world
    if told.get("at") is None:
        stood_at = world.now()
        world.frozen_at = None
        world.offset_s = stood_at - int(world.clock.now().timestamp())
    else:
        world.frozen_at = int(told["at"])
        tick.tick(world)
    return world.now()


def _dispute(api: StripeApi, told: Json) -> Any:
    charge, owner = _found(api.world, "charge", told.pop("charge"))
    return disputes.begin(api.world, charge, owner, **told)


def _end_dispute(api: StripeApi, told: Json) -> Any:
    dispute, owner = _found(api.world, "dispute", told["dispute"])
    disputes.end(api.world, dispute, owner, told["status"], amount=told.get("amount"))
    return dispute


def _fraud_warning(api: StripeApi, told: Json) -> Any:
    charge, owner = _found(api.world, "charge", told["charge"])
    return disputes.warn(api.world, charge, owner)


def _bill(api: StripeApi, told: Json) -> Any:
    """Stripe takes a fee of its own that belongs to no charge."""
    owner, currency = told.get("account"), told["currency"]
    return book(api.world, owner, "stripe_fee", -int(told["amount"]), currency, source=None, description=told.get("what", "Billing"))


def _withdraw(api: StripeApi, told: Json) -> Any:
    dispute, owner = _found(api.world, "dispute", told["dispute"])
    disputes.take(api.world, dispute, owner)
    return dispute


def _reinstate(api: StripeApi, told: Json) -> Any:
    dispute, owner = _found(api.world, "dispute", told["dispute"])
    disputes.give_back(api.world, dispute, owner, told.get("amount"))
    return dispute


def _end_refund(api: StripeApi, told: Json) -> Any:
    refund, owner = _found(api.world, "refund", told["refund"])
    if told.get("fails", True):
        refunds.fail(api.world, refund, owner, told.get("reason", "lost_or_stolen_card"))
    else:
        refunds.succeed(api.world, refund, owner)
    return refund


def _pay_payout(api: StripeApi, told: Json) -> Any:
    payout, owner = _found(api.world, "payout", told["payout"])
    payouts.arrive(api.world, payout, owner)
    return payout


def _fail_payout(api: StripeApi, told: Json) -> Any:
    payout, owner = _found(api.world, "payout", told["payout"])
    payouts.fail(api.world, payout, owner, told.get("code", "account_closed"))
    return payout


def _payouts(api: StripeApi, told: Json) -> Any:
    settle(api.world)
    return payouts.automatic(api.world, told.get("account"))


def _complete_checkout(api: StripeApi, told: Json) -> Any:
    session, owner = _found(api.world, "checkout.session", told["session"])
    return checkout.complete(api.world, session, owner, told.get("payment_method", "pm_card_visa"))


def _finish_payment(api: StripeApi, told: Json) -> Any:
    name = told["payment_intent"]
    tick.finish_payment(api.world, name, "succeeded" if told.get("succeeds", True) else "failed")
    return _found(api.world, "payment_intent", name)[0]


def _authenticate(api: StripeApi, told: Json) -> Any:
    return tick.authenticate(api.world, told["payment_intent"], succeeds=told.get("succeeds", True))


def _onboard(api: StripeApi, told: Json) -> Any:
    account = api.world.get("account", told["account"])
    accounts.onboard(api.world, account)
    return account


def _restrict(api: StripeApi, told: Json) -> Any:
    account = api.world.get("account", told["account"])
    accounts.restrict(api.world, account, told.get("reason", "requirements.past_due"), told.get("due", ["individual.id_number"]))
    return account


def _top_up(api: StripeApi, told: Json) -> Any:
    name = api.world.fresh("tu")
    return book(api.world, told.get("account"), "topup", int(told["amount"]), told["currency"], source=name)


def _take_events(api: StripeApi, told: Json) -> Any:
    rows = api.world.table("event").rows
    found = rows[api.world.taken :]
    api.world.taken = len(rows)
    wanted = told.get("types")
    return [event for event in found if not wanted or event["type"] in wanted]


def _objects(api: StripeApi, told: Json) -> Any:
    return api.world.table(told["kind"]).rows


def _balances(api: StripeApi, told: Json) -> Any:  # noqa: ARG001 - a command's signature
    return [{"account": key[0], "currency": key[1], "available": sums[0], "pending": sums[1]} for key, sums in api.world.balances.items()]


def _fault(api: StripeApi, told: Json) -> Any:
    return asdict(api.faults.add(told))


def _chaos(api: StripeApi, told: Json) -> Any:
    """Every call meets one of the kinds with that probability, by a seed."""
    api.faults.seed(int(told.get("seed", 0)))
    kinds = told.get("kinds") or [kind for kind in KINDS if not kind.startswith(("hold", "slow", "delay"))]
    share = float(told["probability"]) / len(kinds)
    same = {"method": told.get("method", "POST"), "path": told.get("path", ""), "times": None, "probability": share}
    return [asdict(api.faults.add({"kind": kind, **same})) for kind in kinds]


def _clear_faults(api: StripeApi, told: Json) -> Any:  # noqa: ARG001 - as above
    api.faults.clear()
    api.let_go.set()
    api.let_go.clear()


def _found(world: World, kind: str, object_id: str) -> tuple[Json, str | None]:
    if object_id not in world.table(kind).place:
        raise ValueError(f"there is no {kind} {object_id}")
    owner = world.owner_of(kind, object_id)
    return world.get(kind, object_id, owner), owner


DELIVERIES: Mapping[str, Callable[[Sender, Json], Any]] = {
    "webhooks": lambda sender, told: sender.start_with(told),
    "deliveries": lambda sender, told: list(sender.log),  # noqa: ARG005 - a command's signature
    "open_deliveries": lambda sender, told: sender.open(),  # noqa: ARG005 - as above
    "resend": lambda sender, told: sender.resend(told["event"]),
}

COMMANDS: Mapping[str, Act] = {
    "advance": _advance,
    "authenticate": _authenticate,
    "balances": _balances,
    "bill": _bill,
    "calls": lambda api, told: list(api.seen),  # noqa: ARG005 - as above
    "chaos": _chaos,
    "clear_faults": _clear_faults,
    "clock": _set_clock,
    "complete_checkout": _complete_checkout,
    "configure": _configure,
    "dispute": _dispute,
    "effects": lambda api, told: [row for row in api.world.effects if told.get("kind") in (None, row["kind"])],
    "end_dispute": _end_dispute,
    "end_refund": _end_refund,
    "fail_payout": _fail_payout,
    "fault": _fault,
    "faults": lambda api, told: api.faults.shown(),  # noqa: ARG005 - as above
    "fraud_warning": _fraud_warning,
    "finish_payment": _finish_payment,
    "forget_keys": lambda api, told: api.world.keys.clear(),  # noqa: ARG005 - as above
    "objects": _objects,
    "onboard": _onboard,
    "pay_payout": _pay_payout,
    "payouts": _payouts,
    "reinstate": _reinstate,
    "restrict": _restrict,
    "take_events": _take_events,
    "top_up": _top_up,
    "withdraw": _withdraw,
}
