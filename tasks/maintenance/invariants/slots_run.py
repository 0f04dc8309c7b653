"""A slot that was made is run, skipped or held in the open; none hangs (promise 6)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no slot of the schedule is due or running for longer than what is on its way",
    sql="""
        SELECT 'schedule_slot ' || job, 'of ' || slot_at || ' is ' || state || ' after ' || attempts || ' tries'
        FROM bursar.schedule_slot
        WHERE state IN ('due', 'running') AND slot_at < %(settled_by)s AND coalesce(started_at, slot_at) < %(settled_by)s""",
    then="bursar schedule history that run; is its queue's worker group up?",
)
