"""Checkout sessions of payment, set-up and subscription mode; the payer's part is played by the control API."""

from __future__ import annotations

from providers.sandbox.stripe import payment_intents
from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.catalogue import price_of, subscribe
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.lists import PAGING, equal, page, wrap
from providers.sandbox.stripe.methods import behaviour, resolve
from providers.sandbox.stripe.problems import Json, refused, wrong
from providers.sandbox.stripe.world import World

_KNOWN = (
    "allow_promotion_codes", "automatic_tax", "billing_address_collection", "cancel_url", "client_reference_id", "currency", "customer",
    "customer_creation", "customer_email", "customer_update", "discounts", "expires_at", "invoice_creation", "line_items", "locale",
    "mode", "payment_intent_data", "payment_method_types", "phone_number_collection", "return_url", "saved_payment_method_options",
    "setup_intent_data", "subscription_data", "submit_type", "success_url", "tax_id_collection", "ui_mode",
)  # fmt: skip
_DAY_S = 86400


def create(world: World, call: Call) -> Json:
    """`POST /v1/checkout/sessions`."""
    call.only(*_KNOWN)
    mode = call.one_of("mode", ("payment", "setup", "subscription"))
    if mode is None:
        raise wrong("Missing required param: mode.", "mode", "parameter_missing")
    if call.text("customer"):
        world.get("customer", call.needed("customer"), call.account, param="customer")
    session = world.base("checkout.session", "cs_test")
    lines = [_line(world, item) for item in call.items("line_items")]
    if mode != "setup" and not lines:
        raise wrong("You must specify either `amount` or `line_items`.", "line_items")
    total = sum(line["amount_total"] for line in lines)
    currency = lines[0]["currency"] if lines else call.text("currency")
    until = call.whole("expires_at") or world.now() + _DAY_S
    if not world.now() + 1700 <= until <= world.now() + _DAY_S + 60:
        raise wrong("The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.", "expires_at")
    session |= {
        "amount_subtotal": total if lines else None, "amount_total": total if lines else None, "cancel_url": call.text("cancel_url"),
        "client_reference_id": call.text("client_reference_id"), "client_secret": None, "currency": currency,
        "customer": call.text("customer"),
        "customer_details": None, "customer_email": call.text("customer_email"), "expires_at": until, "invoice": None, "livemode": False,
        "locale": None, "metadata": call.metadata(), "mode": mode, "payment_intent": None, "payment_link": None, "setup_intent": None,
        "payment_method_types": call.items("payment_method_types") or ["card"], "status": "open", "subscription": None,
        "payment_status": "no_payment_required" if mode == "setup" or not total else "unpaid", "success_url": call.text("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}, "ui_mode": "hosted",
        "url": f"https://checkout.sandbox.invalid/c/pay/{session['id']}",
    }  # fmt: skip
    if mode == "payment":
        # Refuse now what would be refused when the payer is there.
        payment_intents.new(world, _intent_call(session, call.inner("payment_intent_data")), call.account)
    world.hidden[session["id"]] = {
        "lines": lines, "payment": call.inner("payment_intent_data"), "subscription": call.inner("subscription_data"),
    }  # fmt: skip
    world.timers[session["id"]] = {"due": until}
    return world.add(session, call.account)


def _line(world: World, item: Json) -> Json:
    price = price_of(world, item)
    quantity = int(item.get("quantity", 1))
    amount = price["unit_amount"] * quantity
    return {
        "id": world.fresh("li"), "object": "item", "amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0, "amount_total": amount,
        "currency": price["currency"], "description": None, "price": price, "quantity": quantity,
    }  # fmt: skip


def _intent_call(session: Json, data: Json) -> Call:
    params = {**data, "amount": str(session["amount_total"]), "currency": session["currency"]}
    if session["customer"]:
        params["customer"] = session["customer"]
    return Call("POST", "/v1/payment_intents", params)


def complete(world: World, session: Json, owner: str | None, method_name: str) -> Json:
    """The payer pays with that method. Declined: the session stays open for another one.

    Raises:
        Problem: declined, or the session is not open.
    """
    if session["status"] != "open":
        raise refused(f"The session is {session['status']}.")
    hidden = world.hidden[session["id"]]
    if session["customer"] is None:
        customer = world.base("customer", "cus") | {"email": session["customer_email"], "name": None}
        customer["invoice_settings"] = {"default_payment_method": None}
        world.add(customer, owner)
        session["customer"] = customer["id"]
        emit(world, "customer.created", customer, owner=owner)
    values: Json = {"status": "complete", "customer_details": {"email": session["customer_email"], "name": None}}
    if session["mode"] == "payment":
        values |= _pay(world, session, owner, method_name, hidden)
    elif session["mode"] == "subscription":
        values |= subscribe(world, session, owner, hidden)
    world.timers.pop(session["id"], None)
    change(session, **values)
    emit(world, "checkout.session.completed", session, owner=owner)
    return session


def _pay(world: World, session: Json, owner: str | None, method_name: str, hidden: Json) -> Json:
    intent = world.find("payment_intent", session["payment_intent"], owner) if session["payment_intent"] else None
    if intent is None:
        intent = payment_intents.new(world, _intent_call(session, hidden["payment"]), owner)
        intent["customer"] = session["customer"]
        world.add(intent, owner)
        session["payment_intent"] = intent["id"]
        emit(world, "payment_intent.created", intent, owner=owner)
    method = resolve(world, method_name, owner, session["customer"])
    payment_intents.confirmed(world, intent, method, owner, authenticated=True)
    if behaviour(world, method).settles:
        world.timers[intent["id"]]["session"] = session["id"]
    return {"payment_status": "paid" if intent["status"] == "succeeded" else "unpaid"}


def told_later(world: World, intent: Json, owner: str | None, session_id: str) -> None:
    """A payment that took days has ended; the checkout that waited for it says so."""
    session = world.get("checkout.session", session_id, owner)
    paid = intent["status"] == "succeeded"
    change(session, payment_status="paid" if paid else "unpaid")
    emit(world, f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session, owner=owner)


def expire(world: World, call: Call) -> Json:
    """`POST /v1/checkout/sessions/{id}/expire`."""
    call.only()
    session = world.get("checkout.session", call.at["id"], call.account)
    if session["status"] != "open":
        raise refused(f"Only Checkout Sessions that are open can be expired. This Checkout Session has a status of {session['status']}.")
    ended(world, session, call.account)
    return session


def ended(world: World, session: Json, owner: str | None) -> None:
    """Nobody can pay it any more."""
    world.timers.pop(session["id"], None)
    change(session, status="expired", url=None)
    emit(world, "checkout.session.expired", session, owner=owner)


def get(world: World, call: Call) -> Json:
    """`GET /v1/checkout/sessions/{id}`."""
    return world.get("checkout.session", call.at["id"], call.account)


def listed(world: World, call: Call) -> Json:
    """`GET /v1/checkout/sessions`."""
    return page(world, call, "checkout.session", equal(call, "customer", "payment_intent", "subscription", "status"))


def lines_of(world: World, call: Call) -> Json:
    """`GET /v1/checkout/sessions/{id}/line_items`."""
    call.only(*PAGING)
    session = world.get("checkout.session", call.at["id"], call.account)
    return wrap(world.hidden[session["id"]]["lines"], call.path)


ROUTES = {
    "POST /v1/checkout/sessions": create,
    "GET /v1/checkout/sessions": listed,
    "GET /v1/checkout/sessions/{id}": get,
    "POST /v1/checkout/sessions/{id}/expire": expire,
    "GET /v1/checkout/sessions/{id}/line_items": lines_of,
}
