"""What happens to a paper once it is issued: it goes to the tax office that wants it (TAX-3), asked for as it is issued."""

from __future__ import annotations

from collections.abc import Collection

from billing.operations.queue_efactura import SOURCE, queue_efactura
from billing.operations.unit import UnitOfWork
from models.efactura import Efactura
from models.seller import Seller

_ROMANIA = "RO"


def send_on(unit: UnitOfWork, seller: Seller, references: Collection[str]) -> None:
    """Have these papers sent to wherever the seller's law wants them."""
    if seller.country != _ROMANIA:
        return
    unit.load((Efactura.NAME, SOURCE, reference) for reference in references)
    for reference in references:
        queue_efactura(unit, reference)
