"""Settings: what the receiver lets in, and how long it waits."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from core.settings.section import SecretList, Section, TextList


class Door(Section):
    """What the receiver lets in, and how long it waits."""

    mode: Literal["live", "test"] = Field(
        "test",
        description="One mode per database. An event of the other mode is stored as ignored and alerted, never processed.",
    )
    sources: TextList = Field(
        ["stripe", "paypal", "zoom"],
        description="Sources whose door is open. Each refuses to start without its secret.",
    )
    stripe_webhook_secrets: SecretList = Field(
        [],
        description="Signing secrets (`whsec_...`) of all Stripe endpoints, comma separated; "
        "during a rotation the old and the new one. A Connect endpoint has a secret of its own.",
    )
    stripe_tolerance_s: int = Field(
        180,
        ge=1,
        description="Seconds that a Stripe timestamp may lie in the past or the future. "
        "180, not the 300 of Stripe's libraries: a recorded delivery is of less use. Not checked again on replay.",
    )
    paypal_webhook_id: str = Field(
        "", description="Id of the PayPal webhook, part of what PayPal signs. Several, comma separated, during a move."
    )
    paypal_environment: Literal["live", "sandbox"] = Field(
        "sandbox", description="Which PayPal may post: binds the certificate's host and name."
    )
    paypal_trust_anchors: Path | None = Field(
        None,
        description="PEM file of extra root or intermediate certificates for PayPal's chain. "
        "Trap: PayPal serves the leaf only, so the intermediate must be in here or in the system's store.",
    )
    paypal_max_age_s: int = Field(
        4 * 86400,
        ge=60,
        description="Oldest transmission time accepted, in seconds: PayPal repeats for 3 days with the "
        "first time and id, a day is added for clocks and outages.",
    )
    zoom_webhook_secrets: SecretList = Field(
        [], description="Secret tokens of the Zoom app, comma separated during a rotation."
    )
    zoom_tolerance_s: int = Field(
        180, ge=1, description="Seconds that a Zoom timestamp may lie in the past or the future."
    )
    app_keys: SecretList = Field(
        [],
        description="Keys of the main app's commands by HTTP and Celery as `name:secret`, comma separated; two for one "
        "name during a rotation; a secret has 32 characters or more. Empty: those doors are shut, SQL's stays open.",
    )
    app_tolerance_s: int = Field(
        300, ge=1, description="Seconds that a command's HTTP timestamp may lie in the past or the future."
    )
    max_body_bytes: int = Field(
        1024 * 1024, ge=1024, description="Largest accepted body; more is answered 413 while it streams in."
    )
    body_timeout_s: float = Field(
        5.0, gt=0, description="Seconds for head and body together to arrive; later is answered 408."
    )
    max_head_bytes: int = Field(
        32 * 1024, ge=1024, description="Largest request line and headers together; more is answered 431."
    )
    store_queue_size: int = Field(
        5000, ge=1, description="Requests that may wait for the database. Beyond it: 503 with Retry-After at once."
    )
    store_batch_size: int = Field(
        64, ge=1, le=1000, description="Most rows in one insert. A batch is never held back to fill it."
    )
    store_timeout_s: float = Field(
        2.5,
        gt=0,
        description="Seconds a request waits for its commit before it is answered 503 (the provider repeats it).",
    )
    fair_rate_per_s: float = Field(
        50.0,
        gt=0,
        description="Events a second that one lane may send before its later ones stand behind other lanes'.",
    )
