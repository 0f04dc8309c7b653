"""The real SDK against the stand-in, and the stand-in without HTTP for what is tried a thousand times."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import stripe

from providers.sandbox.http.exchange import Request
from providers.sandbox.remote import _pairs
from providers.sandbox.stripe import commands
from providers.sandbox.stripe.config import Config
from providers.sandbox.stripe.standin import StripeSandbox

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of the SDK, and what it carries."""

    error: stripe.StripeError

    def __str__(self) -> str:
        return str(self.error)

    @property
    def told(self) -> Json:
        """The error as Stripe's JSON has it."""
        body: Any = self.error.json_body
        found: Json = json.loads(json.dumps(body["error"]))
        return found

    @property
    def http_status(self) -> int | None:
        """The answer's status."""
        return self.error.http_status

    @property
    def code(self) -> str | None:
        """Stripe's code."""
        return self.told.get("code")

    @property
    def param(self) -> str | None:
        """The parameter that is wrong."""
        return self.told.get("param")


class Sdk:
    """Calls by the SDK, which writes the parameters and reads the answers as it does with Stripe."""

    def __init__(self, base: str) -> None:
        http = stripe.RequestsClient(timeout=10)
        self.client = stripe.StripeClient("sk_test_sdk", base_addresses={"api": base}, http_client=http, max_network_retries=0)

    def post(self, path: str, *, key: str | None = None, account: str | None = None, **params: Any) -> Json:
        """POST; what was answered."""
        return self.call("post", path, key=key, account=account, **params)

    def get(self, path: str, *, account: str | None = None, **params: Any) -> Json:
        """GET; what was answered."""
        return self.call("get", path, account=account, **params)

    def call(self, method: str, path: str, *, key: str | None = None, account: str | None = None, **params: Any) -> Json:
        """Any call."""
        options = {name: value for name, value in (("idempotency_key", key), ("stripe_account", account)) if value}
        found: Json = json.loads(self.client.raw_request(method, path, **params, **options).body)
        return found

    def refused(self, path: str, *, key: str | None = None, account: str | None = None, **params: Any) -> Refusal:
        """The error of a POST that must be refused."""
        return self.call_refused("post", path, key=key, account=account, **params)

    def call_refused(self, method: str, path: str, **params: Any) -> Refusal:
        """The error of any call that must be refused."""
        try:
            self.call(method, path, **params)
        except stripe.StripeError as error:
            return Refusal(error)
        raise AssertionError(f"{path} was not refused")

    def charge(self, amount: int = 4900, currency: str = "eur", method: str = "pm_card_visa", **params: Any) -> Json:
        """A payment confirmed at once."""
        asked = {"amount": amount, "currency": currency, "payment_method": method, "confirm": True, **params}
        return self.post("/v1/payment_intents", **asked)


class Direct:
    """The stand-in in this thread, without a server: (status, answer)."""

    def __init__(self, **config: Any) -> None:
        self.standin = StripeSandbox(config=Config(**config))
        self.world = self.standin.api.world
        self.standin.server.stop()

    def post(self, path: str, params: Json | None = None, *, key: str | None = None, account: str | None = None) -> tuple[int, Json]:
        """POST."""
        headers = {"authorization": "Bearer sk_test_direct"}
        headers |= {"idempotency-key": key} if key else {}
        headers |= {"stripe-account": account} if account else {}
        reply = self.standin.api(Request("POST", path, headers, urlencode(_pairs(params or {})).encode()))
        return reply.status, json.loads(reply.body)

    def act(self, command: str, **told: Any) -> Any:
        """A command of the control API; None where it was refused."""
        body = json.dumps(told).encode()
        reply = commands.answer(self.standin.api, self.standin.sender, Request("POST", commands.PREFIX + command, {}, body))
        return json.loads(reply.body).get("result")
