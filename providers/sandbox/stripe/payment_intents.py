"""Payment intents: made, confirmed, captured, cancelled; what a method makes of them."""

from __future__ import annotations

from providers.sandbox.stripe import charges, disputes
from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.config import MINIMUM
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, copy, emit
from providers.sandbox.stripe.lists import equal, page
from providers.sandbox.stripe.methods import Behaviour, behaviour, resolve
from providers.sandbox.stripe.problems import Json, Problem, refused, wrong
from providers.sandbox.stripe.world import World

_CREATE = (
    "amount", "application_fee_amount", "automatic_payment_methods", "capture_method", "confirm", "confirmation_method", "currency",
    "customer", "description", "error_on_requires_action", "mandate", "off_session", "on_behalf_of", "payment_method",
    "payment_method_data", "payment_method_options", "payment_method_types", "receipt_email", "return_url",
    "setup_future_usage", "shipping", "statement_descriptor", "statement_descriptor_suffix", "transfer_data",
    "transfer_group", "use_stripe_sdk",
)  # fmt: skip
_CONFIRM = ("error_on_requires_action", "mandate", "off_session", "payment_method", "return_url", "setup_future_usage",
            "use_stripe_sdk", "payment_method_options", "receipt_email")  # fmt: skip
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_NO_METHOD = "You cannot confirm this PaymentIntent because it's missing a payment method."
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def create(world: World, call: Call) -> Json:
    """`POST /v1/payment_intents`, confirmed at once with `confirm`."""
    call.only(*_CREATE)
    intent = new(world, call, call.account)
    if call.flag("confirm"):
        method = _method(world, call, intent)
        if method is None:
            raise wrong(_NO_METHOD, code="payment_intent_unexpected_state")
        world.add(intent, call.account)
        emit(world, "payment_intent.created", intent, owner=call.account)
        return confirmed(world, intent, method, call.account, off_session=_off_session(call), url=call.text("return_url"))
    if call.text("payment_method"):
        method = _method(world, call, intent)
        change(intent, payment_method=method and method["id"], status="requires_confirmation")
    world.add(intent, call.account)
    emit(world, "payment_intent.created", intent, owner=call.account)
    return intent


def new(world: World, call: Call, owner: str | None) -> Json:
    """An intent by these parameters, not kept yet.

    Raises:
        Problem: a parameter that cannot be.
    """
    amount, currency = call.needed_amount(), call.currency()
    least = MINIMUM.get(currency, 1)
    if amount < least:
        raise wrong(f"Amount must be at least {least} {currency} (minor units)", "amount", "amount_too_small")
    data = call.inner("transfer_data")
    fee = call.amount("application_fee_amount", least=0)
    if fee is not None and fee > amount:
        raise wrong("Your application fee cannot be greater than the amount of the charge.", "application_fee_amount")
    if fee and owner is None and not data:
        raise wrong("Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment "
                    "(using an OAuth key or Stripe-Account header) or destination payment.", "application_fee_amount")  # fmt: skip
    if data:
        world.get("account", str(data.get("destination")), param="transfer_data[destination]")
        if fee is not None and "amount" in data:
            raise wrong("You may not give both application_fee_amount and transfer_data[amount].", "transfer_data[amount]")
    if call.text("customer"):
        world.get("customer", call.needed("customer"), owner, param="customer")
    intent = world.base("payment_intent", "pi") | _plain(call)
    held: Json = {"destination": data["destination"]} if data else {}
    if "amount" in data:
        held["amount"] = int(data["amount"])
    return intent | {
        "amount": amount, "application_fee_amount": fee, "currency": currency, "customer": call.text("customer"),
        "client_secret": f"{intent['id']}_secret_sandbox", "metadata": call.metadata(), "on_behalf_of": call.text("on_behalf_of"),
        "transfer_data": held or None,
    }  # fmt: skip


def confirmed(
    world: World, intent: Json, method: Json, owner: str | None, *, off_session: bool = False, url: str | None = None,
    authenticated: bool = False,
) -> Json:  # fmt: skip
    """What the method makes of the payment: paid, declined, in process, or the payer is asked.

    Raises:
        Problem: 402, declined; the intent waits for another method, and the error carries it.
    """
    how = behaviour(world, method)
    change(intent, payment_method=method["id"], next_action=None)
    if how.action and not authenticated:
        return _ask(world, intent, method, owner, off_session=off_session, url=url)
    if how.error is not None:
        raise _decline(world, intent, method, owner, how)
    if how.settles is not None:
        charge = charges.make(world, intent, method, owner, status="pending", captured=False)
        change(intent, status="processing", latest_charge=charge["id"], last_payment_error=None)
        world.timers[intent["id"]] = {"due": world.now() + 86400, "ends": how.settles}
        emit(world, "charge.pending", charge, owner=owner)
        emit(world, "payment_intent.processing", intent, owner=owner)
        return intent
    manual = intent["capture_method"] == "manual"
    charge = charges.make(world, intent, method, owner, status="succeeded", captured=not manual)
    if manual:
        change(intent, status="requires_capture", latest_charge=charge["id"], amount_capturable=intent["amount"], last_payment_error=None)
        emit(world, "charge.succeeded", charge, owner=owner)
        emit(world, "payment_intent.amount_capturable_updated", intent, owner=owner)
        return intent
    paid(world, intent, charge, owner)
    return intent


def paid(world: World, intent: Json, charge: Json, owner: str | None, amount: int | None = None, told: str = "charge.succeeded") -> None:
    """The charge's money comes in and the intent is done."""
    taken = amount or intent["amount"]
    charges.capture(world, charge, intent, owner, taken)
    change(intent, status="succeeded", latest_charge=charge["id"], amount_received=taken, amount_capturable=0, last_payment_error=None)
    emit(world, told, charge, owner=owner)
    emit(world, "payment_intent.succeeded", intent, owner=owner)
    how = behaviour(world, world.get("payment_method", charge["payment_method"], owner))
    if how.dispute:
        status = "warning_needs_response" if how.inquiry else "needs_response"
        disputes.begin(world, charge, owner, reason=how.dispute, status=status)


def _ask(world: World, intent: Json, method: Json, owner: str | None, *, off_session: bool, url: str | None) -> Json:
    if off_session:
        how = Behaviour(error="authentication_required", decline="authentication_required")
        raise _decline(world, intent, method, owner, how)
    action = {"redirect_to_url": {"return_url": url, "url": f"https://hooks.sandbox.invalid/{intent['id']}"}, "type": "redirect_to_url"}
    change(intent, status="requires_action", next_action=action)
    emit(world, "payment_intent.requires_action", intent, owner=owner)
    return intent


def refuse_authentication(world: World, intent: Json, method: Json, owner: str | None) -> None:
    """The payer did not pass the bank's question."""
    code = "payment_intent_authentication_failure"
    _decline(world, intent, method, owner, Behaviour(error=code, decline=code))


def failed(world: World, intent: Json, charge: Json, error: Json, owner: str | None) -> None:
    """The payment did not come: the intent waits for another method."""
    change(intent, status="requires_payment_method", last_payment_error=error, latest_charge=charge["id"], payment_method=None)
    emit(world, "charge.failed", charge, owner=owner)
    emit(world, "payment_intent.payment_failed", intent, owner=owner)


def _decline(world: World, intent: Json, method: Json, owner: str | None, how: Behaviour) -> Problem:
    charge = charges.make(world, intent, method, owner, status="failed", captured=False)
    words = charges.message(how)
    error: Json = {"charge": charge["id"], "code": how.error, "decline_code": how.decline, "message": words, "type": "card_error",
                   "payment_method": copy(method)}  # fmt: skip
    change(charge, failure_code=how.error, failure_message=words)
    failed(world, intent, charge, error, owner)
    extra = {**error, "payment_intent": copy(intent)}
    return Problem(words, status=402, type="card_error", code=how.error, stored=True, extra=extra)


def confirm(world: World, call: Call) -> Json:
    """`POST /v1/payment_intents/{id}/confirm`."""
    call.only(*_CONFIRM)
    intent = world.get("payment_intent", call.at["id"], call.account)
    if intent["status"] not in _CONFIRMABLE:
        raise state_problem(intent, "confirm")
    method = _method(world, call, intent)
    if method is None:
        raise refused(_NO_METHOD, "payment_intent_unexpected_state")
    return confirmed(world, intent, method, call.account, off_session=_off_session(call), url=call.text("return_url"))


def update(world: World, call: Call) -> Json:
    """`POST /v1/payment_intents/{id}`."""
    call.only("amount", "application_fee_amount", "description", "customer", "payment_method", "receipt_email", "transfer_group")
    intent = world.get("payment_intent", call.at["id"], call.account)
    if intent["status"] not in _CONFIRMABLE and set(call.params) - {"metadata", "description"}:
        raise state_problem(intent, "update")
    values: Json = {name: call.text(name) for name in ("description", "customer", "receipt_email", "transfer_group") if name in call.params}
    values |= {name: call.amount(name) for name in ("amount", "application_fee_amount") if name in call.params}
    if "payment_method" in call.params:
        method = _method(world, call, intent)
        values |= {"payment_method": method and method["id"], "status": "requires_confirmation"}
    change(intent, **values, metadata=merged(intent, call))
    return intent


def capture(world: World, call: Call) -> Json:
    """`POST /v1/payment_intents/{id}/capture`, of all or less."""
    call.only("amount_to_capture", "application_fee_amount")
    intent = world.get("payment_intent", call.at["id"], call.account)
    if intent["status"] != "requires_capture":
        raise state_problem(intent, "capture")
    amount = call.amount("amount_to_capture") or intent["amount_capturable"]
    if amount > intent["amount_capturable"]:
        raise refused("The amount to capture is more than can be captured.", "amount_too_large", "amount_to_capture")
    charge = world.get("charge", intent["latest_charge"], call.account)
    paid(world, intent, charge, call.account, amount, told="charge.captured")
    return intent


def cancel(world: World, call: Call) -> Json:
    """`POST /v1/payment_intents/{id}/cancel`."""
    call.only("cancellation_reason")
    reason = call.one_of("cancellation_reason", _REASONS)
    intent = world.get("payment_intent", call.at["id"], call.account)
    if intent["status"] not in (*_CONFIRMABLE, "requires_capture", "processing"):
        raise state_problem(intent, "cancel")
    world.timers.pop(intent["id"], None)
    change(intent, status="canceled", canceled_at=world.now(), cancellation_reason=reason, amount_capturable=0, next_action=None)
    emit(world, "payment_intent.canceled", intent, owner=call.account)
    return intent


def get(world: World, call: Call) -> Json:
    """`GET /v1/payment_intents/{id}`; `expand[]=latest_charge` is obeyed."""
    intent = world.get("payment_intent", call.at["id"], call.account)
    if "latest_charge" in call.items("expand") and intent["latest_charge"]:
        return {**intent, "latest_charge": world.get("charge", intent["latest_charge"], call.account)}
    return intent


def listed(world: World, call: Call) -> Json:
    """`GET /v1/payment_intents`."""
    return page(world, call, "payment_intent", equal(call, "customer"))


def state_problem(intent: Json, verb: str) -> Problem:
    """That the intent's status forbids it; the error carries the intent, as Stripe's does."""
    words = f"This PaymentIntent could not be {verb}ed because it has a status of {intent['status']}."
    return Problem(words, code="payment_intent_unexpected_state", stored=True, extra={"payment_intent": copy(intent)})


def _off_session(call: Call) -> bool:
    return call.text("off_session") not in (None, "false")


def _method(world: World, call: Call, intent: Json) -> Json | None:
    name = call.text("payment_method") or intent["payment_method"]
    if name is None and intent["customer"]:
        name = world.get("customer", intent["customer"], call.account)["invoice_settings"]["default_payment_method"]
    method = resolve(world, name, call.account, intent["customer"]) if name else None
    if method and intent["customer"] and call.text("setup_future_usage"):
        change(method, customer=intent["customer"])
    return method


def _plain(call: Call) -> Json:
    how = call.one_of("capture_method", ("automatic", "automatic_async", "manual")) or "automatic"
    return {
        "amount_capturable": 0, "amount_details": {"tip": {}}, "amount_received": 0, "application": None, "canceled_at": None,
        "automatic_payment_methods": None, "cancellation_reason": None, "capture_method": how, "confirmation_method": "automatic",
        "customer_account": None, "description": call.text("description"), "last_payment_error": None, "latest_charge": None,
        "next_action": None, "payment_method": None, "payment_method_options": {}, "processing": None, "review": None,
        "payment_method_types": call.items("payment_method_types") or ["card"], "receipt_email": call.text("receipt_email"),
        "setup_future_usage": call.text("setup_future_usage"), "shipping": call.inner("shipping") or None, "source": None,
        "statement_descriptor": call.text("statement_descriptor"), "statement_descriptor_suffix": None,
        "status": "requires_payment_method", "transfer_group": call.text("transfer_group"),
    }  # fmt: skip


ROUTES = {
    "POST /v1/payment_intents": create,
    "GET /v1/payment_intents": listed,
    "GET /v1/payment_intents/{id}": get,
    "POST /v1/payment_intents/{id}": update,
    "POST /v1/payment_intents/{id}/confirm": confirm,
    "POST /v1/payment_intents/{id}/capture": capture,
    "POST /v1/payment_intents/{id}/cancel": cancel,
}
