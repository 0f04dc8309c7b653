"""A checkout of ours in the words of Stripe's Checkout Sessions (create call)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.rules.money import format_minor
from billing.rules.request_tag import REQUEST

_PERCENT_DECIMALS = 2


def session_params(
    *, mode: str, line: Mapping[str, Any], success_url: str, cancel_url: str, metadata: Mapping[str, str], request: str,
    client_reference: str | None, email: str | None, expires_at: datetime | None, fee: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The call's parameters, but for the customer.

    Args:
        mode: `payment`, `subscription` or `setup`.
        line: `description`, `amount_minor` and `currency` or `price_ref`, `quantity`, `interval`.
        success_url: where a payer who is through comes back to.
        cancel_url: where one who gives up does.
        metadata: the declared purpose; it stands on the session and on what it makes.
        request: `<request type>:<reference>`, so that the payment's own events find the request, too.
        client_reference: the app's id of the customer.
        email: to be filled in; None if a customer is given.
        expires_at: None: Stripe's own time.
        fee: `destination_ref`, `application_fee_minor`, `application_fee_basis_points`, if the money is passed on.
    """
    params: dict[str, Any] = {
        "mode": mode, "success_url": success_url, "cancel_url": cancel_url, "metadata": dict(metadata),
        "client_reference_id": client_reference, "customer_email": email,
        "expires_at": int(expires_at.timestamp()) if expires_at else None,
    }  # fmt: skip
    told = {"metadata": {**metadata, REQUEST: request}}
    if mode == "setup":
        params |= {"currency": line["currency"].lower() if line.get("currency") else None, "setup_intent_data": told}
    else:
        params["line_items"] = [_line(line, mode)]
    if mode == "payment":
        params["payment_intent_data"] = told | _destination(fee, "application_fee_amount", fee.get("application_fee_minor") or None)
    if mode == "subscription":
        points = fee.get("application_fee_basis_points")
        percent = format_minor(points, _PERCENT_DECIMALS) if points else None
        params["subscription_data"] = told | _destination(fee, "application_fee_percent", percent)
    return {name: value for name, value in params.items() if value is not None}


def _line(line: Mapping[str, Any], mode: str) -> dict[str, Any]:
    if line.get("price_ref"):
        return {"price": line["price_ref"], "quantity": line["quantity"]}
    price = {
        "currency": line["currency"].lower(),
        "unit_amount": line["amount_minor"],
        "product_data": {"name": line["description"]},
    }
    if mode == "subscription":
        price["recurring"] = {"interval": line["interval"]}
    return {"price_data": price, "quantity": line["quantity"]}


def _destination(fee: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    if not fee.get("destination_ref"):
        return {}
    passed_on = {"transfer_data": {"destination": fee["destination_ref"]}}
    return passed_on if value is None else passed_on | {name: value}
