"""An installation that sends e-Facturas, and the ministry beside it on the same clock: what the tests of it are played with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from billing.operations.queue_efactura import queue_efactura
from billing.rules.paper.document import Document
from billing.rules.paper.unnumbered import Unnumbered
from core.settings import Settings
from providers.sandbox.anaf.client import AnafControl
from tasks.maintenance import runs
from tasks.maintenance.anaf_token import authorised
from tasks.notifications.runs import alert_efacturas
from tests.factories.paper import a_document
from tests.factories.subscribers import unit_of
from tests.harness.anaf import Anaf
from tests.harness.machine import Machine

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
"""A Monday."""


class Office:
    """`machine` has the settings for `anaf`; both share one clock."""

    def __init__(self, machine: Machine, anaf: Anaf) -> None:
        self.machine, self.anaf = machine, anaf
        self.clock = machine.clock

    @property
    def control(self) -> AnafControl:
        """Orders to the ministry."""
        return self.anaf.control

    @property
    def settings(self) -> Settings:
        """The installation's."""
        return self.machine.context.settings

    def log_in(self) -> None:
        """A person with a certificate was there."""
        authorised(self.control.tell("login"), self.settings, self.clock.now())

    def issue(self, reference: str, document: Document | None = None, *, queue: bool = True) -> str:
        """An issued document, queued with its own commit; its number."""
        now = self.clock.now()
        document = document or a_document()
        on = now.date()
        document = replace(document, number="", issued_on=on, tax_point_on=min(on, document.tax_point_on), due_on=None)
        with unit_of(self.machine.context) as unit:
            unit.issue(Unnumbered(
                reference=reference, series="BRC" if document.kind == "credit_note" else "BRS", at=now, document=document,
                invoice_ref=reference, subscriber_ref="ann", corrects_ref="none" if document.kind == "credit_note" else None, keep_years=10,
            ))  # fmt: skip
            if queue:
                queue_efactura(unit, reference)
        return str(self.machine.one("SELECT number FROM bursar.document WHERE external_id = %s", reference))

    def run(self, *jobs: str) -> dict[str, Mapping[str, Any]]:
        """One slot of each run, then what follows from it at this instant."""
        said = {}
        for job in jobs or ("send_efacturas", "ask_efacturas"):
            said[job] = getattr(runs, job)(self.machine.context, self.clock.now())
            self.work()
        return said

    def mails(self) -> list[tuple[str, str]]:
        """(document or login, what was said) of the alerts so far, in the order in which they came to be."""
        alert_efacturas(self.machine.context, self.clock.now())
        rows = self.machine.all(
            """SELECT coalesce(payload->'context'->>'document', 'login'), payload->'context'->>'said' FROM bursar.outbox
               WHERE kind = 'mail.send' ORDER BY id"""
        )
        return [(row[0], row[1]) for row in rows]

    def work(self) -> None:
        """Whatever is due now."""
        while self.machine.work():
            pass

    def wait(self, **time: float) -> None:
        """Time passes; the runs have their slot at its end."""
        self.clock.move_to(self.clock.now() + timedelta(**time))
        self.run()

    def row(self, reference: str, columns: LiteralString) -> Any:
        """Columns of a document's row."""
        found = self.machine.all("SELECT " + columns + " FROM bursar.efactura WHERE external_id = %s", reference)
        return found[0][0] if len(found[0]) == 1 else found[0]

    def paper(self, reference: str, kind: str, attempt: int = 1) -> bytes | None:
        """Kept bytes."""
        sql: LiteralString = "SELECT content FROM bursar.efactura_paper WHERE efactura_ref = %s AND kind = %s AND attempt = %s"
        found: bytes | None = self.machine.one(sql, reference, kind, attempt)
        return found
