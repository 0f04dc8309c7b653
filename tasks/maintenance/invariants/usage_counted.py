"""A counter of usage has counted exactly the measurements that name it (USAGE-3)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="a usage counter has counted each measurement that names it, once",
    sql="""
        SELECT 'usage counter ' || c.external_id, 'counted ' || c.events || ', there are ' || e.count
        FROM bursar.usage_counter c
        CROSS JOIN LATERAL (SELECT count(*) AS count FROM bursar.usage_event WHERE counter_ref = c.external_id) AS e
        WHERE c.updated_at >= %(since)s AND c.versions <> '{}' AND c.events <> e.count""",
    then="bursar usage show SUBSCRIBER; the events are right, the counter was changed past them",
)
