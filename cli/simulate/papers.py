"""`--papers`: a Romanian seller, so that each invoice gets its legal paper; what is looked after of them, and what is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.rules.money import format_minor
from cli.simulate.buyers import SELLER
from cli.simulate.found import Line
from models.document import thawed
from providers.anaf.ubl.compose import NotWritableError, compose
from providers.anaf.ubl.ro_rules import check

if TYPE_CHECKING:
    from cli.simulate.play import Play

_SATURDAY, _DAY = 5, timedelta(days=1)
_LEI = 49_760
"""Per euro, in ten-thousandths; it goes up and down by the days."""
_TO_CHECK = """SELECT d.number, d.content, b.content FROM bursar.document d LEFT JOIN bursar.document_buyer b ON b.document_id = d.id
               WHERE d.issued_at >= %s ORDER BY d.number"""
_BY_KIND = """SELECT kind, count(*), sum(total_minor) FROM bursar.document GROUP BY 1 ORDER BY 1 DESC"""
_VAT = """SELECT concat_ws(' ', b.content -> 'address' ->> 'country',
                           CASE WHEN (b.content ->> 'business')::boolean THEN 'business' ELSE 'consumer' END,
                           t -> 'tax' ->> 'category', trim_scale((t -> 'tax' ->> 'rate')::numeric / 10000) || ' %'),
                 count(*), sum((t ->> 'tax_minor')::bigint * CASE d.kind WHEN 'invoice' THEN 1 ELSE -1 END)
          FROM bursar.document d JOIN bursar.document_buyer b ON b.document_id = d.id
          CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'taxes') AS t GROUP BY 1 ORDER BY 1"""
_OTHERS = """SELECT 'e-Facturas ' || status, count(*) FROM bursar.efactura GROUP BY 1
             UNION ALL SELECT 'papers that wait: ' || cause, count(*) FROM bursar.document_wait WHERE ended_at IS NULL GROUP BY 1
             UNION ALL SELECT 'papers that waited: ' || cause, count(*) FROM bursar.document_wait WHERE ended_at IS NOT NULL GROUP BY 1
             ORDER BY 1"""


def open_business(play: Play) -> None:
    """Somebody sells, and has let us in at ANAF."""
    if play.offices is not None:
        play.offices.log_in(play.context.settings)
    play.submit("billing.sellers.define.v1", SELLER)
    play.settle()


def publish_rate(play: Play) -> None:
    """BNR's rate of a working day, which holds from the next one on: on the play's first day there is none, and papers wait."""
    if play.now.weekday() >= _SATURDAY:
        return
    rate = _LEI + play.now.timetuple().tm_yday * 7 % 101
    play.submit("billing.fx_rates.record.v1", {
        "rate_source": "BNR", "base": "EUR", "quote": "RON", "valid_on": (play.now.date() + _DAY).isoformat(),
        "rate": format_minor(rate, 4),
    })  # fmt: skip


def unfit(play: Play, since: datetime) -> list[tuple[str, str]]:
    """Papers of which no UBL can be made, or one that the Romanian rules refuse; each with why."""
    found = []
    for number, content, buyer in play.all(_TO_CHECK, since):
        try:
            wrong = check(compose(thawed(content, buyer)))
        except NotWritableError as error:
            found.append((f"paper {number}", str(error)))
            continue
        found += [(f"paper {number}", f"{one.rule} at {one.place}: {one.says}") for one in wrong]
    return found


def summary(play: Play) -> list[list[Line]]:
    """Papers by kind, VAT by the buyer's country, and where the e-Facturas are."""
    return [
        [Line(kind.replace("_", " ") + "s", int(amount), count) for kind, count, amount in play.all(_BY_KIND)],
        [Line(f"VAT {who}", int(tax), count) for who, count, tax in play.all(_VAT)],
        [Line(what, None, count) for what, count in play.all(_OTHERS)],
    ]
