"""What a provider answered to a submission: the link between the object that it made and the request of ours that wanted it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from billing.rules.facts.base import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFact(Fact):
    """One answer. `source` is the provider, `external_id` our request's reference; it is taken once and never merged.

    `submission` is the key; `outcome` is `refused` when the provider said no for good (4xx): then `error_*` say why, and
    nothing was made. `object_ref` is the provider's id of what was made or changed; the fact of that object comes along in
    the same event, before this one. `url` is where the payer or payee has to go, if anywhere.
    """

    submission: str
    operation: str
    request_type: str
    outcome: Literal["accepted", "refused"]
    object_ref: str | None = None
    url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    decline_code: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the provider did it."""
        return self.outcome == "accepted"

    def references(self) -> Iterator[tuple[str, str]]:
        """The request."""
        yield self.request_type, self.external_id
