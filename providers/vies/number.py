"""VAT numbers as they are compared and asked for: their prefix, and the check digits that need no network (TAX-1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import ModuleType

import stdnum.eu.vat
import stdnum.gb.vat
from stdnum.exceptions import ValidationError

from billing.rules.tax.territory import is_member

_NORTHERN_IRELAND = "XI"
_SHAPE = re.compile(r"[A-Z]{2}[A-Z0-9+*]{2,13}")


class NoVatNumberError(ValueError):
    """A text that can be no VAT number of a member state. Nothing was asked, and it proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VatNumber:
    """`prefix` is VIES's country code: `EL` for Greece, `XI` for Northern Ireland. `digits` is the rest, letters included."""

    prefix: str
    digits: str

    def __str__(self) -> str:
        return self.prefix + self.digits


def vat_number(text: str) -> VatNumber:
    """Read a number as people write it: spaces, dots and dashes, `GR` for `EL`, lower case.

    Raises:
        NoVatNumberError: no member's prefix, or its check digits are wrong.
    """
    compact = re.sub(r"[\s.\-/]", "", text.upper())
    if compact.startswith("GR"):
        compact = f"EL{compact[2:]}"
    if not _SHAPE.fullmatch(compact):
        raise NoVatNumberError(f"{text[:40]!r} is no VAT number: a member state's two letters and its number are needed")
    prefix, digits = compact[:2], compact[2:]
    if prefix != _NORTHERN_IRELAND and not is_member(prefix):
        raise NoVatNumberError(f"{prefix} is no member state of the EU: VIES knows nothing of {compact}")
    try:
        valid = _rules(prefix).validate(digits if prefix == _NORTHERN_IRELAND else compact)
    except ValidationError as error:
        raise NoVatNumberError(f"{compact} cannot be a VAT number: {error}") from None
    kept = str(valid)
    return VatNumber(prefix=prefix, digits=kept if prefix == _NORTHERN_IRELAND else kept.removeprefix(prefix))


def _rules(prefix: str) -> ModuleType:
    return stdnum.gb.vat if prefix == _NORTHERN_IRELAND else stdnum.eu.vat
