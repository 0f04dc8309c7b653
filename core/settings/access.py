"""Settings: links in mails that prove something, and when operators hear of logins."""

from __future__ import annotations

from pydantic import Field

from core.settings.section import Section


class Access(Section):
    """Links in mails that prove something, and when operators hear of logins."""

    reset_link: str = Field(
        "",
        description="The app's page for a new password, with `{token}` where the token goes: `https://app.example.com/reset#{token}`. "
        "Empty: mails about it wait in the outbox. Trap: after a `?` the token gets into logs and Referer headers, after a `#` not.",
    )
    verification_link: str = Field(
        "", description="The same for the page that confirms a mail address, after a registration and after a change."
    )
    reset_token_s: int = Field(
        3600, ge=300, le=86_400, description="Seconds that a token for a new password lives from the moment its mail is sent (SEC-4)."
    )
    verification_token_s: int = Field(
        259_200, ge=300, le=2_592_000, description="The same for the confirmation of a mail address: 3 days, because people read mail late."
    )
    tokens_per_hour: int = Field(5, ge=1, le=1_000, description="Links of one purpose that one user may ask for in an hour (SEC-5).")
    login_failures_alert: int = Field(
        10,
        ge=1,
        description="So many failed logins of one user within 15 minutes, or ten times as many from one address, are told operators.",
    )
    login_retention_days: int = Field(
        180, ge=1, description="Days that login records, with addresses and devices, are kept. The audit keeps who and when for ever."
    )
