"""How seller and buyer stand on a paper: name, address and the numbers that the law asks for (INV-10)."""

from __future__ import annotations

from typing import Any

from billing.rules.paper.counties import BUCHAREST, COUNTIES, SECTORS
from billing.rules.paper.document import Address, Party
from emails.languages import locale_of
from emails.papers.words import WORDS


def address_lines(address: Address, language: str) -> list[str]:
    """Street; post code and city, county; country by its name in the reader's language."""
    city = " ".join(part for part in (address.postal_code, _city(address)) if part)
    country = locale_of(language).territories.get(address.country, address.country)
    return [part for part in (address.street, city, str(country)) if part]


def number_lines(party: Party, language: str) -> list[str]:
    """VAT number, fiscal number and trade register, as many as there are."""
    words = WORDS[language]
    numbers = (("vat_id", party.vat_id), ("tax_number", party.tax_number), ("registration", party.registration_no))
    return [f"{words[name]}: {number}" for name, number in numbers if number]


def party(label: str, of: Party, language: str) -> dict[str, Any]:
    """The block of the one to whom the paper is addressed."""
    return {
        "label": label,
        "name": of.name,
        "lines": [*address_lines(of.address, language), *number_lines(of, language)],
    }


def brand(of: Party, language: str) -> dict[str, Any]:
    """The head of the paper: the seller."""
    return {"name": of.name, "lines": [*address_lines(of.address, language), *number_lines(of, language)]}


def foot(of: Party) -> list[str]:
    """Every page's last lines: who issued it, and how he is reached."""
    numbers = [part for part in (of.vat_id or of.tax_number, of.registration_no, of.legal_note) if part]
    reach = [part for part in (of.email, of.phone, of.iban and spaced(of.iban), of.bank) if part]
    return [line for line in (" · ".join([of.name, *numbers]), " · ".join(reach)) if line]


def spaced(iban: str) -> str:
    """An IBAN in groups of four."""
    plain = iban.replace(" ", "")
    return "\N{NO-BREAK SPACE}".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def _city(address: Address) -> str:
    """Codes are for machines: `SECTOR3` in `RO-B` is printed as București, Sector 3; `RO-CJ` as Cluj."""
    county = address.county
    if county == BUCHAREST and address.city in SECTORS:
        return f"{COUNTIES[BUCHAREST]}, Sector {address.city[-1]}"
    prefix = f"{address.country}-"
    name = COUNTIES.get(county or "", county[len(prefix) :] if county and county.startswith(prefix) else county)
    return ", ".join(part for part in (address.city, name if name != address.city else None) if part)
