"""The judge of all flows' e-invoices judges: what is wrong is named, with the flow that left it behind."""

from __future__ import annotations

import pytest

from providers.anaf.ubl.compose import compose
from tests.factories.paper import a_document
from tests.harness import einvoices


@pytest.mark.requirement("TAX-2")
def test_a_paper_that_a_tax_office_would_refuse_names_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    good = compose(a_document())
    bad = good.replace(b"<cbc:DocumentCurrencyCode>RON", b"<cbc:DocumentCurrencyCode>XXX")
    assert bad != good
    monkeypatch.setattr(einvoices, "_gathered", {good: "a good flow", bad: "a bad flow"})

    found = einvoices.refused()

    assert found
    assert all(line.startswith("a bad flow: ") for line in found)
