"""Look-ups at Stripe's API through its SDK. Only GET: money is moved elsewhere, under an idempotency key."""

from __future__ import annotations

import stripe

from core.settings import Settings
from providers.errors import Final, NotConfigured, Retryable

_TIMEOUT_S = 10


def get(path: str, settings: Settings, *, account: str | None = None) -> bytes:
    """The bytes of `GET path`, in the platform's name or a connected account's.

    Raises:
        Retryable: no key, no connection, time-out, rate limit, Stripe's own error; reading again is harmless.
        Final: Stripe has no such object, or will not show it to us.
    """
    key = settings.stripe_api_key.get_secret_value()
    if not key:
        raise NotConfigured(
            "BURSAR_STRIPE_API_KEY is not set: the object is not looked up and no row changes; set it, and this is tried again"
        )
    client = stripe.StripeClient(
        key,
        base_addresses={"api": settings.stripe_api_base},
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_S, verify_ssl_certs=True),
        max_network_retries=0,
    )
    try:
        answer = client.raw_request("get", path, **({"stripe_account": account} if account else {}))
    except (stripe.InvalidRequestError, stripe.PermissionError, stripe.AuthenticationError) as error:
        raise Final(
            f"Stripe refused GET {path} ({error.http_status}): {error.user_message or error.code}; check the key's rights, then replay"
        ) from None
    except stripe.StripeError as error:
        raise Retryable(f"Stripe did not answer GET {path}: {type(error).__name__} {error.http_status or ''}") from None
    # The text as Stripe sent it: its parsed form turns decimals into something else.
    return answer.body if isinstance(answer.body, bytes) else answer.body.encode()
