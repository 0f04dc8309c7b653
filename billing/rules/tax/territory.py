"""Where a place is for VAT, which is not always its country: Greece has two codes, Monaco belongs to France, Livigno to nobody.

What is modelled: the members of the EU with the days of joining and leaving; Northern Ireland (goods as in the EU, services as in
the United Kingdom); parts of members that are outside the EU's VAT (their customers are treated as customers outside the EU); the
three regions with standard rates of their own that a postal code tells: Azores, Madeira, and Jungholz with Mittelberg.
What is not: local taxes of such places (IGIC, octroi de mer), the lower rates of some Greek islands and of Corsica (the mainland's
are charged, which is never too little), Cyprus's base areas, and Åland from a Finnish seller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

_EU = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
_LEFT_EU: Mapping[str, date] = {"GB": date(2021, 1, 1)}
"""The first day on which the EU's VAT no longer held (the end of the transition, not of the membership)."""
_SAME_AS: Mapping[str, str] = {"EL": "GR", "UK": "GB", "MC": "FR", "IM": "GB", "LI": "CH"}
"""Other codes of a country, and places that belong to another one's VAT."""
NORTHERN_IRELAND = "XI"

_OUTSIDE = "outside"
_PLACES: Mapping[str, tuple[tuple[str, str], ...]] = {
    # By the postal code, of which only digits are compared, and letters where they mean a place.
    "AT": (("6691|6991|6992|6993", "AT-JM"),),
    "DE": (("27498|78266", _OUTSIDE),),  # Helgoland, Büsingen
    "DK": (("39[0-9]{2}|FO[0-9]+", _OUTSIDE),),  # Greenland, Faroe Islands
    "ES": (("35[0-9]{3}|38[0-9]{3}|51[0-9]{3}|52[0-9]{3}", _OUTSIDE),),  # Canary Islands, Ceuta, Melilla
    "FI": (("22[0-9]{3}", _OUTSIDE),),  # Åland
    "FR": (("97[0-9]{3}|98[4-8][0-9]{2}", _OUTSIDE),),  # overseas; 98000 is Monaco
    "GB": (("BT[0-9].*", NORTHERN_IRELAND), ("(?:JE|GY)[0-9].*", _OUTSIDE)),
    "GR": (("6308[67]", _OUTSIDE),),  # Mount Athos
    "IT": (("23041|22061", _OUTSIDE),),  # Livigno, Campione d'Italia
    "PT": (("9[0-4][0-9]*", "PT-30"), ("9[5-9][0-9]*", "PT-20")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """A place as VAT sees it. `state` is the country whose VAT it is; `area` the key of its rates; `outside`: of no state's VAT."""

    state: str
    area: str
    outside: bool = False


def territory(country: str, postal_code: str | None = None) -> Territory:
    """The place of an address. Countries without VAT of their own in our tables are places of their own.

    Raises:
        ValueError: not two letters.
    """
    code = country.strip().upper()
    if not re.fullmatch("[A-Z]{2}", code):
        raise ValueError(
            f"{country[:20]!r} is no country: two letters of ISO 3166 are needed, such as RO. Nothing was taxed"
        )
    state = _SAME_AS.get(code, code)
    if state == code and postal_code:
        # Elsewhere letters are a country's sign in front (`D-78266`, `AX-22100`) or a delivery district.
        compact = re.sub("[^A-Z0-9]" if state in ("GB", "DK") else "[^0-9]", "", postal_code.upper())
        for pattern, what in _PLACES.get(state, ()):
            if re.fullmatch(pattern, compact):
                return _special(state, what)
    return Territory(state=state, area="GB" if state == NORTHERN_IRELAND else state)


def in_eu(place: Territory, supply: str, on: date) -> bool:
    """Whether the EU's VAT holds there on that day. Northern Ireland: for goods."""
    if place.outside:
        return False
    if place.state == NORTHERN_IRELAND:
        return supply == "goods" or on < _LEFT_EU["GB"]
    left = _LEFT_EU.get(place.state)
    return place.state in _EU if left is None else on < left


def same_state(one: Territory, other: Territory) -> bool:
    """Whether a sale between them is a domestic one: Northern Ireland and Great Britain have one VAT."""
    if one.outside or other.outside:
        return False
    return _domestic(one.state) == _domestic(other.state)


def vat_prefix(country: str) -> str:
    """The prefix of the country's VAT numbers: `EL` for Greece, else the country's own code."""
    state = _SAME_AS.get(country.upper(), country.upper())
    return "EL" if state == "GR" else state


def number_country(vat_id: str) -> str:
    """The country that a VAT number's prefix names, `XI` included; the number is not looked at any further."""
    prefix = vat_id.strip().upper()[:2]
    return _SAME_AS.get(prefix, prefix)


def is_member(country: str) -> bool:
    """Whether the code is one of today's 27 members."""
    return _SAME_AS.get(country.upper(), country.upper()) in _EU


def members() -> list[str]:
    """Today's 27, in order."""
    return sorted(_EU)


def _domestic(state: str) -> str:
    return "GB" if state == NORTHERN_IRELAND else state


def _special(state: str, what: str) -> Territory:
    if what == _OUTSIDE:
        return Territory(state=state, area=state, outside=True)
    if what == NORTHERN_IRELAND:
        return Territory(state=NORTHERN_IRELAND, area="GB")
    return Territory(state=state, area=what)
