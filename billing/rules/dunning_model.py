"""What another ladder would have recovered: a model of failed payments, in exact fractions, so that it says the same twice.

The model: some of what fails could be collected later, and from some day on stays collectable (money arrives, a limit is lifted).
`share_at(day)` is the part of all failed payments that could be collected by that day. A try collects what has become collectable
since the try before it. So more tries collect sooner, and only later tries collect more. What it leaves out: that banks decline more
often after many tries, and that customers act because a mail of a try reached them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

MOST_DAYS = 365
_PERCENT = 10**2
"""Of shares that people type and read; no money is counted by it."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (day, share that could be collected by then), rising in both; nothing before day 0, flat after the last one."""

    points: tuple[tuple[int, Fraction], ...]

    def __post_init__(self) -> None:
        for (day, share), (next_day, next_share) in pairwise(((0, Fraction(0)), *self.points)):
            if not day < next_day <= MOST_DAYS or not share <= next_share <= 1:
                raise ValueError("a recovery curve's days rise from 1 to 365, and its shares rise from 0 to 100 %")

    def share_at(self, day: int) -> Fraction:
        """Straight lines between the points."""
        for (left, low), (right, high) in pairwise(((0, Fraction(0)), *self.points)):
            if left <= day <= right:
                return low + (high - low) * Fraction(day - left, right - left)
        return self.points[-1][1] if self.points else Fraction(0)


@dataclass(frozen=True, slots=True)
class Played:
    """What a ladder comes to, per failed payment."""

    days: tuple[int, ...]
    recovered: Fraction
    tries: Fraction
    """How often it is tried, on average."""
    days_to_money: Fraction | None
    """How long money that comes takes, on average; None: none comes."""
    by_try: tuple[Fraction, ...]


def play(curve: Curve, days: Sequence[int]) -> Played:
    """The ladder on the curve."""
    reached = [Fraction(0), *(curve.share_at(day) for day in days)]
    by_try = tuple(after - before for before, after in pairwise(reached))
    recovered = sum(by_try, Fraction(0))
    waited = sum((share * day for share, day in zip(by_try, days, strict=True)), Fraction(0))
    tries = sum((1 - share for share in reached[:-1]), Fraction(0))
    return Played(tuple(days), recovered, tries, Fraction(waited, recovered) if recovered else None, by_try)


def curve_of(tries: Mapping[int, tuple[int, int]]) -> Curve:
    """The curve that recorded tries say: day -> (how many succeeded, how many failed), as Kaplan and Meier estimate survival.

    Cases that ended otherwise (another card, the customer's own click) count for as long as they were tried.
    """
    left, points = Fraction(1), []
    for day in sorted(tries):
        succeeded, failed = tries[day]
        if day > 0 and succeeded + failed:
            left *= 1 - Fraction(succeeded, succeeded + failed)
            points.append((day, 1 - left))
    return Curve(tuple(points))


def read_days(text: str) -> tuple[tuple[int, ...], bool]:
    """Days from the original failure, and whether they were given as gaps between tries.

    `1,3,7` are days from the failure. What does not rise (`2,5,7,7`), or is written with plus signs (`+2,+5`), are gaps.

    Raises:
        ValueError: no whole days of 1 to 365.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.removeprefix("+").isdecimal() and word.isascii() for word in words) or len(words) > 31:
        raise ValueError("days are whole numbers between commas, such as 1,3,7,14,30, 31 at most")
    numbers = [int(word.removeprefix("+")) for word in words]
    gaps = any(word.startswith("+") for word in words) or any(after <= before for before, after in pairwise(numbers))
    days = tuple(accumulate(numbers)) if gaps else tuple(numbers)
    if min(numbers) < 1 or days[-1] > MOST_DAYS:
        raise ValueError(f"days are 1 to {MOST_DAYS}, counted from the original failure")
    return days, gaps


def read_curve(text: str) -> Curve:
    """`1:20,7:45,30:60`: by day 1 a fifth of what failed could be collected, and so on.

    Raises:
        ValueError: no such list.
    """
    points = []
    for word in text.split(","):
        day, _, percent = word.strip().partition(":")
        if not (day.isdecimal() and percent.isdecimal() and word.isascii()):
            raise ValueError("a curve is a list of DAY:PERCENT between commas, such as 1:20,7:45,30:60")
        points.append((int(day), Fraction(int(percent), _PERCENT)))
    return Curve(tuple(points))


def tenths(value: Fraction) -> str:
    """One place after the point, half up."""
    whole = (value * 20 + 1) // 2
    return f"{whole // 10}.{whole % 10}"


def rounded(value: Fraction) -> int:
    """The nearest whole number, half up."""
    return (value * 2 + 1) // 2


def percent(share: Fraction) -> str:
    """A share as a percentage with one place."""
    return tenths(share * _PERCENT)
