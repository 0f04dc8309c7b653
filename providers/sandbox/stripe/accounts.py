"""Connected accounts, their onboarding links and bank accounts."""

from __future__ import annotations

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.lists import PAGING, page, wrap
from providers.sandbox.stripe.problems import Json, wrong
from providers.sandbox.stripe.world import PLATFORM, World

_KNOWN = (
    "business_profile", "business_type", "capabilities", "company", "controller", "country", "default_currency", "email",
    "external_account", "individual", "settings", "tos_acceptance", "type",
)  # fmt: skip
_CURRENCY = {"JP": "jpy", "US": "usd", "GB": "gbp", "RO": "ron", "CH": "chf", "PL": "pln", "HU": "huf", "KW": "kwd"}
_DUE = ["business_profile.url", "external_account", "tos_acceptance.date"]
BANK_FAILURES = {"1116": "no_account", "1113": "account_closed", "2227": "insufficient_funds", "3335": "debit_not_authorized",
                 "4440": "invalid_currency"}  # fmt: skip
"""The last digits of Stripe's test bank accounts -> why a payout to one fails."""


def create(world: World, call: Call) -> Json:
    """`POST /v1/accounts`: able to do nothing until it is onboarded (`accounts_ready` makes it able at once)."""
    call.only(*_KNOWN)
    country = str(call.text("country", "DE"))
    account = world.base("account", "acct")
    del account["livemode"]
    external: Json = wrap([], f"/v1/accounts/{account['id']}/external_accounts")
    asked = call.inner("settings").get("payouts", {}).get("schedule", {})
    account |= {
        "business_profile": call.inner("business_profile") or None, "business_type": call.text("business_type"),
        "capabilities": dict.fromkeys(call.inner("capabilities") or {"transfers": {}}, "inactive"), "charges_enabled": False,
        "controller": {"type": "application"}, "country": country,
        "default_currency": call.text("default_currency", _CURRENCY.get(country, "eur")),
        "details_submitted": False, "email": call.text("email"), "external_accounts": external, "metadata": call.metadata(),
        "future_requirements": _requirements([]), "payouts_enabled": False, "requirements": _requirements(_DUE),
        "settings": {"payouts": {"schedule": {"delay_days": 2, "interval": asked.get("interval", "manual")}}},
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None}, "type": call.text("type", "express"),
    }  # fmt: skip
    world.add(account)
    if world.config.accounts_ready:
        onboard(world, account)
    return account


def onboard(world: World, account: Json) -> None:
    """The account's holder has told all that Stripe wants: everything is enabled, with a bank account."""
    if not account["external_accounts"]["data"]:
        _bank(world, account, {"account_number": "000123456789", "country": account["country"], "currency": account["default_currency"]})
    active = dict.fromkeys(account["capabilities"], "active")
    before = change(account, charges_enabled=True, details_submitted=True, payouts_enabled=True, capabilities=active,
                    requirements=_requirements([]))  # fmt: skip
    emit(world, "account.updated", account, owner=account["id"], previous=before)


def restrict(world: World, account: Json, reason: str, due: list[str]) -> None:
    """Stripe no longer pays the account out, until what is due is told."""
    before = change(account, payouts_enabled=False, requirements=_requirements(due, reason))
    emit(world, "account.updated", account, owner=account["id"], previous=before)


def get(world: World, call: Call) -> Json:
    """`GET /v1/accounts/{id}`."""
    return world.get("account", call.at["id"])


def own(world: World, call: Call) -> Json:
    """`GET /v1/account`: whose key it is."""
    if call.account:
        return world.get("account", call.account)
    return {"id": PLATFORM, "object": "account", "charges_enabled": True, "country": "DE", "created": world.now(),
            "default_currency": "eur", "details_submitted": True, "email": None, "metadata": {}, "payouts_enabled": True,
            "type": "standard"}  # fmt: skip


def listed(world: World, call: Call) -> Json:
    """`GET /v1/accounts`."""
    call.only(*PAGING)
    return page(world, call, "account")


def update(world: World, call: Call) -> Json:
    """`POST /v1/accounts/{id}`."""
    call.only(*_KNOWN)
    account = world.get("account", call.at["id"])
    values: Json = {name: call.text(name) for name in ("email", "business_type", "default_currency") if name in call.params}
    interval = call.inner("settings").get("payouts", {}).get("schedule", {}).get("interval")
    if interval is not None:
        values["settings"] = {"payouts": {"schedule": {"delay_days": 2, "interval": interval}}}
    before = change(account, **values, metadata=merged(account, call))
    if before:
        emit(world, "account.updated", account, owner=account["id"], previous=before)
    return account


def link(world: World, call: Call) -> Json:
    """`POST /v1/account_links`: an address for onboarding, for five minutes."""
    call.only("account", "collect", "collection_options", "refresh_url", "return_url", "type")
    account = world.get("account", call.needed("account"), param="account")
    call.needed("type")
    address = f"https://connect.sandbox.invalid/setup/s/{account['id']}/{world.fresh('al')}"
    return {"object": "account_link", "created": world.now(), "expires_at": world.now() + 300, "url": address}


def login_link(world: World, call: Call) -> Json:
    """`POST /v1/accounts/{id}/login_links`: for Express accounts."""
    account = world.get("account", call.at["id"])
    return {"object": "login_link", "created": world.now(), "url": f"https://connect.sandbox.invalid/express/{account['id']}"}


def add_bank(world: World, call: Call) -> Json:
    """`POST /v1/accounts/{id}/external_accounts`."""
    call.only("external_account", "default_for_currency")
    account = world.get("account", call.at["id"])
    return _bank(world, account, call.params.get("external_account"))


def _bank(world: World, account: Json, told: object) -> Json:
    given = told if isinstance(told, dict) else {"account_number": str(told or "000123456789")[-12:]}
    number = str(given.get("account_number", ""))
    if not number:
        raise wrong("Missing required param: external_account.", "external_account", "parameter_missing")
    bank = world.base("bank_account", "ba")
    del bank["livemode"], bank["created"]
    currency = str(given.get("currency", account["default_currency"])).lower()
    held = account["external_accounts"]
    bank |= {
        "account": account["id"], "account_holder_name": None, "account_holder_type": "individual", "account_type": None,
        "available_payout_methods": ["standard"], "bank_name": "SANDBOX BANK", "country": given.get("country", account["country"]),
        "currency": currency, "default_for_currency": all(other["currency"] != currency for other in held["data"]),
        "fingerprint": f"fp{number[-4:]}", "last4": number[-4:], "routing_number": None, "status": "new",
    }  # fmt: skip
    world.add(bank, account["id"])
    account["external_accounts"] = {**held, "data": [*held["data"], bank]}
    emit(world, "account.external_account.created", bank, owner=account["id"])
    return bank


def remove_bank(world: World, call: Call) -> Json:
    """`DELETE /v1/accounts/{id}/external_accounts/{bank}`."""
    account = world.get("account", call.at["id"])
    bank = world.get("bank_account", call.at["bank"], account["id"])
    held = account["external_accounts"]
    account["external_accounts"] = {**held, "data": [row for row in held["data"] if row["id"] != bank["id"]]}
    emit(world, "account.external_account.deleted", bank, owner=account["id"])
    return {"id": bank["id"], "object": "bank_account", "deleted": True}


def banks(world: World, call: Call) -> Json:
    """`GET /v1/accounts/{id}/external_accounts`."""
    held: Json = world.get("account", call.at["id"])["external_accounts"]
    return held


def _requirements(due: list[str], reason: str | None = None) -> Json:
    return {
        "alternatives": [], "current_deadline": None, "currently_due": due,
        "disabled_reason": reason or ("requirements.past_due" if due else None),
        "errors": [], "eventually_due": due, "past_due": due, "pending_verification": [],
    }  # fmt: skip


ROUTES = {
    "POST /v1/accounts": create,
    "GET /v1/accounts": listed,
    "GET /v1/account": own,
    "GET /v1/accounts/{id}": get,
    "POST /v1/accounts/{id}": update,
    "POST /v1/account_links": link,
    "POST /v1/accounts/{id}/login_links": login_link,
    "POST /v1/accounts/{id}/external_accounts": add_bank,
    "GET /v1/accounts/{id}/external_accounts": banks,
    "DELETE /v1/accounts/{id}/external_accounts/{bank}": remove_bank,
}
