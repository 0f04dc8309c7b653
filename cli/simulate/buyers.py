"""To whom the play's papers are made out: who sells, and what each customer says of himself, by chance that is only for this.

So a play with papers and one without them have the same people, who do the same.
"""

from __future__ import annotations

import random
from typing import Any

SELLER: dict[str, Any] = {
    "legal_name": "Rețele Simulate S.R.L.", "street": "Str. Învățătorilor nr. 12", "city": "SECTOR3", "county": "RO-B", "country": "RO",
    "postal_code": "030167", "currency": "RON", "invoice_series": "SIM", "credit_note_series": "SIMC", "zone": "Europe/Bucharest",
    "vat_registered": True, "vat_id": "RO18547290", "registration_no": "J40/4452/2006", "language": "ro",
}  # fmt: skip
"""Its tax office reckons in lei, its prices are in euros: each paper needs the day's rate."""
NOT_VALID = ("DE111111125",)
"""VIES does not know it: who names it is charged as a consumer would be."""
_BUSINESSES: tuple[tuple[int, dict[str, str]], ...] = (
    (14, {"full_name": "Țesătoria Măgura S.A.", "street": "Bd. Ștefan cel Mare 5", "city": "Cluj-Napoca", "county": "RO-CJ",
          "country": "RO", "vat_id": "RO14399840", "registration_no": "J12/77/2002"}),
    (8, {"full_name": "Ferma Bărăgan S.R.L.", "street": "Calea Victoriei 101", "city": "SECTOR1", "county": "RO-B", "country": "RO",
         "vat_id": "RO1590082"}),
    (12, {"full_name": "Werkzeugbau Müller & Söhne GmbH", "street": "Hafenstraße 7", "city": "Hamburg", "country": "DE",
          "postal_code": "20457", "vat_id": "DE136695976"}),
    (4, {"full_name": "Nicht mehr da GmbH", "street": "Am Ende 1", "city": "Köln", "country": "DE", "vat_id": NOT_VALID[0]}),
    (4, {"full_name": "Καφενείο Α.Ε.", "street": "Ερμού 10", "city": "Αθήνα", "country": "GR", "vat_id": "EL094259216"}),
    (6, {"full_name": "Widgets & Sons Inc.", "street": "1 Main St", "city": "Springfield", "country": "US", "postal_code": "62701"}),
)  # fmt: skip
_CONSUMERS: tuple[tuple[int, dict[str, str]], ...] = (
    (14, {"full_name": "Ioana Șerban", "street": "Str. Lungă 3", "city": "Brașov", "county": "RO-BV", "country": "RO"}),
    (8, {"full_name": "Andrei Țăran", "street": "Bd. Unirii 1, bl. A3, sc. 2", "city": "SECTOR6", "county": "RO-B", "country": "RO"}),
    (10, {"full_name": "Jürgen Weiß", "street": "Gasse 4", "city": "München", "country": "DE"}),
    (6, {"full_name": "Chloé Œuvrard", "street": "3 rue de l'Église", "city": "Lyon", "country": "FR"}),
    (4, {"full_name": "Zoë O'Brien", "street": "12 Quay <left>", "city": "Cork", "country": "IE"}),
    (4, {"full_name": "Łukasz Żak", "street": "ul. Długa 9", "city": "Gdańsk", "country": "PL"}),
    (6, {"full_name": "Ann Example", "street": "22 Elm St", "city": "Portland", "country": "US"}),
)  # fmt: skip


def bill_to(ref: str, seed: int) -> dict[str, Any]:
    """What the customer says of himself: the payload of `subscribers.bill_to`."""
    chance = random.Random(f"{seed}:buyer:{ref}")  # noqa: S311  # chance for a play
    kinds = [(share, "business", said) for share, said in _BUSINESSES] + [(share, "consumer", said) for share, said in _CONSUMERS]
    _, kind, said = chance.choices(kinds, [share for share, *_ in kinds])[0]
    return {"subscriber_ref": ref, "kind": kind, **said}
