"""One API call as the resources see it: its parameters, read with Stripe's own refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from providers.sandbox.stripe.problems import Json, wrong

_MOST = 99_999_999
_EVERYWHERE = frozenset({"expand", "metadata"})


@dataclass(slots=True)
class Call:
    """`account`: whose name it is made in (`Stripe-Account`); None: the platform's."""

    method: str
    path: str
    params: Json
    account: str | None = None
    key: str | None = None
    request: str | None = None
    at: dict[str, str] = field(default_factory=dict)
    """What the path names."""

    def only(self, *names: str) -> None:
        """Refuse parameters that Stripe does not know here, so that a wrong body is found out."""
        unknown = sorted(set(self.params) - set(names) - _EVERYWHERE)
        if unknown:
            raise wrong(f"Received unknown parameter: {unknown[0]}", unknown[0], "parameter_unknown")

    def text(self, name: str, default: str | None = None) -> str | None:
        """A text, or the default where it is absent or empty (Stripe's way to unset)."""
        value = self.params.get(name)
        if isinstance(value, (dict, list)):
            raise wrong(f"Invalid string: {name}", name)
        return value or default

    def needed(self, name: str) -> str:
        """A text that must be there."""
        found = self.text(name)
        if found is None:
            raise wrong(f"Missing required param: {name}.", name, "parameter_missing")
        return found

    def whole(self, name: str) -> int | None:
        """An integer, or None where it is absent."""
        said = self.text(name)
        if said is None:
            return None
        try:
            return int(said)
        except ValueError:
            raise wrong(f"Invalid integer: {said}", name, "parameter_invalid_integer") from None

    def amount(self, name: str = "amount", *, least: int = 1) -> int | None:
        """A positive amount in the minor unit."""
        found = self.whole(name)
        if found is not None and found < least:
            raise wrong("Invalid positive integer", name, "parameter_invalid_integer")
        if found is not None and found > _MOST:
            raise wrong("Amount must be no more than 999,999.99", name, "amount_too_large")
        return found

    def needed_amount(self) -> int:
        """The `amount`, which must be there."""
        found = self.amount()
        if found is None:
            raise wrong("Missing required param: amount.", "amount", "parameter_missing")
        return found

    def currency(self) -> str:
        """The `currency`, in lower case as Stripe shows it."""
        said = self.needed("currency").lower()
        if len(said) != 3 or not said.isascii() or not said.isalpha():
            raise wrong(f"Invalid currency: {said}.", "currency")
        return said

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no."""
        said = self.text(name)
        if said not in (None, "true", "false"):
            raise wrong(f"Invalid boolean: {said}", name)
        return default if said is None else said == "true"

    def inner(self, name: str) -> Json:
        """A group of parameters; empty where it is absent."""
        value = self.params.get(name) or {}
        if not isinstance(value, dict):
            raise wrong(f"Invalid object: {name}", name, "parameter_invalid_object")
        return value

    def items(self, name: str) -> list[Any]:
        """A list of parameters."""
        value = self.params.get(name) or []
        if not isinstance(value, list):
            raise wrong("Invalid array", name)
        return value

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of these words, or None."""
        said = self.text(name)
        if said is not None and said not in allowed:
            raise wrong(f"Invalid {name}: must be one of {', '.join(allowed)}", name)
        return said

    def metadata(self) -> Json:
        """The metadata."""
        return {name: str(value) for name, value in self.inner("metadata").items()}
