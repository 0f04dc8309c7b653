"""The journal's rules: legs balance, differences lead to what is wanted, and every kind books what it should."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import bookings
from billing.rules.chart import CHART, code, read
from billing.rules.journal import Leg, booked_legs, difference, effect, moved, next_leg, sums, undone, with_booked

_ACCOUNTS = st.sampled_from(["stripe:balance", "stripe:sales", "stripe:acct_1:balance", "stripe:acct_1:payable"])
_LEGS = st.lists(
    st.builds(
        lambda pair, amount, currency: moved(pair[0], pair[1], amount, currency),
        st.tuples(_ACCOUNTS, _ACCOUNTS).filter(lambda pair: pair[0] != pair[1]),
        st.integers(-(10**12), 10**12),
        st.sampled_from(["EUR", "JPY", "KWD"]),
    ),
    max_size=8,
).map(lambda parts: [leg for part in parts for leg in part])

_BY_OWNER: tuple[Callable[[str, str | None, int, str], tuple[Leg, ...]], ...] = (
    bookings.charge, bookings.processor_fee, bookings.refund, bookings.payout, bookings.payout_paid,
    bookings.dispute_withdrawn, bookings.dispute_reinstated, bookings.dispute_lost, bookings.dispute_fee,
    bookings.reserved, bookings.unexplained, bookings.payee_paid,
)  # fmt: skip
_OF_PAYEE: tuple[Callable[[str, str, int, str], tuple[Leg, ...]], ...] = (
    bookings.application_fee, bookings.application_fee_refund, bookings.transfer, bookings.transfer_reversal,
    bookings.receivable, bookings.netting, bookings.write_off, bookings.write_off_recalled, bookings.share,
)  # fmt: skip
_OURS: tuple[Callable[[str, int, str], tuple[Leg, ...]], ...] = (
    bookings.bank_transfer, bookings.bank_refund, bookings.carried_over, bookings.topped_up, bookings.fee_claim, bookings.fee_leakage,
    bookings.unapplied,
)  # fmt: skip


@given(_LEGS)
def test_whatever_is_booked_balances_in_each_currency(legs: list[Leg]) -> None:
    """Debits equal credits: of one leg by its form, so of all."""
    for currency in ("EUR", "JPY", "KWD"):
        assert sum(amount for (_, of), amount in effect(legs).items() if of == currency) == 0
    assert not effect([*legs, *undone(legs)])


@given(st.lists(_LEGS, max_size=5))
def test_booking_differences_step_by_step_ends_where_the_last_word_does(steps: list[list[Leg]]) -> None:
    """Whatever a row said on the way, the legs written add up to what it says in the end."""
    booked: dict[str, object] = {}
    written: list[Leg] = []
    for wanted in steps:
        legs = difference(wanted, booked_legs(booked, "kind"))
        booked = with_booked(booked, "kind", legs)
        written += legs
        assert difference(wanted, booked_legs(booked, "kind")) == ()
    assert sums(written) == sums(steps[-1] if steps else [])
    assert next_leg(booked, "kind") == len(written)


@given(st.permutations([1, 300, 333, 999, 1000]), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_cumulative_amounts_come_to_the_same_in_any_order(told: list[int], currency: str) -> None:
    """Amounts reversed so far, told in any order and merged by maximum, end in one reversal of 1000."""
    booked: dict[str, object] = {}
    reached = 0
    for amount in told:
        reached = max(reached, amount)
        legs = bookings.transfer_reversal("stripe", "acct_1", reached, currency)
        booked = with_booked(booked, "reversal", difference(legs, booked_legs(booked, "reversal")))
    assert effect(booked_legs(booked, "reversal")) == effect(
        bookings.transfer_reversal("stripe", "acct_1", 1000, currency)
    )


@given(st.integers(-(10**15), 10**15), st.sampled_from([None, "acct_1"]))
def test_each_kind_books_exactly_its_amount(amount: int, owner: str | None) -> None:
    """To the unit, on accounts that the chart has; a negative amount is the same the other way round."""
    for rule in _BY_OWNER:
        _exact(rule("stripe", owner, amount, "EUR"), rule("stripe", owner, -amount, "EUR"), amount)
    for passed_on in _OF_PAYEE:
        _exact(passed_on("stripe", "acct_1", amount, "EUR"), passed_on("stripe", "acct_1", -amount, "EUR"), amount)
    for ours in _OURS:
        _exact(ours("stripe", amount, "EUR"), ours("stripe", -amount, "EUR"), amount)


def _exact(legs: tuple[Leg, ...], opposite: tuple[Leg, ...], amount: int) -> None:
    assert {leg.amount_minor for leg in legs} == ({abs(amount)} if amount else set())
    assert not effect([*legs, *opposite])
    for leg in legs:
        assert {read(leg.debit).provider, read(leg.credit).provider} == {"stripe"}


def test_every_rule_that_books_is_looked_at_here() -> None:
    """A new kind must join one of the lists above; `conversion` has a test of its own."""
    public = {name for name, one in vars(bookings).items() if inspect.isfunction(one) and one.__module__ == bookings.__name__}
    known = {rule.__name__ for rule in (*_BY_OWNER, *_OF_PAYEE, *_OURS)} | {"conversion"}
    assert {name for name in public if not name.startswith("_")} == known


def test_a_conversion_moves_what_was_booked_to_the_other_currency_exactly() -> None:
    """100 euros became 110.23 dollars: the balance has dollars and no euros, and each currency balances by itself."""
    legs = [
        *bookings.charge("stripe", None, 10_000, "EUR"),
        *bookings.conversion("stripe", None, (10_000, "EUR"), (11_023, "USD")),
    ]
    assert effect(legs) == {
        ("stripe:sales", "EUR"): -10_000,
        ("stripe:fx", "EUR"): 10_000,
        ("stripe:balance", "USD"): 11_023,
        ("stripe:fx", "USD"): -11_023,
    }


def test_a_payee_has_coming_what_its_balance_holds() -> None:
    """Through transfer, reversal, fee and payout, `payable` is the account's balance and what is in transit."""
    legs = [
        *bookings.transfer("stripe", "acct_1", 9_000, "EUR"),
        *bookings.transfer_reversal("stripe", "acct_1", 1_001, "EUR"),
        *bookings.application_fee("stripe", "acct_1", 450, "EUR"),
        *bookings.payout("stripe", "acct_1", 5_000, "EUR"),
    ]
    found = effect(legs)
    held = found["stripe:acct_1:balance", "EUR"] + found["stripe:acct_1:in_transit", "EUR"]
    assert held == -found["stripe:acct_1:payable", "EUR"] == 9_000 - 1_001 - 450


@pytest.mark.parametrize(("amount", "debit", "credit"), [(0, "a", "b"), (-1, "a", "b"), (1, "a", "a")])
def test_no_leg_moves_nothing_or_nowhere(amount: int, debit: str, credit: str) -> None:
    """Refused where it is made."""
    with pytest.raises(ValueError, match="leg moves"):
        Leg(debit, credit, amount, "EUR")


def test_codes_are_read_back_and_others_refused() -> None:
    """Every line of the chart has a code for whoever may own it, and none for others."""
    for account in CHART:
        owners = {"platform": (None,), "account": ("a:b c%@d.e",), "both": (None, "acct_1")}[account.scope]
        for owner in owners:
            named = read(code("stripe", owner, account.name))
            assert (named.provider, named.owner, named.account) == ("stripe", owner, account)
    refused = [("stripe", None, "payable"), ("stripe", "acct_1", "sales"), ("stripe", None, "cash")]
    for provider, owner, name in refused:
        with pytest.raises(ValueError, match="chart"):
            code(provider, owner, name)
    with pytest.raises(ValueError, match="no account of the chart"):
        read("stripe:cash")
