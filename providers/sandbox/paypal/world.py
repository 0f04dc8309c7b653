"""All that the stand-in knows: objects, movements, events, keys, its clock and what it really did."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from billing.rules.money import AmountError, format_minor, parse_minor, provider_exponent
from core.clock import Clock, SystemClock
from providers.sandbox.paypal.config import Config
from providers.sandbox.paypal.problems import Json, missing, wrong

_DIGITS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class World:
    """The state. Hold `lock` while reading or changing it."""

    def __init__(self, config: Config | None = None, *, clock: Clock | None = None, token: str | None = None) -> None:
        self.config = config or Config()
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Json]] = {}
        self.hidden: dict[str, Json] = {}
        """What PayPal knows of an object and no answer shows."""
        self.movements: list[Json] = []
        """What the reports show, in order; `_seen_at`: from when on."""
        self.keys: dict[tuple[str, str], Json] = {}
        self.running: set[tuple[str, str]] = set()
        self.tokens: dict[str, datetime] = {}
        self.effects: list[Json] = []
        """What was really done: captures, refunds, payouts; what no test may see twice."""
        self.calls: list[Json] = []
        self.base = ""
        """The server's address, for links."""
        self.now_key: str | None = None
        """The `PayPal-Request-Id` of the call that runs."""
        self.clock = clock or SystemClock()
        self.offset = timedelta()
        self.frozen_at: datetime | None = None
        self._token = token or secrets.token_hex(3).upper()
        self.count = 0
        self.wake = threading.Condition(self.lock)
        """Told when an event was added."""

    def now(self) -> datetime:
        """The sandbox's own time."""
        return self.frozen_at or self.clock.now() + self.offset

    def stamp(self) -> str:
        """That as text."""
        return text(self.now())

    def fresh(self, prefix: str = "") -> str:
        """An id in PayPal's manner."""
        self.count += 1
        rest, digits = self.count, ""
        for _ in range(7):
            rest, digit = divmod(rest, len(_DIGITS))
            digits = _DIGITS[digit] + digits
        return f"{prefix}{self._token}{digits}5XB"

    def table(self, kind: str) -> dict[str, Json]:
        """The objects of a kind by id, in the order in which they were made."""
        return self.tables.setdefault(kind, {})

    def find(self, kind: str, object_id: str) -> Json:
        """The object.

        Raises:
            Problem: there is none.
        """
        found = self.table(kind).get(object_id)
        if found is None:
            raise missing(f"{kind} {object_id}")
        return found

    def link(self, path: str, rel: str = "self", method: str = "GET") -> Json:
        """A link to a path of ours."""
        return {"href": self.base + path, "rel": rel, "method": method}

    def emit(self, event_type: str, resource_type: str, resource: Json, *, version: str | None = "2.0") -> Json:
        """Tell that something happened; `resource` as it is at this moment."""
        event: Json = {
            "id": self.fresh("WH-"), "event_version": "1.0", "create_time": self.stamp(), "resource_type": resource_type,
            "resource_version": version, "event_type": event_type, "summary": event_type.replace(".", " ").capitalize(),
            "resource": copy(resource), "links": [],
        }  # fmt: skip
        event["links"] = [self.link(f"/v1/notifications/webhooks-events/{event['id']}")]
        self.table("event")[event["id"]] = event
        self.wake.notify_all()
        return event

    def note(self, kind: str, object_id: str, amount: int, currency: str, **more: Any) -> None:
        """Write down a real effect."""
        self.effects.append(
            {"kind": kind, "id": object_id, "amount": amount, "currency": currency, "key": self.now_key, "at": self.stamp()} | more
        )

    def move(
        self, code: str, object_id: str, amount: int, currency: str, *, fee: int = 0, status: str = "S", parent: str | None = None,
        parent_kind: str = "TXN", custom: str | None = None, invoice: str | None = None, at: datetime | None = None,
    ) -> None:  # fmt: skip
        """A movement of our account for the reports: `amount` signed, `fee` as what PayPal keeps (less than 0: gives back)."""
        now = at or self.now()
        if status == "S" and self.config.funds is not None:
            self.config.funds[currency] = self.config.funds.get(currency, 0) + amount - fee
        row: Json = {
            "paypal_account_id": "SANDBOXMERCHANT", "transaction_id": object_id, "transaction_event_code": code,
            "transaction_initiation_date": text(now), "transaction_updated_date": text(now),
            "transaction_amount": amount_of(amount, currency), "transaction_status": status,
            "paypal_reference_id": parent, "paypal_reference_id_type": parent_kind if parent else None,
            "custom_field": custom, "invoice_id": invoice, "fee_amount": amount_of(-fee, currency) if fee else None,
        }  # fmt: skip
        shown = {name: value for name, value in row.items() if value is not None}
        self.movements.append({"row": shown, "at": now, "_seen_at": now + timedelta(seconds=self.config.reports_late_s)})


def text(at: datetime) -> str:
    """A time as PayPal writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def copy(obj: Json) -> Json:
    """A deep copy of plain JSON."""
    found: Json = msgspec.json.decode(msgspec.json.encode(obj))
    return found


def amount_of(minor: int, currency: str) -> Json:
    """v2 money."""
    return {"currency_code": currency, "value": format_minor(minor, provider_exponent("paypal", currency))}


def v1_amount(minor: int, currency: str, name: str = "value") -> Json:
    """v1 money: `value` of payouts, `total` of sales."""
    return {"currency": currency, name: format_minor(minor, provider_exponent("paypal", currency))}


def read_amount(told: Any, field: str, *, value: str = "value", currency: str = "currency_code") -> tuple[int, str]:
    """(minor units, currency) of a request.

    Raises:
        Problem: no exact positive money.
    """
    if not isinstance(told, dict) or not isinstance(told.get(value), str) or not isinstance(told.get(currency), str):
        raise wrong("MISSING_REQUIRED_PARAMETER", f"A required field is missing: {field}", field)
    try:
        minor = parse_minor(told[value], provider_exponent("paypal", told[currency]))
    except AmountError:
        raise wrong("DECIMAL_PRECISION", f"The value of {field} is not money of that currency", field) from None
    if minor <= 0:
        raise wrong("CANNOT_BE_ZERO_OR_NEGATIVE", f"{field} must be greater than zero", field)
    return minor, str(told[currency])
