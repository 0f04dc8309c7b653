"""The loop: from due time to due time, day by day, with the rules looked after at each midnight."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.simulate import papers
from cli.simulate.bridge import GapError, bridge
from cli.simulate.catalogue import open_shop
from cli.simulate.checks import Checks
from cli.simulate.play import Play
from cli.simulate.runs import LONG_AGO, Runs
from cli.simulate.script import Script
from core import failpoints
from providers.sandbox.stripe import tick
from schedules.table import Run
from tasks.maintenance.check_invariants import SHOWN, Broken

DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
FAULTS = ("conflict", "rate_limit", "error_before", "error_after", "reset_before", "lost_reply")
FAULT_SHARE = 0.03
"""Of the calls to the stand-in."""
DEATHS_A_DAY = 0.3
_SETTLED_AFTER = timedelta(days=4)
"""What is on its way is there by then: lost events are taken in within three days."""
# Ours, and those that a provider bills and we mirror.
_LIVE = """SELECT count(*) FROM bursar.subscription
           WHERE status IN ('active', 'past_due', 'pending_renewal', 'trialing', 'paused', 'unpaid')"""
_DEAD = """SELECT source || ' ' || event_type || ' ' || event_id, error FROM bursar.inbox WHERE state = 'dead'
           UNION ALL SELECT kind || ' ' || key, error FROM bursar.outbox WHERE state = 'dead' ORDER BY 1"""


class RuleBrokenError(Exception):
    """An invariant does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be played."""

    customers: int
    days: int
    seed: int
    faults: bool
    begins: datetime
    papers: bool = False
    """A Romanian seller issues legal papers."""
    shops: int = 1
    """Side by side, with the customers shared out."""
    shop: int | None = None
    """Which of them this is."""
    whole: Wanted | None = None
    """Of a shop: the play of all shops."""

    def __str__(self) -> str:
        """The command that plays it."""
        whole = self.whole or self
        said = f"bursar simulate --customers {whole.customers} --days {whole.days} --seed {whole.seed} --begins {whole.begins:%Y-%m-%d}"
        said += (" --faults" if whole.faults else "") + (" --papers" if whole.papers else "")
        return said + (f" --shops {whole.shops} --shop {self.shop}" if whole.shops > 1 else "")


def _whole_hour(at: datetime) -> datetime:
    """The play's clock stops at whole hours: what is due in between is done at the next one, by a machine that looks no oftener."""
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return at + _HOUR - past if past else at


class Year:
    """One simulation."""

    def __init__(self, url: str, wanted: Wanted) -> None:
        self.wanted = wanted
        self.play = Play(url, wanted.begins, wanted.seed, faults=wanted.faults, papers=wanted.papers)
        self._checks = Checks(self.play)
        open_shop(self.play)
        self.runs = Runs(self.play, faults=wanted.faults)
        self.script = Script(self.play, wanted.customers, wanted.begins, wanted.days, wanted.seed)
        if wanted.papers:
            papers.open_business(self.play)
            self.script.bill_to(wanted.seed)
        self._papers_since = wanted.begins
        self.subscription_days = 0
        self.instants = 0
        self._random = random.Random(f"{wanted.seed}:faults")  # noqa: S311  # chance for a play
        if wanted.faults:
            faults = self.play.api.faults
            faults.seed(wanted.seed)
            self.play.paypal.faults.seed(wanted.seed + 1)
            for kind in FAULTS:
                told = {"kind": kind, "method": "POST", "times": None, "probability": FAULT_SHARE / len(FAULTS)}
                faults.add(dict(told))
                self.play.paypal.faults.add({**told, "path": "^/v2/"})
            if self.play.offices is not None:
                self.play.offices.go_wrong(wanted.seed + 2, FAULT_SHARE)

    def run(self) -> None:
        """Play it to the end.

        Raises:
            RuleBrokenError: an invariant does not hold; the play ends there.
        """
        midnight = self.wanted.begins
        for number in range(self.wanted.days):
            began, midnight = midnight, midnight + DAY
            self._dawn()
            self._day(midnight)
            self._night(number, began)

    def _dawn(self) -> None:
        if self.wanted.faults and self._random.random() < DEATHS_A_DAY:
            failpoints.arm(self._random.choice(failpoints.PLACES), self._random.randint(1, 12), failpoints.play_death)
        if self.wanted.papers:
            papers.publish_rate(self.play)
        with self.play.timed("people"):
            self.script.look_around()

    def _day(self, midnight: datetime) -> None:
        while True:
            slots = self.runs.ahead(midnight)
            times, waits = [slot for slot, _ in slots], self.runs.waiting
            times += [at for at in (self.script.next_due(), waits, self.play.post.next_due()) if at is not None]
            at = min(midnight, _whole_hour(max(min([midnight, *times]), self.play.now)))
            self.play.clock.move_to(at)
            if waits is not None and waits <= at:
                self.play.promote()
            if at >= midnight:
                return
            self.instants += 1
            self._instant([run for slot, run in slots if slot <= at])

    def _instant(self, due: list[Run]) -> None:
        play = self.play
        tick.tick(play.api.world)
        if due:
            self.runs.run(due)
        self.script.act()
        play.settle()

    def _night(self, number: int, began: datetime) -> None:
        play = self.play
        play.carry_mail()
        self.runs.machine(number)
        due = [run for slot, run in self.runs.ahead(play.now) if slot <= play.now]
        if due:
            self.runs.run(due)
        play.settle()
        self.subscription_days += play.all(_LIVE)[0][0]
        last = number + 1 == self.wanted.days
        whole = last or play.now.day == 1
        with play.timed("rules"):
            # A late event's changes have its own time.
            self._check(LONG_AGO if whole else began - _SETTLED_AFTER, whole=whole)
        if play.now.day == 1:
            play.post.forget_old()
        if not number & (number + 1):  # 1, 2, 4, 8 ... nights old
            play.count_rows()

    def _check(self, since: datetime, *, whole: bool) -> None:
        broken = self._checks.broken(since, self.play.now - _SETTLED_AFTER)
        dead = [(str(about), str(said)) for about, said in self.play.all(_DEAD)]
        if dead:
            broken.append(Broken("nothing is dead", "each event, command and call comes to an end by itself", dead, ""))
        if whole:
            try:
                bridge(self.play)
            except GapError as gap:
                broken.append(Broken("bridge", "what was invoiced explains the money that came in", [("bridge", str(gap))], ""))
        if whole and (wrong := self._unfit_papers()):
            broken.append(Broken("papers_fit", "each paper's UBL is one that the Romanian rules let pass", wrong[:SHOWN], ""))
        if broken:
            raise RuleBrokenError(self._said(broken))

    def _unfit_papers(self) -> list[tuple[str, str]]:
        since, self._papers_since = self._papers_since, self.play.now
        return papers.unfit(self.play, since)

    def _said(self, broken: list[Broken]) -> str:
        day = (self.play.now - self.wanted.begins).days
        lines = [f"day {day} ({self.play.now.isoformat()}): {len(broken)} rules do not hold; to see it again: {self.wanted}"]
        for one in broken:
            lines.append(f"  {one.rule}: {one.why}")
            lines += [f"    {about}: {said}" for about, said in one.rows]
        return "\n".join(lines)
