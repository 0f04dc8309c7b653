"""Idempotency keys with the semantics of Stripe's v1 API: what first ran under a key is repeated, 500s too."""

from __future__ import annotations

import json
from hashlib import sha256

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.problems import Json, Problem
from providers.sandbox.stripe.world import World


class InUse(Problem):
    """The same key is running: 409, and nothing is kept."""


def begin(world: World, call: Call) -> Json | None:
    """Take the key; what is stored under it, or None if the call is to run.

    Raises:
        Problem: other parameters under this key (400), or the same key is running (409).
    """
    if call.key is None:
        return None
    name = _name(call)
    held = world.keys.get(name)
    if held is not None and held["at"] + world.config.key_life_s <= world.now():
        del world.keys[name]
        held = None
    if held is not None and held["print"] != _print(call):
        raise Problem(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key "
            f"other than '{call.key}' if you meant to execute a different request.", type="idempotency_error",
        )  # fmt: skip
    if held is not None:
        return held
    if name in world.running:
        raise InUse(
            "There is currently another in-progress request using this Idempotent Key. Please try again later.",
            status=409, code="idempotency_key_in_use", type="idempotency_error",
        )  # fmt: skip
    world.running.add(name)
    return None


def keep(world: World, call: Call, status: int, body: Json) -> None:
    """Store what the call was answered."""
    if call.key is not None:
        world.keys[_name(call)] = {"at": world.now(), "print": _print(call), "status": status, "body": body}


def release(world: World, call: Call) -> None:
    """The call no longer runs."""
    if call.key is not None:
        world.running.discard(_name(call))


def _name(call: Call) -> str:
    return f"{call.account or ''} {call.key}"


def _print(call: Call) -> str:
    said = json.dumps([call.method, call.path, call.params], sort_keys=True)
    return sha256(said.encode()).hexdigest()
