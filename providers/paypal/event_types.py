"""The event types that PayPal sends and Bursar knows, and why some of them are stored without being processed.

The `*.FETCHED` and `answer.*` types are our own: what PayPal answered to a look-up or a submission enters the inbox under them.
"""

from __future__ import annotations

from providers.paypal.operations import OPERATIONS

_PAYMENTS = (
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.SALE.COMPLETED",
    "PAYMENT.SALE.PENDING",
    "PAYMENT.SALE.DENIED",
    "PAYMENT.SALE.REFUNDED",
    "PAYMENT.SALE.REVERSED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.AUTHORIZATION.VOIDED",
    "PAYMENT.ORDER.CREATED",
    "PAYMENT.ORDER.CANCELLED",
)
_CHECKOUT = (
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.COMPLETED",
    "CHECKOUT.ORDER.PROCESSED",
    "CHECKOUT.ORDER.SAVED",
    "CHECKOUT.ORDER.VOIDED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "CHECKOUT.CHECKOUT.BUYER-APPROVED",
)
_BILLING = (
    *(
        f"BILLING.SUBSCRIPTION.{change}"
        for change in (
            "CREATED",
            "ACTIVATED",
            "UPDATED",
            "RE-ACTIVATED",
            "EXPIRED",
            "CANCELLED",
            "SUSPENDED",
            "PAYMENT.FAILED",
        )
    ),
    *(f"BILLING.PLAN.{change}" for change in ("CREATED", "UPDATED", "ACTIVATED", "DEACTIVATED")),
    "BILLING.PLAN.PRICING-CHANGE.ACTIVATED",
    "CATALOG.PRODUCT.CREATED",
    "CATALOG.PRODUCT.UPDATED",
)
_DISPUTES = (
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.UPDATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "RISK.DISPUTE.CREATED",
)
_PAYOUTS = (
    *(f"PAYMENT.PAYOUTSBATCH.{change}" for change in ("PROCESSING", "SUCCESS", "DENIED")),
    *(
        f"PAYMENT.PAYOUTS-ITEM.{change}"
        for change in (
            "SUCCEEDED",
            "FAILED",
            "DENIED",
            "BLOCKED",
            "HELD",
            "CANCELED",
            "REFUNDED",
            "RETURNED",
            "UNCLAIMED",
        )
    ),
)
_INVOICING = tuple(
    f"INVOICING.INVOICE.{change}" for change in ("CREATED", "SCHEDULED", "UPDATED", "PAID", "CANCELLED", "REFUNDED")
)

FETCHED: tuple[str, ...] = (
    "CAPTURE.FETCHED",
    "SALE.FETCHED",
    "REFUND.FETCHED",
    "SUBSCRIPTION.FETCHED",
    "DISPUTE.FETCHED",
    "PAYOUTS-ITEM.FETCHED",
    "PAYOUTS-BATCH.FETCHED",
    "ORDER.FETCHED",
)

NOT_FOUND = "ABSENT.FETCHED"
"""What enters the inbox when a look-up that says so (`absent` in its payload) finds that there is no such object."""

ANSWERED = tuple(sorted({operation.kind for operation in OPERATIONS.values()}))
"""Kinds of objects that our own submissions are answered with, as `answer.<kind>`."""

EVENT_TYPES: tuple[str, ...] = (
    *_PAYMENTS,
    *_CHECKOUT,
    *_BILLING,
    *_DISPUTES,
    *_PAYOUTS,
    *_INVOICING,
    *FETCHED,
    NOT_FOUND,
    *(f"answer.{kind}" for kind in ANSWERED),
)

IGNORED: dict[str, str] = {
    "PAYMENT.AUTHORIZATION.*": "an authorization moves no money; its capture has events of its own",
    "PAYMENT.ORDER.*": "orders of the v1 API, which Bursar never makes; their sales have events of their own",
    "CHECKOUT.ORDER.PROCESSED": "an order on its way between approved and completed; both of these are recorded",
    "CHECKOUT.ORDER.SAVED": "an order kept for later moves no money; its captures have events of their own",
    "CHECKOUT.ORDER.VOIDED": "a saved order given up; it never moved money",
    "CHECKOUT.CHECKOUT.BUYER-APPROVED": "the v1 twin of CHECKOUT.ORDER.APPROVED, for orders that Bursar never makes",
    "BILLING.PLAN.*": "plans are defined on our side (price versions) and pushed to PayPal, never taken from it",
    "CATALOG.PRODUCT.*": "products are defined on our side and pushed to PayPal, never taken from it",
    "RISK.DISPUTE.CREATED": "retired by PayPal; CUSTOMER.DISPUTE.CREATED tells the same",
    "PAYMENT.PAYOUTSBATCH.*": "money moves by item, and each item has events of its own that name the batch",
    "INVOICING.INVOICE.*": "invoices are issued by Bursar; what pays one made at PayPal is a capture or sale, recorded",
}
