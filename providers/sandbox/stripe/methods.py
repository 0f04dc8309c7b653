"""Payment methods, among them Stripe's test methods, whose names say how they behave."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.lists import PAGING, page
from providers.sandbox.stripe.problems import Json, missing, refused
from providers.sandbox.stripe.world import World


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What becomes of a method when money is taken from it."""

    brand: str = "visa"
    last4: str = "4242"
    kind: str = "card"
    error: str | None = None
    """The code with which a charge is declined."""
    decline: str | None = None
    action: bool = False
    """Whether the payer must authenticate each time."""
    dispute: str | None = None
    """Reason of the dispute that follows a charge."""
    inquiry: bool = False
    refund: str | None = None
    """`fails` after it succeeded, or stays `pending` for a day."""
    settles: str | None = None
    """For methods that take days: how that ends."""


def _declined(last4: str, decline: str, error: str = "card_declined") -> Behaviour:
    return Behaviour(last4=last4, error=error, decline=decline)


_DECLINED = {
    "chargeDeclined": _declined("0002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": _declined("9995", "insufficient_funds"),
    "chargeDeclinedLostCard": _declined("9987", "lost_card"),
    "chargeDeclinedStolenCard": _declined("9979", "stolen_card"),
    "chargeDeclinedFraudulent": _declined("0019", "fraudulent"),
    "chargeDeclinedExpiredCard": _declined("0069", "expired_card", "expired_card"),
    "chargeDeclinedIncorrectCvc": _declined("0127", "incorrect_cvc", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _declined("0119", "processing_error", "processing_error"),
    "chargeCustomerFail": _declined("0341", "generic_decline"),
}

BEHAVIOURS: dict[str, Behaviour] = {
    "pm_card_visa": Behaviour(),
    "pm_card_mastercard": Behaviour(brand="mastercard", last4="4444"),
    "pm_card_authenticationRequired": Behaviour(last4="3184", action=True),
    "pm_card_threeDSecure2Required": Behaviour(last4="3220", action=True),
    "pm_card_createDispute": Behaviour(last4="0259", dispute="fraudulent"),
    "pm_card_createDisputeProductNotReceived": Behaviour(last4="2685", dispute="product_not_received"),
    "pm_card_createDisputeInquiry": Behaviour(last4="1976", dispute="fraudulent", inquiry=True),
    "pm_card_refundFail": Behaviour(last4="5126", refund="fails"),
    "pm_card_pendingRefund": Behaviour(last4="7726", refund="pending"),
    "pm_sepa_debit": Behaviour(kind="sepa_debit", last4="3201", settles="succeeded"),
    "pm_sepa_debit_fails": Behaviour(kind="sepa_debit", last4="2003", settles="failed"),
    **{f"pm_card_{name}": behaviour for name, behaviour in _DECLINED.items()},
    **{f"pm_card_visa_{name}": behaviour for name, behaviour in _DECLINED.items()},
}
"""Names that stand for a method, as in Stripe's page on testing; `pm_sepa_debit*` are ours."""


def resolve(world: World, name: str, owner: str | None, customer: str | None, *, param: str = "payment_method") -> Json:
    """The method of that id; a test method's name makes a new one.

    Raises:
        Problem: there is none, or it is another customer's.
    """
    if name in BEHAVIOURS:
        return world.add(_made(world, BEHAVIOURS[name]), owner)
    method = world.find("payment_method", name, owner)
    if method is None:
        raise missing("PaymentMethod", name, param)
    if method["customer"] and method["customer"] != customer:
        raise refused("The provided PaymentMethod is attached to another customer.", "payment_method_customer_mismatch", param)
    return method


def behaviour(world: World, method: Json) -> Behaviour:
    """How a method behaves."""
    return Behaviour(**world.hidden[method["id"]])


def attach(world: World, call: Call) -> Json:
    """`POST /v1/payment_methods/{id}/attach`."""
    call.only("customer")
    customer = world.get("customer", call.needed("customer"), call.account, param="customer")
    method = resolve(world, call.at["id"], call.account, customer["id"], param="id")
    change(method, customer=customer["id"])
    emit(world, "payment_method.attached", method, owner=call.account)
    return method


def detach(world: World, call: Call) -> Json:
    """`POST /v1/payment_methods/{id}/detach`."""
    method = world.get("payment_method", call.at["id"], call.account)
    before = change(method, customer=None)
    emit(world, "payment_method.detached", method, owner=call.account, previous=before)
    return method


def create(world: World, call: Call) -> Json:
    """`POST /v1/payment_methods`: a card that works, whatever its number (numbers never reach Bursar)."""
    call.only("type", "card", "billing_details", "sepa_debit")
    known = {"sepa_debit": BEHAVIOURS["pm_sepa_debit"]}
    method = world.add(_made(world, known.get(call.needed("type"), Behaviour())), call.account)
    method["metadata"] = call.metadata()
    return method


def get(world: World, call: Call) -> Json:
    """`GET /v1/payment_methods/{id}`."""
    return world.get("payment_method", call.at["id"], call.account)


def listed(world: World, call: Call) -> Json:
    """`GET /v1/payment_methods` or a customer's."""
    call.only(*PAGING, "customer", "type")
    customer = call.at.get("id") or call.text("customer")
    kind = call.text("type")
    return page(
        world, call, "payment_method",
        lambda row: row["customer"] is not None and customer in (None, row["customer"]) and kind in (None, row["type"]),
    )  # fmt: skip


def _made(world: World, how: Behaviour) -> Json:
    method = world.base("payment_method", "pm")
    address = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
    method |= {
        "allow_redisplay": "unspecified", "customer": None, "customer_account": None, "type": how.kind,
        "billing_details": {"address": address, "email": None, "name": None, "phone": None, "tax_id": None},
    }  # fmt: skip
    method[how.kind] = details(how)
    world.hidden[method["id"]] = asdict(how)
    return method


def details(how: Behaviour) -> Json:
    """What is shown of a card or a bank debit."""
    if how.kind != "card":
        return {"bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": f"fp{how.last4}", "last4": how.last4}
    return {
        "brand": how.brand, "country": "DE", "display_brand": how.brand, "exp_month": 12, "exp_year": 2034,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "fingerprint": f"fp{how.last4}", "funding": "credit", "last4": how.last4, "wallet": None,
    }  # fmt: skip


ROUTES = {
    "POST /v1/payment_methods": create,
    "GET /v1/payment_methods": listed,
    "GET /v1/payment_methods/{id}": get,
    "POST /v1/payment_methods/{id}/attach": attach,
    "POST /v1/payment_methods/{id}/detach": detach,
    "GET /v1/customers/{id}/payment_methods": listed,
}
