"""Romania's counties by their codes: what tax offices want coded, and papers print as a name."""

from __future__ import annotations

from collections.abc import Mapping

BUCHAREST = "RO-B"
COUNTIES: Mapping[str, str] = {
    "RO-AB": "Alba", "RO-AG": "Argeș", "RO-AR": "Arad", "RO-B": "București", "RO-BC": "Bacău", "RO-BH": "Bihor",
    "RO-BN": "Bistrița-Năsăud", "RO-BR": "Brăila", "RO-BT": "Botoșani", "RO-BV": "Brașov", "RO-BZ": "Buzău", "RO-CJ": "Cluj",
    "RO-CL": "Călărași", "RO-CS": "Caraș-Severin", "RO-CT": "Constanța", "RO-CV": "Covasna", "RO-DB": "Dâmbovița", "RO-DJ": "Dolj",
    "RO-GJ": "Gorj", "RO-GL": "Galați", "RO-GR": "Giurgiu", "RO-HD": "Hunedoara", "RO-HR": "Harghita", "RO-IF": "Ilfov",
    "RO-IL": "Ialomița", "RO-IS": "Iași", "RO-MH": "Mehedinți", "RO-MM": "Maramureș", "RO-MS": "Mureș", "RO-NT": "Neamț",
    "RO-OT": "Olt", "RO-PH": "Prahova", "RO-SB": "Sibiu", "RO-SJ": "Sălaj", "RO-SM": "Satu Mare", "RO-SV": "Suceava",
    "RO-TL": "Tulcea", "RO-TM": "Timiș", "RO-TR": "Teleorman", "RO-VL": "Vâlcea", "RO-VN": "Vrancea", "RO-VS": "Vaslui",
}  # fmt: skip
"""ISO 3166-2:RO."""
SECTORS = frozenset(f"SECTOR{number}" for number in range(1, 7))
"""What stands for a city in Bucharest: the codes of its six sectors (BR-RO-100)."""
