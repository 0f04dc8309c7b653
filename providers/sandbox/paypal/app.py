"""The stand-in's front: tokens, `PayPal-Request-Id` with PayPal's own semantics, faults, then the resources.

Under a known id PayPal shows the latest state of what was made under it; a request that was refused left nothing, so it is
done anew; while the first is in work the second may fail. Ids are forgotten after the resource's own time.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from datetime import datetime, timedelta
from email.message import Message
from email.parser import BytesParser

from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.faults import Fault, Faults
from providers.sandbox.http.turns import cut_after, cut_before
from providers.sandbox.paypal import captures, disputes, orders, payouts, reporting, sales, subscriptions
from providers.sandbox.paypal.call import Call, Done, Resource
from providers.sandbox.paypal.problems import Json, Problem, wrong
from providers.sandbox.paypal.world import World, copy, text

_ROUTES: dict[str, Resource] = {
    **orders.ROUTES, **captures.ROUTES, **sales.ROUTES, **payouts.ROUTES, **disputes.ROUTES, **reporting.ROUTES,
    **subscriptions.ROUTES,
}  # fmt: skip
_PATTERNS = [
    (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), resource)
    for (method, path), resource in ((tuple(name.split(" ")), resource) for name, resource in _ROUTES.items())
]
_TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105 - a path
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"


class App:
    """Answers PayPal's API from a world."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world, self.faults = world, faults
        self.stopping = threading.Event()

    def __call__(self, request: Request) -> Reply:
        """One request."""
        debug_id = secrets.token_hex(7)
        with self.world.lock:
            key = request.headers.get("paypal-request-id")
            self.world.calls.append({"method": request.method, "path": request.path, "key": key, "at": self.world.stamp()})
        fault = self.faults.strike(request.method, request.path)
        early = None if fault is None else self._before(fault, debug_id)
        if early is not None:
            return early
        try:
            done = self._token(request) if request.path == _TOKEN_PATH else self._resource(request, key, fault)
            reply = json_reply(done.status, done.shown, {"Paypal-Debug-Id": debug_id})
        except Problem as problem:
            reply = json_reply(problem.status, problem.error | {"debug_id": debug_id}, {"Paypal-Debug-Id": debug_id})
        return reply if fault is None else self._after(fault, reply, debug_id)

    def _before(self, fault: Fault, debug_id: str) -> Reply | None:
        """A fault that strikes before anything was done."""
        headers = {"Paypal-Debug-Id": debug_id}
        if fault.kind == "rate_limit":
            told = {"Retry-After": str(fault.retry_after_s)} if fault.retry_after_s is not None else {}
            return json_reply(429, {"name": "RATE_LIMIT_REACHED", "message": "Too many requests.", "debug_id": debug_id}, headers | told)
        if fault.kind == "conflict":
            return json_reply(409, {"name": "RESOURCE_CONFLICT", "message": "In work.", "debug_id": debug_id}, headers)
        if fault.kind == "error_before":
            return _broken(fault, debug_id)
        return cut_before(fault, self.stopping)

    def _after(self, fault: Fault, reply: Reply, debug_id: str) -> Reply:
        """A fault that strikes when the work is done."""
        if fault.kind == "error_after":
            return _broken(fault, debug_id)
        return cut_after(fault, reply, self.stopping)

    def _token(self, request: Request) -> Done:
        given = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if given.partition(":")[2] == "" or request.body != b"grant_type=client_credentials":
            raise Problem(401, "invalid_client", "Client Authentication failed")
        with self.world.lock:
            token = f"A21AA{secrets.token_urlsafe(24)}"
            life_s = self.world.config.token_life_s
            self.world.tokens[token] = self.world.now() + timedelta(seconds=life_s)
        return Done(200, {"access_token": token, "token_type": "Bearer", "expires_in": life_s})

    def _resource(self, request: Request, key: str | None, fault: Fault | None) -> Done:
        world = self.world
        with world.lock:
            ends_at = world.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
            if ends_at is None or ends_at <= world.now():
                raise Problem(401, "AUTHENTICATION_FAILURE", "Authentication failed due to invalid authentication credentials.")
        call = Call(request.method, request.path, _body(request), dict(request.query), key)
        resource = next((each for each in _PATTERNS if each[0] == call.method and each[1].fullmatch(call.path)), None)
        if resource is None:
            return reporting.nothing_there(world, call)
        found = resource[1].fullmatch(call.path)
        call.at = found.groupdict() if found else {}
        life_s = self._life_s(call)
        if key is None or call.method != "POST" or life_s is None:
            with world.lock:
                world.now_key = key
                done = resource[2](world, call)
                return Done(done.status, copy(done.shown))
        return self._once(call, resource[2], (_api(call.path), key), life_s, fault)

    def _once(self, call: Call, resource: Resource, name: tuple[str, str], life_s: int, fault: Fault | None) -> Done:
        """Under a `PayPal-Request-Id`."""
        world, digest = self.world, json.dumps([call.path, call.body], sort_keys=True)
        with world.lock:
            held = world.keys.get(name)
            if held is not None and world.now() - datetime.fromisoformat(held["at"]) < timedelta(seconds=life_s):
                if held["digest"] != digest and name[0] == "v1":
                    raise Problem(400, "DUPLICATE_REQUEST_ID", "The value of PayPal-Request-Id header has already been used")
                return Done(held["status"], copy(held["shown"]))
            if name in world.running:
                raise Problem(
                    422, "UNPROCESSABLE_ENTITY", "A previous request on this resource is currently in progress.",
                    issue="PREVIOUS_REQUEST_IN_PROGRESS",
                )  # fmt: skip
            world.running.add(name)
        try:
            if fault is not None and fault.kind == "delay":
                self.stopping.wait(fault.seconds)
            with world.lock:
                world.now_key = call.key
                done = resource(world, call)
                world.keys[name] = {"at": text(world.now()), "digest": digest, "status": done.status, "shown": done.shown}
                return Done(done.status, copy(done.shown))
        finally:
            with world.lock:
                world.running.discard(name)

    def _life_s(self, call: Call) -> int | None:
        """How long an id holds there; None: it means nothing."""
        config = self.world.config
        if call.path.startswith("/v2/checkout/"):
            return config.orders_life_s
        if call.path.startswith("/v2/payments/"):
            return config.payments_life_s
        if call.path.startswith("/v1/payments/payouts"):
            return config.payouts_life_s if config.payouts_know_request_ids else None
        if call.path.startswith("/v1/billing/subscriptions/"):
            return config.subscriptions_life_s
        return config.v1_life_s if call.path.startswith("/v1/payments/sale/") else None


def _api(path: str) -> str:
    return path.split("/")[1]


def _broken(fault: Fault, debug_id: str) -> Reply:
    told = {"name": fault.code or "INTERNAL_SERVER_ERROR", "message": "An internal server error has occurred.", "debug_id": debug_id}
    return json_reply(fault.status, told, {"Paypal-Debug-Id": debug_id})


def _body(request: Request) -> Json:
    """The JSON of a request, or of its form's part `input`."""
    raw, kind = request.body, request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        raw = _form_input(kind, raw)
    elif request.method == "POST" and raw and not kind.startswith("application/json"):
        raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", "The server does not support the request payload's media type.")
    if not raw:
        return {}
    try:
        told = json.loads(raw)
    except ValueError:
        raise wrong("MALFORMED_REQUEST_JSON", "The request JSON is not well formed.") from None
    if not isinstance(told, dict):
        raise wrong("MALFORMED_REQUEST_JSON", "The request JSON is not an object.")
    return told


def _form_input(kind: str, raw: bytes) -> bytes:
    form: Message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + raw)
    for part in form.walk():
        if part.get_param("name", header="content-disposition") == "input":
            found = part.get_payload(decode=True)
            return found if isinstance(found, bytes) else b""
    raise wrong("MISSING_REQUIRED_PARAMETER", "The form has no part named input")
