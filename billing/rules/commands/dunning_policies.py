"""Commands about what is done when payments fail (DUN-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.commands.base import Command, line
from billing.rules.commands.campaigns import campaign_name
from billing.rules.commands.subscribers import OWN
from billing.rules.dunning import TEMPLATES, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningPolicyDefined:
    """How it stands."""

    policy: str
    """Bursar's public id of it."""
    reference: str
    """Its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineDunningPolicy(Command):
    """Defines what is done when a payment fails, or sets it anew as a whole. Cases that are open keep the days with which they were
    opened. `standard` holds where neither subscriber nor plan names a policy, `manual` for whoever pays by himself; both are built
    in, and one that is defined under their key takes their place."""

    NAME: ClassVar[str] = "billing.dunning_policies.define.v1"
    RESULT: ClassVar[type] = DunningPolicyDefined
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_templates": "there are no mails with this prefix (`details.current`)"}

    reference: str
    """Its key: 1 to 80 letters, digits and `. _ -`."""
    retry_intervals_days: tuple[int, ...] = (1, 3, 7, 14, 30)
    """When it is tried again: rising days, each counted from the original failure. At most 15, of 1 to 365."""
    charges: bool = True
    """Whether the stored method is tried at these days; false: they are reminders only."""
    suspend_after_days: int | None = None
    """When service is suspended; null: never."""
    terminate_after_days: int | None = None
    """When the subscription ends and the invoice is given up; null: never. Not before the last try."""
    mails: bool = True
    """Whether its stages send mails."""
    template_prefix: str = TEMPLATES
    """Which mails: those called `<prefix>_failed`, `_reminder`, `_suspended` and `_terminated`."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        campaign_name(self.reference, "reference")
        line(self.template_prefix, "template_prefix")
        if self.reason is not None:
            line(self.reason, "reason")
        self.policy()

    def policy(self) -> Policy:
        """As the rules know it.

        Raises:
            ValueError: its days are none.
        """
        return Policy(
            key=self.reference, retry_intervals_days=self.retry_intervals_days, charges=self.charges,
            suspend_after_days=self.suspend_after_days, terminate_after_days=self.terminate_after_days, mails=self.mails,
            template_prefix=self.template_prefix,
        )  # fmt: skip

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The policy."""
        yield "dunning_policy", OWN, self.reference
