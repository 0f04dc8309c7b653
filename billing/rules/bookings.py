"""What each kind of fact books: one function per kind, from amounts to legs. The only place that says debit and credit.

`provider` is whose system moved the money, `owner` the connected account whose money it is, None for ours. What a
connected account earns or loses is not our income or expense, but more or less that the payee has coming (`payable`).
"""

from __future__ import annotations

from billing.rules.chart import code
from billing.rules.journal import Leg, moved

Legs = tuple[Leg, ...]


def charge(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """A payer's money has come in, before all fees."""
    return moved(_balance(provider, owner), _ours(provider, owner, "sales"), amount_minor, currency)


def bank_transfer(provider: str, amount_minor: int, currency: str) -> Legs:
    """Somebody saw the money on our bank account (PAY-8)."""
    return moved(code(provider, None, "bank"), code(provider, None, "sales"), amount_minor, currency)


def bank_refund(provider: str, amount_minor: int, currency: str) -> Legs:
    """Our own people sent a payer's bank transfer back, wholly or in part; booked as `refund`. The bank returned it: negative."""
    return moved(code(provider, None, "refunds"), code(provider, None, "bank"), amount_minor, currency)


def carried_over(provider: str, amount_minor: int, currency: str) -> Legs:
    """A customer owes an amount too small to charge (PAY-17); negative when it was taken into a payment, which books all."""
    return moved(code(provider, None, "customer_receivable"), code(provider, None, "sales"), amount_minor, currency)


def processor_fee(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """The provider took its fee, or gave it back (negative)."""
    return moved(_ours(provider, owner, "processor_fees"), _balance(provider, owner), amount_minor, currency)


def application_fee(provider: str, payer: str, amount_minor: int, currency: str) -> Legs:
    """Our share of a connected account's charge: the money, and whose it is now."""
    return (
        *moved(_balance(provider, None), _balance(provider, payer), amount_minor, currency),
        *moved(code(provider, payer, "payable"), code(provider, None, "application_fees"), amount_minor, currency),
    )


def application_fee_refund(provider: str, payer: str, amount_minor: int, currency: str) -> Legs:
    """So much of our share was given back, in all."""
    return (
        *moved(_balance(provider, payer), _balance(provider, None), amount_minor, currency),
        *moved(
            code(provider, None, "application_fee_refunds"), code(provider, payer, "payable"), amount_minor, currency
        ),
    )


def refund(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """Money went back to a payer. One that fails later is taken back as `refund_failure`."""
    return moved(_ours(provider, owner, "refunds"), _balance(provider, owner), amount_minor, currency)


def transfer(provider: str, destination: str, amount_minor: int, currency: str) -> Legs:
    """A payee's share moved to its account."""
    return (
        *moved(_balance(provider, destination), _balance(provider, None), amount_minor, currency),
        *moved(code(provider, None, "payee_share"), code(provider, destination, "payable"), amount_minor, currency),
    )


def transfer_reversal(provider: str, destination: str, amount_minor: int, currency: str) -> Legs:
    """So much of a payee's share was taken back, in all."""
    return transfer(provider, destination, -amount_minor, currency)


def share(provider: str, account: str, amount_minor: int, currency: str) -> Legs:
    """A payee's share of money that stays in our balance until it is paid out (PayPal), or what of it was taken back (negative)."""
    return moved(code(provider, None, "payee_share"), code(provider, account, "payable"), amount_minor, currency)


def payout(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """Money left the balance for a bank; negative where the provider draws from the bank."""
    return moved(code(provider, owner, "in_transit"), _balance(provider, owner), amount_minor, currency)


def payout_paid(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """It arrived: on our bank, or at a connected account's owner, who has so much less coming."""
    arrived = code(provider, owner, "payable" if owner else "bank")
    return moved(arrived, code(provider, owner, "in_transit"), amount_minor, currency)


def payee_paid(provider: str, payee: str | None, amount_minor: int, currency: str) -> Legs:
    """A payout from our own balance (PayPal) arrived at a payee; of one that we do not know, it is an expense by itself."""
    arrived = code(provider, payee, "payable") if payee else code(provider, None, "payee_share")
    return moved(arrived, code(provider, None, "in_transit"), amount_minor, currency)


def dispute_withdrawn(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """So much was withdrawn for a dispute, in all (DISPUTE-4)."""
    return moved(code(provider, owner, "disputes_held"), _balance(provider, owner), amount_minor, currency)


def dispute_reinstated(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """So much came back, in all."""
    return dispute_withdrawn(provider, owner, -amount_minor, currency)


def dispute_lost(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """A lost dispute: what was withdrawn and did not come back is held no longer, it is gone."""
    return moved(
        _ours(provider, owner, "disputes_lost"), code(provider, owner, "disputes_held"), amount_minor, currency
    )


def dispute_fee(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """What the provider takes for the dispute, less what it gave back of that."""
    return moved(_ours(provider, owner, "dispute_fees"), _balance(provider, owner), amount_minor, currency)


def receivable(provider: str, account: str, amount_minor: int, currency: str) -> Legs:
    """A payee's part of a refund that could not be taken back: it owes us (REFUND-4)."""
    return moved(code(provider, account, "receivable"), code(provider, None, "payee_share"), amount_minor, currency)


def netting(provider: str, account: str, amount_minor: int, currency: str) -> Legs:
    """What it owed was kept back from a later share."""
    return receivable(provider, account, -amount_minor, currency)


def fee_claim(provider: str, amount_minor: int, currency: str) -> Legs:
    """Our share that was not taken as agreed, and that the payee owes (`receivable`): it is our fee, no share of his that came back."""
    return moved(code(provider, None, "payee_share"), code(provider, None, "application_fees"), amount_minor, currency)


def fee_leakage(provider: str, amount_minor: int, currency: str) -> Legs:
    """Our share that was not taken as agreed, and is given up; negative: more was taken, and it is kept."""
    return moved(code(provider, None, "fee_leakage"), code(provider, None, "application_fees"), amount_minor, currency)


def unapplied(provider: str, amount_minor: int, currency: str) -> Legs:
    """So much of what came in pays for nothing yet: it is no sale, it is the payer's."""
    return moved(code(provider, None, "sales"), code(provider, None, "unapplied"), amount_minor, currency)


def write_off(provider: str, account: str, amount_minor: int, currency: str) -> Legs:
    """What it owed is given up."""
    return moved(code(provider, None, "write_offs"), code(provider, account, "receivable"), amount_minor, currency)


def write_off_recalled(provider: str, account: str, amount_minor: int, currency: str) -> Legs:
    """What was given up stands again: what he owed it for came back to us, and is passed on to him."""
    return write_off(provider, account, -amount_minor, currency)


def conversion(provider: str, owner: str | None, said: tuple[int, str], settled: tuple[int, str]) -> Legs:
    """A fact in one currency came to the balance in another: what was booked moves there, exactly as the provider says.

    Args:
        provider: whose balance.
        owner: the connected account, None for the platform.
        said: (signed amount, currency) as the fact booked it; positive came in.
        settled: (signed amount, currency) as the balance got it.
    """
    fx, balance = code(provider, owner, "fx"), _balance(provider, owner)
    return (*moved(fx, balance, *said), *moved(balance, fx, *settled))


def reserved(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """The provider put so much of the balance back as a reserve, or released it (positive: the balance grew)."""
    return moved(_balance(provider, owner), code(provider, owner, "reserve"), amount_minor, currency)


def topped_up(provider: str, amount_minor: int, currency: str) -> Legs:
    """Our own bank's money came to the balance, or went back."""
    return moved(_balance(provider, None), code(provider, None, "bank"), amount_minor, currency)


def unexplained(provider: str, owner: str | None, amount_minor: int, currency: str) -> Legs:
    """The balance moved (positive: grew), and no fact that we know of says why."""
    return moved(_balance(provider, owner), code(provider, owner, "suspense"), amount_minor, currency)


def _balance(provider: str, owner: str | None) -> str:
    return code(provider, owner, "balance")


def _ours(provider: str, owner: str | None, name: str) -> str:
    return code(provider, owner, "payable") if owner else code(provider, None, name)
