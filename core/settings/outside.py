"""Settings: mail, Sentry, and the providers' APIs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from core.settings.section import Section, TextList


class Outside(Section):
    """Mail, Sentry, and the providers' APIs."""

    operator_emails: TextList = Field(
        [],
        description="Addresses that get alerts of dead letters, conflicts and events of the other mode. Empty: log and metrics only.",
    )
    mail_from: str = Field("Bursar <bursar@localhost>", description="Sender of all mail.")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="`smtp://user:password@host:587` (STARTTLS when offered) or `smtps://`. "
        "Empty: mails wait in the outbox and `doctor` warns.",
    )
    smtp_timeout_s: float = Field(
        15.0, gt=0, description="Seconds that the mail server may be silent; a whole mail gets twice `lease_s`."
    )
    sentry_dsn: SecretStr = Field(SecretStr(""), description="Sentry project. Empty: silent.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    stripe_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key for look-ups at Stripe. Empty: look-ups wait in the outbox with an error that says so.",
    )
    stripe_api_base: str = Field("https://api.stripe.com", description="Stripe's API. A stand-in's address in tests.")
    stripe_rate_per_s: float = Field(
        20.0,
        gt=0,
        description="Calls a second that all our processes together send to Stripe "
        "(its limit is 25 per endpoint; 100 in all, 25 in test mode).",
    )
    paypal_rate_per_s: float = Field(
        10.0, gt=0, description="Calls a second that all our processes together send to PayPal, which publishes no limit."
    )
    paypal_client_id: str = Field("", description="Client id for look-ups at PayPal.")
    paypal_client_secret: SecretStr = Field(SecretStr(""), description="Client secret for look-ups at PayPal.")
    paypal_api_base: str = Field("", description="PayPal's API; empty: that of `paypal_environment`.")
    vies_api_base: str = Field(
        "", description="VIES, the EU's register of VAT numbers. Empty: the EU's own in mode live; in mode test nobody is asked, and VAT "
        "is charged to businesses of other member states."
    )
    fx_api_base: str = Field(
        "", description="Where central banks' rates of exchange are read. Empty: at BNR's (`https://curs.bnr.ro`) and the ECB's "
        "(`https://www.ecb.europa.eu`) own pages in mode live; in mode test nobody is asked, and rates are recorded by hand."
    )
    anaf_client_id: str = Field(
        "", description="Client id of the application that is registered at ANAF. Empty: e-Facturas wait, and `doctor` warns."
    )
    anaf_client_secret: SecretStr = Field(SecretStr(""), description="Client secret of that application.")
    anaf_redirect_uri: str = Field(
        "https://localhost/anaf", description="The callback address registered there: the browser ends there with `?code=...`."
    )
    anaf_api_base: str = Field(
        "", description="ANAF's e-Factura API. Empty: `https://api.anaf.ro/prod/FCTEL/rest` in mode live, `.../test/...` in mode test."
    )
    anaf_login_base: str = Field(
        "https://logincert.anaf.ro/anaf-oauth2/v1", description="ANAF's OAuth server. A stand-in's address in tests."
    )
    anaf_rate_per_s: float = Field(
        10.0, gt=0, description="Uploads a second that all our processes together send to ANAF (its limit is 1000 calls a minute)."
    )
