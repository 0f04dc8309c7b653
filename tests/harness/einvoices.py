"""Every e-invoice that a flow could send is judged by the official rules, whatever the flow was about: gathered test by test, judged once.

The judge is a process that takes two seconds to start, so it is asked at the end of a worker's tests for all of them.
"""

from __future__ import annotations

from typing import Any

import psycopg

from models.document import thawed
from providers.anaf.ubl.compose import NotWritableError, compose
from tests.harness.ubl import check_ubl, fatal

_ISSUED = """SELECT d.number, d.content, b.content AS buyer FROM bursar.document d
             JOIN bursar.document_buyer b ON b.document_id = d.id WHERE b.content IS NOT NULL"""

_gathered: dict[bytes, str] = {}


def gather(connection: psycopg.Connection[Any], test: str) -> int:
    """Keep the e-invoices of the papers in a database, under the test's name; how many there were."""
    found = 0
    for _, content, buyer in connection.execute(_ISSUED):
        try:
            _gathered.setdefault(compose(thawed(content, buyer)), test)
        except NotWritableError:
            continue  # says so to whoever asks for it; tests of UBL look at that
        found += 1
    return found


def refused() -> list[str]:
    """What schema and Schematron find fatal in all that was gathered, each with the test that left the paper behind."""
    documents = list(_gathered.items())
    if not documents:
        return []
    judged = check_ubl([ubl for ubl, _ in documents])
    return [f"{documents[one.document][1]}: {text}" for one in judged for text in fatal([one])]
