"""What operators' commands share: reading rows, naming them, and running an app's command in a person's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.money import amount_text
from cli.change import UNTOUCHED, change
from cli.surroundings import reading
from cli.trouble import USAGE, TroubleError
from models.base import OWN_SOURCE, Aggregate
from workers.unit import Unit

LIMIT = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many.")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, amounts in minor units.")

R = TypeVar("R")
C = TypeVar("C", bound=Command)


def rows(sql: str, **bound: Any) -> list[dict[str, Any]]:
    """Rows of one statement, in a transaction that can only read."""
    with reading() as connection:
        return [dict(row) for row in connection.exec_driver_sql(sql, bound).mappings()]


def money(minor: int | None, currency: str | None) -> str:
    """An amount with its currency; empty where there is none."""
    return amount_text(minor, currency) if minor is not None and currency else ""


def key_of(model: type[Aggregate], identity: str) -> tuple[str, str]:
    """Source and external id of what a person calls `identity`: Bursar's public id, `source:reference`, or a reference of our own."""
    public = re.fullmatch(rf"{model.PUBLIC_PREFIX}_([0-9a-f]{{32}})", identity)
    if public:
        sql = f"SELECT source, external_id FROM bursar.{model.__tablename__} WHERE id = %(id)s::uuid"  # noqa: S608 - our own tables
        for row in rows(sql, id=public[1]):
            return row["source"], row["external_id"]
    source, colon, rest = identity.partition(":")
    return (source, rest) if colon and source in ("stripe", "paypal", OWN_SOURCE) else (OWN_SOURCE, identity)


def carry_out(command: C, verb: Callable[[UnitOfWork, C], R], *, reason: str, look: str, effect: str = UNTOUCHED) -> R:
    """The verb of the app's command, in a transaction of its own, in the name of the person at the terminal (`change`).

    Args:
        command: what is wanted.
        verb: what does it.
        reason: for the audit.
        look: the command that shows how it stands, named where it is refused.
        effect: what a refusal means for money.

    Raises:
        TroubleError: it was refused.
    """

    def carried(unit: Unit) -> R:
        unit.load(command.references())
        return verb(unit, command)

    return change(carried, reason=reason, look=look, effect=effect)


def said(kind: type[C], /, **fields: Any) -> C:
    """The command that a person's options make.

    Raises:
        TroubleError: one of them is none.
    """
    try:
        return kind(**fields)
    except ValueError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was changed", then="mend the option, the reference or the reason") from None
