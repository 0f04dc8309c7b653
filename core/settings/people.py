"""Settings: what proves what happened, and who works at the command line."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings.section import SecretList, Section


class Proof(Section):
    """What proves what happened."""

    audit_keys: SecretList = Field(
        [],
        description="Keys of the audit rows' MACs as `id:secret`, the writing one first; keep old ones to verify old rows.",
    )
    seal_keys: SecretList = Field(
        [],
        description="Keys that seal others' tokens in the database as `id:secret`, the sealing one first; keep old ones to open what they "
        "sealed. Empty: no token of ANAF can be kept.",
    )
    reveal_payloads: bool = Field(
        False, description="Lets the command line show payload fields unredacted. Each such look is audited."
    )


class Operator(Section):
    """Who works at the command line."""

    role: Literal["viewer", "operator", "finance", "admin"] = Field(
        "operator",
        description="What the person at the command line may do (SEC-13). Guards against mistakes, not against somebody "
        "who holds the database's password.",
    )
    actor: str = Field("", description="The person's name for the audit. Empty: the operating system's login.")
