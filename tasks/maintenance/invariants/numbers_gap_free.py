"""The numbers of legal papers follow one on another, in the order of time, and none is missing (INV-8)."""

from __future__ import annotations

from tasks.maintenance.invariants.rule import Rule

RULE = Rule(
    why="each series is numbered from 1 without a gap, no paper is older than the one before it, and the series stands behind its last",
    sql="""
        SELECT 'paper ' || d.number, CASE WHEN p.id IS NULL THEN 'there is no number ' || (d.no - 1) || ' before it'
               ELSE 'is of ' || d.issued_on || ', but ' || p.number || ' before it of ' || p.issued_on END
        FROM bursar.document d
        LEFT JOIN bursar.document p ON p.series = d.series AND p.year = d.year AND p.no = d.no - 1
        WHERE d.locked_at >= %(since)s AND d.no > 1 AND (p.id IS NULL OR p.issued_at > d.issued_at OR p.issued_on > d.issued_on)
        UNION ALL
        SELECT 'series ' || s.prefix || '-' || s.year, 'gives ' || s.next || ' next, its last paper has ' || coalesce(l.no, 0)
        FROM bursar.series s
        LEFT JOIN LATERAL (SELECT max(d.no) AS no FROM bursar.document d WHERE d.series = s.prefix AND d.year = s.year) AS l ON true
        WHERE s.last_at >= %(since)s AND s.next <> coalesce(l.no, 0) + 1""",
    then="bursar document ls --series of it; somebody has changed rows past the database's rules: restore them, renumber nothing",
)
