"""The plot: cost at each size, as ratios to the smallest one, over a logarithmic axis of rows. A small SVG made by hand."""

from __future__ import annotations

import math
from html import escape
from itertools import pairwise

from benchmarks.growth.measure import RATES, Results

_WIDTH, _HEIGHT = 860, 470
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 330, 54, 52
_LINES = {
    "door: receiver": "#1f6feb", "door: PostgreSQL": "#8250df", "workers: worker": "#1a7f37", "workers: PostgreSQL": "#bf8700",
    "one event alone, claim to commit": "#cf222e", "one sweep": "#0a7ea4", "inbox ls": "#6e7781",
    "run alert_dead_letters": "#bc4c00",
}  # fmt: skip
"""What is drawn, in its colour; the table has the rest."""
_LEAST_TOP = 2.0


def svg(results: dict[int, Results]) -> str:
    """The picture as text."""
    sizes = sorted(results)
    lines = {name: _ratios(name, results, sizes) for name in _LINES if name in results[sizes[0]] and name not in RATES}
    top = max(_LEAST_TOP, math.ceil(max(max(values) for values in lines.values()) * 2) / 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 26, "Cost as the inbox grows, as a ratio to the smallest inbox", size=16),
        *_axes(sizes, top),
    ]
    labels = _spread([_y(values[-1], top) for values in lines.values()])
    for (name, values), label_y in zip(lines.items(), labels, strict=True):
        points = [(_x(size, sizes), _y(value, top)) for size, value in zip(sizes, values, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{_LINES[name]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_LINES[name]}"/>' for x, y in points]
        end = _WIDTH - _RIGHT
        parts.append(f'<path d="M{end + 4} {points[-1][1]:.1f} L{end + 16} {label_y:.1f}" stroke="{_LINES[name]}" fill="none"/>')
        parts.append(_text(end + 20, label_y + 4, f"{name}: {values[-1]:.2f}", colour=_LINES[name]))
    return "\n".join([*parts, "</svg>", ""])


def _ratios(name: str, results: dict[int, Results], sizes: list[int]) -> list[float]:
    base = results[sizes[0]][name]
    return [results[size][name] / base for size in sizes]


def _axes(sizes: list[int], top: float) -> list[str]:
    parts = []
    step = 0.5 if top <= 4 else math.ceil(top / 8)
    for number in range(int(top / step) + 1):
        value = number * step
        y = _y(value, top)
        colour = "#57606a" if value in (0, 1) else "#d8dee4"
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="{colour}"/>')
        parts.append(_text(_LEFT - 10, y + 4, f"{value:g}", anchor="end"))
    for size in sizes:
        x = _x(size, sizes)
        parts.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}" stroke="#d8dee4"/>')
        parts.append(_text(x, _HEIGHT - _BOTTOM + 20, f"{size:,}", anchor="middle"))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*parts, _text(middle, _HEIGHT - 12, "rows in the inbox (logarithmic)", anchor="middle")]


def _x(size: int, sizes: list[int]) -> float:
    reach = math.log10(sizes[-1]) - math.log10(sizes[0]) or 1.0
    share = (math.log10(size) - math.log10(sizes[0])) / reach
    return _LEFT + 24 + share * (_WIDTH - _RIGHT - _LEFT - 48)


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _BOTTOM - _TOP)


def _spread(wanted: list[float], apart: float = 18) -> list[float]:
    """Places for labels as near as can be to the wanted ones, no two on top of each other."""
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    placed = list(wanted)
    for above, below in pairwise(order):
        placed[below] = max(placed[below], placed[above] + apart)
    lowest: float = _HEIGHT - _BOTTOM
    for number in reversed(order):
        lowest = placed[number] = min(placed[number], lowest)
        lowest -= apart
    return placed


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, colour: str = "#24292f") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
