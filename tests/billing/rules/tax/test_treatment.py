"""Countries x kinds of customers x days, each with the treatment that the law gives (TAX-1, PROTOCOLS 5.4)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.paper.document import Tax
from billing.rules.tax.rates import PACKAGE_RATES, RATE_KINDS, NoRateError, RateRow
from billing.rules.tax.sold_as import SERVICE, SoldAs, Supply, check_kinds, kept_as
from billing.rules.tax.territory import members, number_country, vat_prefix
from billing.rules.tax.treatment import Buyer, Seller, treat

_NOW = date(2026, 11, 21)
_RO = Seller(country="RO", vat_registered=True)
_DE = Seller(country="DE", vat_registered=True)
_GB = Seller(country="GB", vat_registered=True)
_SMALL = Seller(country="RO", vat_registered=False)
_NO_OSS = Seller(country="RO", vat_registered=True, oss=False)


def _consumer(country: str, postal_code: str | None = None) -> Buyer:
    return Buyer(country=country, business=False, postal_code=postal_code)


def _business(country: str, valid: bool | None, vat_id: str | None = None, postal_code: str | None = None) -> Buyer:
    return Buyer(country=country, business=True, vat_id_valid=valid, vat_id=vat_id, postal_code=postal_code)


_TABLE: list[tuple[Seller, Buyer, Supply, date, str]] = [
    # Within the seller's state: its rate, of that day, number or not.
    (_RO, _consumer("RO"), "service", _NOW, "S 21"),
    (_RO, _consumer("RO"), "service", date(2025, 7, 31), "S 19"),
    (_RO, _business("RO", True, "RO123"), "service", _NOW, "S 21"),
    (_RO, _business("RO", None), "goods", _NOW, "S 21"),
    (_DE, _consumer("DE"), "service", date(2020, 12, 31), "S 16"),
    (Seller(country="EL", vat_registered=True), _consumer("GR"), "service", _NOW, "S 24"),
    # Consumers of other members: the buyer's rate, by the One Stop Shop.
    (_RO, _consumer("DE"), "service", _NOW, "S 19"),
    (_RO, _consumer("FI"), "service", _NOW, "S 25.5"),
    (_RO, _consumer("FI"), "service", date(2024, 8, 31), "S 24"),
    (_RO, _consumer("HU"), "goods", _NOW, "S 27"),
    (_RO, _consumer("EL"), "service", _NOW, "S 24"),
    (_RO, _consumer("MC"), "service", _NOW, "S 20"),
    (_DE, _consumer("EE"), "service", date(2025, 6, 30), "S 22"),
    # ... and the seller's own below the threshold.
    (_NO_OSS, _consumer("HU"), "service", _NOW, "S 21"),
    (_NO_OSS, _business("HU", None), "service", _NOW, "S 21"),
    (_NO_OSS, _business("HU", True, "HU12345676"), "service", _NOW, "AE 0 VATEX-EU-AE"),
    # Businesses of other members with a proven number.
    (_RO, _business("DE", True, "DE123456788"), "service", _NOW, "AE 0 VATEX-EU-AE"),
    (_RO, _business("DE", True, "DE123456788"), "goods", _NOW, "K 0 VATEX-EU-IC"),
    (_RO, _business("GR", True, "EL094259216"), "service", _NOW, "AE 0 VATEX-EU-AE"),
    (_RO, _business("DE", True, "RO123"), "service", _NOW, "S 21"),  # the seller's own state's number
    # ... and without: charged as a consumer. Unavailable is the same as not valid here.
    (_RO, _business("DE", False, "DE123456788"), "service", _NOW, "S 19"),
    (_RO, _business("DE", None, "DE123456788"), "service", _NOW, "S 19"),
    (_RO, _business("DE", None), "goods", _NOW, "S 19"),
    # A consumer with a number is a consumer.
    (_RO, Buyer(country="DE", business=False, vat_id_valid=True), "service", _NOW, "S 19"),
    # Outside the EU.
    (_RO, _consumer("US"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _business("US", None), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("CH"), "goods", _NOW, "G 0 VATEX-EU-G"),
    (_RO, _business("GB", None), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("NO"), "service", _NOW, "O 0 VATEX-EU-O"),
    # The United Kingdom was inside for VAT until the end of 2020.
    (_RO, _consumer("GB"), "service", date(2020, 12, 31), "S 20"),
    (_RO, _business("GB", True), "service", date(2020, 12, 31), "AE 0 VATEX-EU-AE"),
    (_RO, _consumer("GB"), "service", date(2021, 1, 1), "O 0 VATEX-EU-O"),
    # Northern Ireland: goods as in the EU, services as in the United Kingdom.
    (_RO, _business("XI", True, "XI123456789"), "goods", _NOW, "K 0 VATEX-EU-IC"),
    (_RO, _business("XI", True, "XI123456789"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("GB", "BT1 5GS"), "goods", _NOW, "S 20"),
    (_RO, _consumer("GB", "B1 1AA"), "goods", _NOW, "G 0 VATEX-EU-G"),
    (_GB, _consumer("XI"), "service", _NOW, "S 20"),
    # Parts of members that are outside the EU's VAT.
    (_RO, _consumer("ES", "35001"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("ES", "28001"), "service", _NOW, "S 21"),
    (Seller(country="ES", vat_registered=True), _consumer("ES", "38001"), "goods", _NOW, "G 0 VATEX-EU-G"),
    (_RO, _business("ES", True, "ESB76000001", "51001"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("IT", "23041"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("DE", "27498"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("DE", "D-78266"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("FI", "AX-22100"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("AX"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_RO, _consumer("FR", "97110"), "goods", _NOW, "G 0 VATEX-EU-G"),
    (_RO, _consumer("FR", "75001"), "service", _NOW, "S 20"),
    # Regions with rates of their own.
    (_RO, _consumer("PT", "9500-150"), "service", _NOW, "S 16"),
    (_RO, _consumer("PT", "9000-018"), "service", _NOW, "S 22"),
    (_RO, _consumer("PT", "1100-148"), "service", _NOW, "S 23"),
    (_RO, _consumer("AT", "6691"), "service", _NOW, "S 19"),
    # Sellers without VAT, and sellers outside the EU.
    (_SMALL, _consumer("RO"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_SMALL, _business("DE", True, "DE123456788"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_GB, _consumer("GB"), "service", _NOW, "S 20"),
    (_GB, _consumer("RO"), "service", _NOW, "S 21"),
    (_GB, _business("RO", True, "RO123"), "service", _NOW, "O 0 VATEX-EU-O"),
    (_GB, _consumer("RO"), "goods", _NOW, "G 0 VATEX-EU-G"),
    (Seller(country="GB", vat_registered=True, oss=False), _consumer("RO"), "service", _NOW, "O 0 VATEX-EU-O"),
    (Seller(country="CH", vat_registered=True), _consumer("LI"), "service", date(2023, 12, 31), "S 7.7"),
]


def _said(tax: Tax) -> str:
    whole, part = divmod(tax.rate, 10_000)
    rate = f"{whole}.{part // 1000}" if part else str(whole)
    return " ".join(filter(None, (tax.category, rate, tax.exemption_code)))


@pytest.mark.requirement("TAX-1", "TAX-5")
@pytest.mark.parametrize(("seller", "buyer", "supply", "on", "expected"), _TABLE)
def test_who_where_what_when(seller: Seller, buyer: Buyer, supply: Supply, on: date, expected: str) -> None:
    assert _said(treat(seller, buyer, SoldAs(supply), on)) == expected


@pytest.mark.requirement("TAX-1")
def test_kinds_of_rates() -> None:
    assert treat(_RO, _consumer("RO"), SoldAs("goods", "reduced"), _NOW).rate == 110_000
    assert treat(_RO, _consumer("FR"), SoldAs("goods", "super_reduced"), _NOW).rate == 21_000
    assert treat(_RO, _consumer("RO"), SoldAs("goods", "zero"), _NOW) == Tax(category="Z", rate=0)
    with pytest.raises(NoRateError, match="DK has no reduced"):
        treat(_RO, _consumer("DK"), SoldAs("service", "reduced"), _NOW)
    assert treat(_RO, _business("DK", True), SoldAs("service", "reduced"), _NOW).category == "AE"  # no rate is asked for


@pytest.mark.requirement("TAX-1")
def test_a_kind_may_differ_by_place() -> None:
    book = SoldAs("service", "reduced", {"DK": "standard", "PT": "standard", "PT-20": "second_reduced"})

    found = [treat(_RO, _consumer(country), book, _NOW).rate for country in ("RO", "DK", "PT")]
    assert found == [110_000, 250_000, 230_000]
    assert treat(_RO, _consumer("PT", "9500-150"), book, _NOW).rate == 40_000  # the Azores' own word counts before Portugal's
    assert kept_as(book.as_json()) == book
    assert kept_as(None) == SERVICE == kept_as(SERVICE.as_json())


@pytest.mark.parametrize(
    ("kinds", "said"),
    [({"Denmark": "reduced"}, "not by 'Denmark'"), ({"EL": "reduced"}, "are those of GR"), ({"DK": "low"}, "of DK must be one of")],
)
def test_kinds_by_place_are_checked(kinds: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_kinds(kinds, "tax_kinds")


@pytest.mark.requirement("TAX-1")
def test_a_rate_of_ours_is_charged() -> None:
    rates = PACKAGE_RATES.with_rows([RateRow(area="RO", kind="standard", valid_from=_NOW, rate=230_000)])

    assert treat(_RO, _consumer("RO"), SERVICE, _NOW, rates=rates).rate == 230_000
    with pytest.raises(ValueError, match="is no country"):
        treat(_RO, _consumer("Romania"), SERVICE, _NOW)


_PLACES = st.sampled_from([*members(), "GB", "XI", "US", "CH", "NO", "AX", "MC", "IM", "EL", "UK"])


@pytest.mark.requirement("TAX-1", "TAX-5")
@given(
    seller=st.builds(Seller, country=st.sampled_from(members()), vat_registered=st.booleans(), oss=st.booleans()),
    buyer=st.builds(Buyer, country=_PLACES, business=st.booleans(), vat_id_valid=st.sampled_from([True, False, None])),
    supply=st.sampled_from(["service", "goods"]),
    on=st.dates(date(2020, 1, 1), date(2027, 1, 1)),
)
def test_whatever_the_case_the_answer_is_sound(seller: Seller, buyer: Buyer, supply: Supply, on: date) -> None:
    tax = treat(seller, buyer, SoldAs(supply), on)

    assert (tax.rate > 0) == (tax.category == "S")
    assert (tax.exemption_code is None) == (tax.category in ("S", "Z"))
    if tax.category in ("AE", "K"):
        assert buyer.business
        assert buyer.vat_id_valid is True
        assert (tax.category == "AE") == (supply == "service")
    if seller.vat_registered and buyer.country == seller.country:
        assert tax.category == "S"
    if not seller.vat_registered:
        assert tax.category == "O"


def test_prefixes() -> None:
    assert (vat_prefix("GR"), vat_prefix("EL"), vat_prefix("RO"), vat_prefix("XI")) == ("EL", "EL", "RO", "XI")
    assert (number_country("el123"), number_country("XI123")) == ("GR", "XI")
    assert set(RATE_KINDS) >= {"standard", "reduced", "super_reduced", "zero"}
