"""One API call as the resources see it, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from providers.sandbox.paypal.problems import Json, wrong
from providers.sandbox.paypal.world import World


@dataclass(slots=True)
class Call:
    """`at`: what the path names."""

    method: str
    path: str
    body: Json
    query: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    at: dict[str, str] = field(default_factory=dict)

    def only(self, *names: str) -> None:
        """Refuse what PayPal does not know here, so that a wrong body is found out."""
        unknown = sorted(set(self.body) - set(names))
        if unknown:
            raise wrong("INVALID_PARAMETER_SYNTAX", f"Unknown field: {unknown[0]}", unknown[0])


@dataclass(frozen=True, slots=True)
class Done:
    """An answer. `shown` is the live object: the same key shows its latest state, as PayPal documents."""

    status: int
    shown: Json


Resource = Callable[[World, Call], Done]
