"""What a subscription is billed for is the seats that are taken, unless a change is on its way (SEAT-1, SEAT-3)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="the quantity that was asked for is the number of seats",
    sql="""
        SELECT 'organisation ' || o.external_id,
               o.seats_taken || ' seats are taken, ' || o.asked_quantity || ' were asked for, and nothing is due'
        FROM bursar.organisation o
        WHERE o.updated_at BETWEEN %(since)s AND %(settled_by)s AND o.status = 'active' AND o.quantity_mode = 'follow'
          AND o.asked_quantity <> greatest(o.seats_taken, 1) AND o.sync_due_at IS NULL""",
    then="the nightly run repair_seats sets it; see docs/seats.md",
)
