"""The other side of a stand-in, for tests and people: what banks and payers do, faults, the clock, and what really happened."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

import requests

Json = dict[str, Any]
_TIMEOUT_S = 30


class SandboxRefused(RuntimeError):  # noqa: N818 - it is the answer, told by the caller's mistake
    """The stand-in did not do what its control API was told; the message says why."""


class Control:
    """The control API of the stand-in at `base`. Amounts are minor units; objects are Stripe's, as plain dicts."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False

    def do(self, command: str, **told: Any) -> Any:
        """Any command by its name (docs/sandbox.md lists them)."""
        answer = self._session.post(f"{self.base}/_sandbox/{command}", data=json.dumps(told), timeout=_TIMEOUT_S)
        said = answer.json()
        if answer.status_code != requests.codes.ok:
            raise SandboxRefused(f"{command}: {said['error'].get('message')}")
        return said["result"]

    def api(self, method: str, path: str, params: Json | None = None, *, account: str | None = None, key: str | None = None) -> Json:
        """A call of the API itself, as somebody in the dashboard would make it: without a key and unknown to Bursar.

        Raises:
            SandboxRefused: it was refused.
        """
        headers = {"Authorization": "Bearer sk_test_control", **({"Stripe-Account": account} if account else {})}
        headers |= {"Idempotency-Key": key} if key else {}
        pairs = _pairs(params or {})
        sent = {"params": pairs} if method == "GET" else {"data": pairs}
        answer = self._session.request(method, f"{self.base}{path}", headers=headers, timeout=_TIMEOUT_S, **sent)  # type: ignore[arg-type]
        said: Json = answer.json()
        if answer.status_code != requests.codes.ok:
            raise SandboxRefused(f"{method} {path}: {said['error'].get('code')} {said['error'].get('message')}")
        return said

    # What really happened

    def effects(self, kind: str | None = None) -> list[Json]:
        """All real effects (capture, refund, transfer, transfer_reversal, application_fee_refund, payout, dispute_*), oldest
        first: {kind, id, amount, currency, account, key, request, submission, at}."""
        return list(self.do("effects", kind=kind))

    def count(self, kind: str, by: Literal["key", "request", "submission", "kind"] = "kind") -> Counter[str]:
        """How often that effect happened, per idempotency key, per request or in all (under the kind's own name)."""
        return Counter(str(row[by]) for row in self.effects(kind))

    def calls(self) -> list[Json]:
        """Every API call in order: {method, path, key, account, status, ending, replayed, fault}."""
        return list(self.do("calls"))

    def objects(self, kind: str) -> list[Json]:
        """All objects of a kind of every account, oldest first (`payment_intent`, `charge`, `balance_transaction`, ...)."""
        return list(self.do("objects", kind=kind))

    def balances(self) -> dict[tuple[str | None, str], tuple[int, int]]:
        """(account, currency) -> (available, pending); the platform is None."""
        return {(row["account"], row["currency"]): (row["available"], row["pending"]) for row in self.do("balances")}

    def take_events(self, *types: str) -> list[Json]:
        """The events since the last call, oldest first; of these types, if any are named (the others are passed over)."""
        return list(self.do("take_events", types=list(types)))

    # Time and settings

    def advance(self, *, days: int = 0, hours: int = 0, seconds: int = 0) -> int:
        """Move the clock on, day by day; its new time in Unix seconds."""
        return int(self.do("advance", seconds=days * 86400 + hours * 3600 + seconds))

    def freeze(self, at_s: int | None) -> int:
        """Stop the clock at that instant; None lets it run on from where it stands."""
        return int(self.do("clock", at=at_s))

    def configure(self, **settings: Any) -> Json:
        """Change fees, delays and rules (providers/sandbox/stripe/config.py)."""
        return dict(self.do("configure", **settings))

    # Faults

    def fault(self, kind: str, path: str = "", *, method: str | None = "POST", times: int | None = 1, **more: Any) -> Json:
        """Order a fault (providers/sandbox/http/faults.py): the next `times` calls whose path matches; also every=N,
        skip=N, probability=, seconds=, status=, code=, stored=, retry_after_s=."""
        return dict(self.do("fault", kind=kind, path=path, method=method, times=times, **more))

    def chaos(self, seed: int, probability: float, **more: Any) -> None:
        """Each POST meets some fault with that probability; repeatable by the seed. `kinds`, `path`, `method` narrow it."""
        self.do("chaos", seed=seed, probability=probability, **more)

    def clear_faults(self) -> None:
        """Nothing goes wrong from here on, and what is held back ends."""
        self.do("clear_faults")

    def forget_keys(self) -> None:
        """All idempotency keys have expired."""
        self.do("forget_keys")

    # What banks, payers and Stripe do

    def dispute(self, charge: str, **more: Any) -> Json:
        """A payer disputes a charge: amount=, reason=, status="warning_needs_response", withdraw=False."""
        return dict(self.do("dispute", charge=charge, **more))

    def end_dispute(self, dispute: str, status: str, *, amount: int | None = None) -> Json:
        """won, lost, warning_closed or prevented; won with an `amount` gives back only that."""
        return dict(self.do("end_dispute", dispute=dispute, status=status, amount=amount))

    def fail_refund(self, refund: str, reason: str = "lost_or_stolen_card") -> Json:
        """The refund comes back from the bank."""
        return dict(self.do("end_refund", refund=refund, fails=True, reason=reason))

    def settle_refund(self, refund: str) -> Json:
        """A pending refund has arrived."""
        return dict(self.do("end_refund", refund=refund, fails=False))

    def pay_payout(self, payout: str) -> Json:
        """The payout arrives (or fails, at one of the test bank accounts)."""
        return dict(self.do("pay_payout", payout=payout))

    def fail_payout(self, payout: str, code: str = "account_closed") -> Json:
        """The payout comes back, also after it was paid."""
        return dict(self.do("fail_payout", payout=payout, code=code))

    def automatic_payouts(self, account: str | None = None) -> list[Json]:
        """Pay out now what is available, one payout per currency, with reconciliation."""
        return list(self.do("payouts", account=account))

    def complete_checkout(self, session: str, payment_method: str = "pm_card_visa") -> Json:
        """The payer pays."""
        return dict(self.do("complete_checkout", session=session, payment_method=payment_method))

    def finish_payment(self, payment_intent: str, *, succeeds: bool = True) -> Json:
        """A payment in process (bank debit) ends."""
        return dict(self.do("finish_payment", payment_intent=payment_intent, succeeds=succeeds))

    def authenticate(self, payment_intent: str, *, succeeds: bool = True) -> Json:
        """The payer answers the bank's question."""
        return dict(self.do("authenticate", payment_intent=payment_intent, succeeds=succeeds))

    def onboard(self, account: str) -> Json:
        """A connected account becomes able to do everything."""
        return dict(self.do("onboard", account=account))

    def restrict(self, account: str, reason: str = "requirements.past_due") -> Json:
        """Stripe stops its payouts."""
        return dict(self.do("restrict", account=account, reason=reason))

    def top_up(self, amount: int, currency: str, *, account: str | None = None) -> Json:
        """Available money from nowhere."""
        return dict(self.do("top_up", amount=amount, currency=currency, account=account))

    # Short cuts for tests' beginnings

    def ready_account(self, country: str = "DE", *, currency: str | None = None, **params: Any) -> str:
        """A connected account that can do everything; its id."""
        asked: Json = {"type": "express", "country": country, "capabilities": {"transfers": {"requested": "true"}}, **params}
        if currency:
            asked["default_currency"] = currency
        account = str(self.api("POST", "/v1/accounts", asked)["id"])
        self.onboard(account)
        return account

    def paid(self, amount: int, currency: str = "eur", **params: Any) -> Json:
        """A payment that went through, made in the dashboard; the payment intent (`latest_charge` is its charge)."""
        asked: Json = {"amount": amount, "currency": currency, "payment_method": "pm_card_visa", "confirm": True, **params}
        return self.api("POST", "/v1/payment_intents", asked)


def _pairs(params: Json, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in params.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, list):
            value = {str(place): item for place, item in enumerate(value)}  # noqa: PLW2901 - a list is an object of numbers
        if isinstance(value, dict):
            found += _pairs(value, full)
        elif value is not None:
            found.append((full, str(value).lower() if isinstance(value, bool) else str(value)))
    return found
