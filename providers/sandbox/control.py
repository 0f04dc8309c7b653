"""What banks, payers and Stripe itself do, for tests and people: the control client of the stand-in of Stripe."""

from __future__ import annotations

from typing import Any

from providers.sandbox.remote import Json, Remote, SandboxRefused

__all__ = ["Control", "SandboxRefused"]


class Control(Remote):
    """The control API of the stand-in at `base`. Amounts are minor units; objects are Stripe's, as plain dicts."""

    def dispute(self, charge: str, **more: Any) -> Json:
        """A payer disputes a charge: amount=, reason=, status="warning_needs_response", withdraw=False."""
        return dict(self.do("dispute", charge=charge, **more))

    def end_dispute(self, dispute: str, status: str, *, amount: int | None = None) -> Json:
        """won, lost, warning_closed or prevented; won with an `amount` gives back only that."""
        return dict(self.do("end_dispute", dispute=dispute, status=status, amount=amount))

    def fraud_warning(self, charge: str) -> Json:
        """The card's network suspects a fraud."""
        return dict(self.do("fraud_warning", charge=charge))

    def bill(self, amount: int, currency: str, *, account: str | None = None) -> Json:
        """Stripe takes a fee of its own; the balance transaction."""
        return dict(self.do("bill", amount=amount, currency=currency, account=account))

    def fail_refund(self, refund: str, reason: str = "lost_or_stolen_card") -> Json:
        """The refund comes back from the bank."""
        return dict(self.do("end_refund", refund=refund, fails=True, reason=reason))

    def settle_refund(self, refund: str) -> Json:
        """A pending refund has arrived."""
        return dict(self.do("end_refund", refund=refund, fails=False))

    def pay_payout(self, payout: str) -> Json:
        """The payout arrives (or fails, at one of the test bank accounts)."""
        return dict(self.do("pay_payout", payout=payout))

    def fail_payout(self, payout: str, code: str = "account_closed") -> Json:
        """The payout comes back, also after it was paid."""
        return dict(self.do("fail_payout", payout=payout, code=code))

    def automatic_payouts(self, account: str | None = None) -> list[Json]:
        """Pay out now what is available, one payout per currency, with reconciliation."""
        return list(self.do("payouts", account=account))

    def complete_checkout(self, session: str, payment_method: str = "pm_card_visa") -> Json:
        """The payer pays."""
        return dict(self.do("complete_checkout", session=session, payment_method=payment_method))

    def finish_payment(self, payment_intent: str, *, succeeds: bool = True) -> Json:
        """A payment in process (bank debit) ends."""
        return dict(self.do("finish_payment", payment_intent=payment_intent, succeeds=succeeds))

    def authenticate(self, payment_intent: str, *, succeeds: bool = True) -> Json:
        """The payer answers the bank's question."""
        return dict(self.do("authenticate", payment_intent=payment_intent, succeeds=succeeds))

    def onboard(self, account: str) -> Json:
        """A connected account becomes able to do everything."""
        return dict(self.do("onboard", account=account))

    def restrict(self, account: str, reason: str = "requirements.past_due") -> Json:
        """Stripe stops its payouts."""
        return dict(self.do("restrict", account=account, reason=reason))

    def top_up(self, amount: int, currency: str, *, account: str | None = None) -> Json:
        """Available money from nowhere."""
        return dict(self.do("top_up", amount=amount, currency=currency, account=account))

    # Short cuts for tests' beginnings

    def ready_account(self, country: str = "DE", *, currency: str | None = None, **params: Any) -> str:
        """A connected account that can do everything; its id."""
        asked: Json = {"type": "express", "country": country, "capabilities": {"transfers": {"requested": "true"}}, **params}
        if currency:
            asked["default_currency"] = currency
        account = str(self.api("POST", "/v1/accounts", asked)["id"])
        self.onboard(account)
        return account

    def paid(self, amount: int, currency: str = "eur", **params: Any) -> Json:
        """A payment that went through, made in the dashboard; the payment intent (`latest_charge` is its charge)."""
        asked: Json = {"amount": amount, "currency": currency, "payment_method": "pm_card_visa", "confirm": True, **params}
        return self.api("POST", "/v1/payment_intents", asked)
