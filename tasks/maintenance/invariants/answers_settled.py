"""What a provider answered was understood, and settled the request that had asked (promise 4)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="no submission that was answered waits for its request's verb",
    sql="""
        SELECT 'submission ' || key, 'was answered (' || outcome || ') at ' || submitted_at || ', and nothing came of it'
        FROM bursar.submission WHERE state = 'submitted' AND submitted_at < %(settled_by)s""",
    then="bursar submission show it: its answer is an event of the inbox, dead or waiting; mend the cause and replay it",
)
