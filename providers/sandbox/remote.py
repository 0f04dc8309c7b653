"""How tests and people reach a stand-in: its control API, what really happened, the clock, faults and deliveries."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

import requests

Json = dict[str, Any]
_TIMEOUT_S = 30


class SandboxRefused(RuntimeError):  # noqa: N818 - it is the answer, told by the caller's mistake
    """The stand-in did not do what its control API was told; the message says why."""


class Remote:
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

    # Webhooks

    def send_to(self, url: str, secret: str, **switches: Any) -> None:
        """Post what happens from now on to this endpoint: duplicates=, reorder=, loss= (shares), seed=, retries=, paused=."""
        self.do("webhooks", endpoints=[{"url": url, "secret": secret}], **switches)

    def switches(self, **switches: Any) -> None:
        """Change how deliveries go, leaving the rest as it is."""
        self.do("webhooks", **switches)

    def deliveries(self) -> list[Json]:
        """What was sent: {event, type, url, what (taken, refused, lost), status, tries}."""
        return list(self.do("deliveries"))

    def open_deliveries(self) -> int:
        """How many are still to be made; 0: all that happened was sent or given up."""
        return int(self.do("open_deliveries"))

    def resend(self, event: str) -> None:
        """Send one event again."""
        self.do("resend", event=event)


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
