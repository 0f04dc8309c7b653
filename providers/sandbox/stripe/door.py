"""HTTP in, JSON out: routing, keys, faults, and the answers that get lost on purpose."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.faults import Fault, Faults
from providers.sandbox.stripe import (
    accounts,
    catalogue,
    charges,
    checkout,
    customers,
    disputes,
    events,
    keys,
    meters,
    methods,
    payment_intents,
    payouts,
    refunds,
    tick,
    transfers,
)
from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.events import copy
from providers.sandbox.stripe.form import nested
from providers.sandbox.stripe.problems import Json, Problem
from providers.sandbox.stripe.world import PLATFORM, World

Work = Callable[[World, Call], Json]

ROUTES: Mapping[str, Work] = {
    name: work
    for module in (
        accounts, catalogue, charges, checkout, customers, disputes, events, meters, methods, payment_intents, payouts, refunds,
        transfers,
    )
    for name, work in module.ROUTES.items()
}  # fmt: skip


def _compiled() -> list[tuple[str, re.Pattern[str], Work]]:
    found = []
    for name, work in ROUTES.items():
        method, path = name.split(" ")
        found.append((method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), work))
    return found


_PATTERNS = _compiled()


@dataclass(slots=True)
class StripeApi:
    """Stripe's API over one world."""

    world: World
    faults: Faults = field(default_factory=Faults)
    seen: list[Json] = field(default_factory=list)
    """Every call: method, path, key, account, status, whether it was a repetition or met a fault."""
    let_go: threading.Event = field(default_factory=threading.Event)
    """Set: what is held back ends now."""

    def __call__(self, request: Request) -> Reply:
        """Answer one call."""
        call = self._read(request)
        if isinstance(call, Reply):
            return call
        fault = self.faults.strike(request.method, request.path)
        entry: Json = {"method": call.method, "path": call.path, "key": call.key, "account": call.account, "fault": fault and fault.kind}
        reply = _before(fault) if fault else None
        if reply is None:
            reply = self._run(call, fault)
        entry |= {"status": reply.status, "ending": reply.ending, "replayed": "Idempotent-Replayed" in reply.headers}
        with self.world.lock:
            self.seen.append(entry)
        return reply

    def _read(self, request: Request) -> Call | Reply:
        said = request.headers.get("authorization", "")
        if not said.startswith(("Bearer sk_", "Bearer rk_", "Basic ")):
            problem = Problem("Invalid API Key provided.", status=401)
            return self._answer(problem.status, {"error": problem.error})
        pairs = list(request.query)
        if request.method == "POST":
            pairs += Request("POST", "?" + request.body.decode(), {}, b"").query
        account = request.headers.get("stripe-account")
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        return Call(request.method, request.path, nested(pairs), None if account == PLATFORM else account, key)

    def _run(self, call: Call, fault: Fault | None) -> Reply:
        with self.world.lock:
            call.request = self.world.fresh("req")
            try:
                stored = keys.begin(self.world, call)
            except Problem as problem:
                return self._answer(problem.status, {"error": problem.error})
        if stored is not None:
            return self._ended(self._answer(stored["status"], stored["body"], {"Idempotent-Replayed": "true"}), fault, replayed=True)
        try:
            if fault and fault.kind in ("delay", "hold_before"):
                self.let_go.wait(fault.seconds)
                if fault.kind == "hold_before":
                    return Reply(ending="closed")
            with self.world.lock:
                status, body = self._execute(call, fault)
        finally:
            with self.world.lock:
                keys.release(self.world, call)
        return self._ended(self._answer(status, body), fault)

    def _execute(self, call: Call, fault: Fault | None) -> tuple[int, Json]:
        """Do it, or fail; what is answered, stored under the key where Stripe would."""
        if fault and fault.kind == "error_before":
            status, body, stored = fault.status, _own_fault(), fault.stored
        else:
            status, body, stored = self._do(call)
        if fault and fault.kind == "error_after":
            status, body, stored = fault.status, _own_fault(), True
        if stored and call.method == "POST":
            keys.keep(self.world, call, status, body)
        return status, body

    def _do(self, call: Call) -> tuple[int, Json, bool]:
        world = self.world
        world.now_request = (call.request, call.key)
        try:
            tick.tick(world)
            if call.account is not None and world.find("account", call.account) is None:
                raise Problem(
                    f"The provided key does not have access to account '{call.account}' (or that account does not exist).",
                    status=403, code="account_invalid",
                )  # fmt: skip
            return 200, copy(self._work(call)(world, call)), True
        except Problem as problem:
            return problem.status, {"error": {**problem.error, "request_log_url": f"sandbox:{call.request}"}}, problem.stored
        finally:
            world.now_request = (None, None)

    def _work(self, call: Call) -> Work:
        for method, pattern, work in _PATTERNS:
            found = pattern.fullmatch(call.path)
            if found and method == call.method:
                call.at = found.groupdict()
                return work
        raise Problem(f"Unrecognized request URL ({call.method}: {call.path}): the sandbox does not know it.", status=404)

    def _ended(self, reply: Reply, fault: Fault | None, *, replayed: bool = False) -> Reply:
        """What the caller gets to see of it."""
        if fault is None or (replayed and fault.kind == "error_after"):
            return reply
        if fault.kind == "hold_after":
            self.let_go.wait(fault.seconds)
        if fault.kind in ("lost_reply", "hold_after"):
            return Reply(reply.status, ending="closed")
        if fault.kind == "slow":
            return Reply(reply.status, reply.body, reply.headers, drip_s=fault.seconds)
        return reply

    def _answer(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> Reply:
        with self.world.lock:
            return json_reply(status, body, {"Request-Id": self.world.fresh("req"), **(headers or {})})


def _before(fault: Fault) -> Reply | None:
    """The reply of a fault that strikes before anything was done or looked at."""
    if fault.kind == "reset_before":
        return Reply(0, ending="reset")
    if fault.kind == "rate_limit":
        headers = {"Stripe-Rate-Limited-Reason": "global-rate", "Stripe-Should-Retry": "true"}
        if fault.retry_after_s is not None:
            headers["Retry-After"] = str(fault.retry_after_s)
        problem = Problem("Request rate limit exceeded.", status=429, code=fault.code or "rate_limit")
        return json_reply(429, {"error": problem.error}, headers)
    if fault.kind == "conflict":
        problem = Problem("Another request holds a lock on this object.", code=fault.code or "lock_timeout", type="invalid_request_error")
        return json_reply(409, {"error": problem.error}, {"Stripe-Should-Retry": "true"})
    return None


def _own_fault() -> Json:
    return {"error": {"type": "api_error", "message": "An unknown error occurred."}}
