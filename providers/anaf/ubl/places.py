"""Romanian places as e-Factura codes them: ISO 3166-2:RO for counties, SECTOR1 to SECTOR6 for what is a city elsewhere.

People write `Cluj`, `jud. Cluj`, `București, sector 3`; the rules BR-RO-100 to 111 take codes only. What is not clear stays
as it was written, and the check before sending says so.
"""

from __future__ import annotations

import re
import unicodedata

from billing.rules.paper.counties import BUCHAREST, COUNTIES

_SECTOR = re.compile(r"\bSECT(?:OR|ORUL)?[ .]*([1-6])\b")
_PREFIX = re.compile(r"^(?:JUDETUL|JUD|MUNICIPIUL|MUN)[ .]+")


def _folded(text: str) -> str:
    """Upper case without diacritics, hyphens as spaces."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(plain.upper().replace("-", " ").split())


_BY_NAME = {_folded(name): code for code, name in COUNTIES.items()}
_BY_NAME |= (
    {code[3:]: code for code in COUNTIES} | {_folded(code): code for code in COUNTIES} | {"BUCHAREST": BUCHAREST}
)


def county_code(county: str | None) -> str | None:
    """The county's code, from its code, its letters or its name; else the text as it was written."""
    if not county:
        return None
    return _BY_NAME.get(_PREFIX.sub("", _folded(county)), county)


def city_of(city: str, county: str | None) -> str:
    """The city as the rules want it: in Bucharest its sector's code, where the text names a sector."""
    if county != BUCHAREST:
        return city
    found = _SECTOR.search(_folded(city))
    return f"SECTOR{found[1]}" if found else city
