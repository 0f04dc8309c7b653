"""`bursar mail resend`."""

from __future__ import annotations

import click

from cli.hinting import send_hints
from cli.mail.found import blocks, unerased
from cli.reason import reason_said
from cli.roles import action, actor
from cli.surroundings import acting
from cli.trouble import PROBLEMS, TroubleError
from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from models.outbox import OUTBOX


@click.command()
@click.argument("row_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--to", "address", metavar="ADDRESS", help="To another address than before.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; goes into the audit.")
@action("operator")
def resend(row_id: int, address: str | None, reason: str) -> None:
    """Send one again, as a mail of its own: the reader gets it a second time. For one that failed, `bursar outbox replay` is right."""
    reason = reason_said(reason)
    with acting() as context:
        now = context.clock.now()
        with context.engine.begin() as connection:
            row = unerased(connection, row_id, "nothing was sent")
            payload = row["payload"] | ({"to": address} if address else {})
            standing = [block for block in blocks(connection, payload["to"]) if block["lifted_at"] is None and block["scope"] == "*"]
            if standing:
                raise TroubleError(
                    PROBLEMS, f"that address gets no mail: {standing[0]['because']}", effect="nothing was sent",
                    then="write to another address with --to, or lift it: `bursar mail suppressions lift ADDRESS --reason ...`",
                )  # fmt: skip
            key = f"{row['key'].partition('/again-')[0]}/again-{now:%Y%m%dT%H%M%S%f}"
            made = {
                "kind": "mail.send", "key": key, "queue": "notifications", "lane": f"mail:again:{row_id}", "payload": payload,
                "inbox_id": None, "created_at": now, "fair_at": now, "next_at": now,
            }  # fmt: skip
            [(new,)] = insert_rows(connection, OUTBOX, [made], returning=("id",))
            audited = audit_row(
                context.keys, uid=new_id(now), at=now, actor=str(actor()), reason=reason, action="mail.resend", object_type="mail",
                object_id=str(row_id), before=None, after={"key": key, "other_address": bool(address)}, inbox_id=None,
            )  # fmt: skip
            insert_rows(connection, AUDIT, [audited])
        send_hints(context.settings, {"notifications": [int(new)]}, calls=True)
    click.echo(f"mail {row_id} goes out again as {new}; next: bursar mail show {new}")
