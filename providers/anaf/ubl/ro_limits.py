"""The rules of CIUS-RO about form: how long a text may be, how often a group may come, how many decimals, which dates.

Ids are those of the official assertions (rules 1.0.9), which differ from the ids that their messages print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from xml.etree.ElementTree import Element

from providers.anaf.ubl.rule import AGENT, AT_BUYER, AT_SELLER, AT_US, BUYER, DELIVERY, SELLER, SPACES, Rule, texts_at

_20, _50, _140, _150, _200, _300, _1000 = 20, 50, 140, 150, 200, 300, 1000
_100 = 10 * 10
_LINES = ("cac:InvoiceLine", "cac:CreditNoteLine")
_ADDITIONAL = ".//cac:AdditionalDocumentReference"
_PROPERTY = ".//cac:Item/cac:AdditionalItemProperty"
_MOST_DECIMALS = 2
_ISO_LENGTH = 10


def _address(prefix: str, rules: tuple[str, str, str, str, str]) -> list[tuple[str, int, str]]:
    """Post code, city, and three lines of an address."""
    code, city, first, second, third = rules
    return [
        (code, _20, f"{prefix}/cbc:PostalZone"),
        (city, _50, f"{prefix}/cbc:CityName"),
        (first, _150, f"{prefix}/cbc:StreetName"),
        (second, _100, f"{prefix}/cbc:AdditionalStreetName"),
        (third, _100, f"{prefix}/cac:AddressLine/cbc:Line"),
    ]


def _contact(prefix: str, rules: tuple[str, str, str]) -> list[tuple[str, int, str]]:
    return [
        (rule, _100, f"{prefix}/cac:Contact/cbc:{name}")
        for rule, name in zip(rules, ("Name", "Telephone", "ElectronicMail"), strict=True)
    ]


LENGTHS: Sequence[tuple[str, int, str]] = (
    *_address(f"{SELLER}/cac:PostalAddress", ("BR-RO-L0201", "BR-RO-L0501", "BR-RO-L151", "BR-RO-L1002", "BR-RO-L1003")),
    *_address(f"{BUYER}/cac:PostalAddress", ("BR-RO-L0202", "BR-RO-L0502", "BR-RO-L152", "BR-RO-L1007", "BR-RO-L1008")),
    *_address(f"{AGENT}/cac:PostalAddress", ("BR-RO-L0203", "BR-RO-L0503", "BR-RO-L153", "BR-RO-L1012", "BR-RO-L1013")),
    *_address(DELIVERY, ("BR-RO-L0204", "BR-RO-L0504", "BR-RO-L154", "BR-RO-L1014", "BR-RO-L1015")),
    *_contact(SELLER, ("BR-RO-L1004", "BR-RO-L1005", "BR-RO-L1006")),
    *_contact(BUYER, ("BR-RO-L1009", "BR-RO-L1010", "BR-RO-L1011")),
    ("BR-RO-L155", _200, "cbc:ID"),
    ("BR-RO-L0302", _200, "cac:ContractDocumentReference/cbc:ID"),
    ("BR-RO-L0303", _200, "cac:OrderReference/cbc:ID"),
    ("BR-RO-L0304", _200, "cac:OrderReference/cbc:SalesOrderID"),
    ("BR-RO-L0305", _200, "cac:ReceiptDocumentReference/cbc:ID"),
    ("BR-RO-L0306", _200, "cac:DespatchDocumentReference/cbc:ID"),
    ("BR-RO-L0307", _200, "cac:OriginatorDocumentReference/cbc:ID"),
    ("BR-RO-L0308", _200, f"{_ADDITIONAL}/cbc:ID"),
    ("BR-RO-L1020", _100, f"{_ADDITIONAL}/cbc:DocumentDescription"),
    ("BR-RO-L210", _200, f"{_ADDITIONAL}/cac:Attachment/cac:ExternalReference/cbc:URI"),
    ("BR-RO-L156", _200, ".//cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID"),
    ("BR-RO-L1001", _100, "cbc:AccountingCost"),
    ("BR-RO-L201", _200, f"{SELLER}/cac:PartyLegalEntity/cbc:RegistrationName"),
    ("BR-RO-L202", _200, f"{SELLER}/cac:PartyName/cbc:Name"),
    ("BR-RO-L203", _200, f"{BUYER}/cac:PartyLegalEntity/cbc:RegistrationName"),
    ("BR-RO-L204", _200, f"{BUYER}/cac:PartyName/cbc:Name"),
    ("BR-RO-L205", _200, "cac:PayeeParty/cac:PartyName/cbc:Name"),
    ("BR-RO-L206", _200, f"{AGENT}/cac:PartyName/cbc:Name"),
    ("BR-RO-L207", _200, "cac:Delivery/cac:DeliveryParty/cac:PartyName/cbc:Name"),
    ("BR-RO-L1000", _1000, f"{SELLER}/cac:PartyLegalEntity/cbc:CompanyLegalForm"),
    ("BR-RO-L301", _300, "cac:PaymentTerms/cbc:Note"),
    ("BR-RO-L302", _300, "cbc:Note"),
    ("BR-RO-L208", _200, ".//cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:Name"),
    ("BR-RO-L209", _200, ".//cac:PaymentMeans/cac:CardAccount/cbc:HolderName"),
    ("BR-RO-L140", _140, ".//cac:PaymentMeans/cbc:PaymentID"),
    ("BR-RO-L1019", _100, "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:TaxExemptionReason"),
    ("BR-RO-L0505", _50, f"{_PROPERTY}/cbc:Name"),
    ("BR-RO-L1025", _100, f"{_PROPERTY}/cbc:Value"),
    *((rule, limit, f"{line}/{path}") for line in _LINES for rule, limit, path in (
        ("BR-RO-L1024", _100, "cac:Item/cbc:Name"), ("BR-RO-L212", _200, "cac:Item/cbc:Description"), ("BR-RO-L303", _300, "cbc:Note"),
        ("BR-RO-L1021", _100, "cbc:AccountingCost"),
    )),
)  # fmt: skip
"""Rule, most characters, where. Blanks count as normalize-space leaves them."""

ATTRIBUTES: Sequence[tuple[str, int, str, str]] = (
    ("BR-RO-L1016", _100, ".//cac:PaymentMeans/cbc:PaymentMeansCode", "name"),
    ("BR-RO-L211", _200, f"{_ADDITIONAL}/cac:Attachment/cbc:EmbeddedDocumentBinaryObject", "filename"),
)

COUNTS: Sequence[tuple[str, int, str]] = (
    ("BR-RO-A020", _20, "cbc:Note"),
    ("BR-RO-A051", _50, _ADDITIONAL),
    ("BR-RO-A500", _50 * 10, ".//cac:BillingReference/cac:InvoiceDocumentReference"),
)
"""Rule, how many at most, of what."""

DATES: Sequence[tuple[str, str]] = (
    ("BR-RO-DT001", "IssueDate"), ("BR-RO-DT002", "TaxPointDate"), ("BR-RO-DT003", "DueDate"), ("BR-RO-DT003_CN", "PaymentDueDate"),
    ("BR-RO-DT004", "ActualDeliveryDate"), ("BR-RO-DT005", "StartDate"), ("BR-RO-DT006", "EndDate"),
)  # fmt: skip

_TOTALS = (
    ("BR-DEC-RO-09", "LineExtensionAmount"), ("BR-DEC-RO-10", "AllowanceTotalAmount"), ("BR-DEC-RO-11", "ChargeTotalAmount"),
    ("BR-DEC-RO-12", "TaxExclusiveAmount"), ("BR-DEC-RO-14", "TaxInclusiveAmount"), ("BR-DEC-RO-16", "PrepaidAmount"),
    ("BR-DEC-RO-17", "PayableRoundingAmount"), ("BR-DEC-RO-18", "PayableAmount"),
)  # fmt: skip
DECIMALS: Sequence[tuple[str, str]] = (
    *((rule, f"cac:LegalMonetaryTotal/cbc:{name}") for rule, name in _TOTALS),
    ("BR-DEC-RO-1009", "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount"),
    ("BR-DEC-RO-1010", "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount"),
    *(("BR-DEC-RO-23", f"{line}/cbc:LineExtensionAmount") for line in _LINES),
)
"""Rule, which amount: two decimals at most."""

CHARGES: Sequence[tuple[str, str, tuple[str, ...], str]] = (
    ("BR-DEC-RO-01", "false", (".",), "Amount"), ("BR-DEC-RO-02", "false", (".",), "BaseAmount"),
    ("BR-DEC-RO-05", "true", (".",), "Amount"), ("BR-DEC-RO-06", "true", (".",), "BaseAmount"),
    ("BR-DEC-RO-24", "false", _LINES, "Amount"), ("BR-DEC-RO-25", "false", _LINES, "BaseAmount"),
    ("BR-DEC-RO-27", "true", _LINES, "Amount"), ("BR-DEC-RO-28", "true", _LINES, "BaseAmount"),
)  # fmt: skip
"""The same for allowances (`false`) and charges (`true`), of the document or of a line."""

CHARGE_TEXTS: Sequence[tuple[str, str, tuple[str, ...], str]] = (
    ("BR-RO-L1017", "false", (".",), "AllowanceChargeReasonCode"), ("BR-RO-L1018", "true", (".",), "AllowanceChargeReasonCode"),
    ("BR-RO-L1022", "false", _LINES, "AllowanceChargeReason"), ("BR-RO-L1023", "true", _LINES, "AllowanceChargeReason"),
)  # fmt: skip


def _then(path: str) -> str:
    return AT_SELLER if path.startswith(SELLER) else AT_BUYER if path.startswith(BUYER) else AT_US


def _too_long(path: str, limit: int) -> Callable[[Element], Iterator[str]]:
    return lambda document: (path for text in texts_at(document, path) if len(text) > limit)


def _attribute_too_long(path: str, name: str, limit: int) -> Callable[[Element], Iterator[str]]:
    def broken(document: Element) -> Iterator[str]:
        for found in document.findall(path, SPACES):
            if len(" ".join(found.get(name, "").split())) > limit:
                yield f"{path}/@{name}"

    return broken


def _too_many(path: str, limit: int) -> Callable[[Element], Iterator[str]]:
    return lambda document: iter([path] if len(document.findall(path, SPACES)) > limit else [])


def _no_date(name: str) -> Callable[[Element], Iterator[str]]:
    path = f".//cbc:{name}"
    return lambda document: (path for found in document.findall(path, SPACES) if not is_date(found.text or ""))


def is_date(text: str) -> bool:
    """Exactly YYYY-MM-DD, and a day that there is."""
    try:
        return len(text) == _ISO_LENGTH and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def too_fine(text: str) -> bool:
    """Whether more than two decimals are written."""
    return len(text.partition(".")[2]) > _MOST_DECIMALS


def _finer(path: str) -> Callable[[Element], Iterator[str]]:
    return lambda document: (path for text in texts_at(document, path) if too_fine(text))


def _of_charges(
    kind: str, parents: tuple[str, ...], name: str, wrong: Callable[[str], bool]
) -> Callable[[Element], Iterator[str]]:
    def broken(document: Element) -> Iterator[str]:
        for parent in parents:
            path = f"{parent}/cac:AllowanceCharge"
            for charge in document.findall(path, SPACES):
                if charge.findtext("cbc:ChargeIndicator", "", SPACES).strip() == kind:
                    yield from (f"{path}/cbc:{name}" for text in texts_at(charge, f"cbc:{name}") if wrong(text))

    return broken


def _too_many_properties(document: Element) -> Iterator[str]:
    for item in document.findall(".//cac:Item", SPACES):
        if len(item.findall("cac:AdditionalItemProperty", SPACES)) > _50:
            yield _PROPERTY


RULES: Sequence[Rule] = (
    *(Rule(rule, f"at most {limit} characters", _then(path), _too_long(path, limit)) for rule, limit, path in LENGTHS),
    *(
        Rule(rule, f"at most {limit} characters", AT_US, _attribute_too_long(path, name, limit))
        for rule, limit, path, name in ATTRIBUTES
    ),
    *(
        Rule(rule, f"at most {_100} characters", AT_US, _of_charges(kind, parents, name, lambda text: len(text) > _100))
        for rule, kind, parents, name in CHARGE_TEXTS
    ),
    *(Rule(rule, f"at most {limit} of them", AT_US, _too_many(path, limit)) for rule, limit, path in COUNTS),
    Rule("BR-RO-A052", f"at most {_50} attributes of an item", AT_US, _too_many_properties),
    *(Rule(rule, "a date is a day written YYYY-MM-DD", AT_US, _no_date(name)) for rule, name in DATES),
    *(Rule(rule, "at most two decimals", AT_US, _finer(path)) for rule, path in DECIMALS),
    *(
        Rule(rule, "at most two decimals", AT_US, _of_charges(kind, parents, name, too_fine))
        for rule, kind, parents, name in CHARGES
    ),
)
