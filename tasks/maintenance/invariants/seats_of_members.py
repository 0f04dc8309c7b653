"""A seat is a billable role of an active member, and nobody keeps one who is gone (SEAT-1, SEAT-7, SEAT-8)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="seats belong to active organizers and course managers of organisations that exist",
    sql="""
        SELECT 'membership ' || m.external_id, 'is ' || m.status || ' as ' || coalesce(m.role, 'nothing') || ', seat: ' || m.seat
        FROM bursar.membership m JOIN bursar.organisation o ON o.source = 'bursar' AND o.external_id = m.organisation_ref
        WHERE m.updated_at >= %(since)s AND m.versions <> '{}'
          AND (m.seat IS DISTINCT FROM (m.status = 'active' AND m.role IN ('course_manager', 'organizer'))
               OR o.status = 'deleted' AND m.status = 'active')""",
    then="look at the last facts with bursar explain; say the membership again by billing.memberships.changed.v1",
)
