"""An organisation's counters are what its rows say, under whatever load they were changed (SEAT-1, SEAT-4, RECON-5)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="members, seats and reserved seats are counted right",
    sql="""
        SELECT 'organisation ' || o.external_id,
               'keeps ' || concat_ws('/', o.members, o.seats_taken, o.seats_reserved) || ', its rows say '
               || concat_ws('/', c.members, c.seats, c.reserved) || ' (members/seats/reserved)'
        FROM bursar.organisation o, LATERAL (
            SELECT (SELECT count(*) FROM bursar.membership m WHERE m.organisation_ref = o.external_id AND m.status = 'active') AS members,
                   (SELECT count(*) FROM bursar.membership m WHERE m.organisation_ref = o.external_id AND m.seat) AS seats,
                   (SELECT count(*) FROM bursar.invitation i WHERE i.organisation_ref = o.external_id AND i.reserves) AS reserved) c
        WHERE o.updated_at >= %(since)s
          AND (o.members, o.seats_taken, o.seats_reserved) IS DISTINCT FROM (c.members, c.seats, c.reserved)""",
    then="the nightly run repair_seats counts them anew; find out which verb forgot to count (`bursar audit`)",
)
