"""A line chart as SVG: x in powers of ten or plain, y from nought."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 40, 50
_COLOURS = ("#1f5fa8", "#b8551c", "#3a7d44", "#7a3e9d")


@dataclass(frozen=True)
class Line:
    """Points of one kind."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(lines: Sequence[Line], *, title: str, x: str, y: str, powers: bool = True) -> str:
    """The lines as an SVG document; y begins at nought, and so does an x without `powers`."""
    placed = math.log10 if powers else float
    xs = [placed(point[0]) for line in lines for point in line.points]
    first, last = math.floor(min(xs)), max(math.ceil(max(xs)), math.floor(min(xs)) + 1)
    first = first if powers else 0
    highest, step = _scale(max(point[1] for line in lines for point in line.points))
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def across(value: float) -> float:
        return _LEFT + (placed(value) - first) / (last - first) * (right - _LEFT)

    def down(value: float) -> float:
        return bottom - value / highest * (bottom - _TOP)

    parts = [_text(_LEFT, 22, title, size=15)]
    for number in range(round(highest / step) + 1):
        value = number * step
        parts.append(
            f'<path d="M{_LEFT} {down(value):.1f}H{right}" stroke="#ccc" stroke-width="1"/>'
        )
        parts.append(_text(_LEFT - 8, down(value) + 4, f"{value:,.0f}", anchor="end"))
    steps = range(first, last + 1, 1 if powers else last // 8 or 1)
    marks = [10**step for step in steps] if powers else list(steps)
    parts += [_text(across(mark), bottom + 20, f"{mark:,}", anchor="middle") for mark in marks]
    parts.append(_text((_LEFT + right) / 2, _HEIGHT - 10, x, anchor="middle"))
    parts.append(
        f'<g transform="rotate(-90 16 {(_TOP + bottom) / 2})">'
        f"{_text(16, (_TOP + bottom) / 2, y, anchor='middle')}</g>"
    )
    for line, colour in zip(lines, _COLOURS, strict=False):
        points = [(across(a), down(b)) for a, b in line.points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if powers:
            parts += [
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in points
            ]
        parts.append(_text(points[-1][0] + 8, points[-1][1] + 4, line.name, colour=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" role="img"><title>{escape(title)}</title>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _scale(highest: float) -> tuple[float, float]:
    """Where the axis ends, and by what steps it gets there."""
    step = 10.0 ** math.floor(math.log10(max(highest, 1e-9)))
    for part in (0.2, 0.5, 1.0):
        if highest / (step * part) <= 6:
            step *= part
            break
    return math.ceil(highest / step) * step, step


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, colour: str = "#222"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(words)}</text>'
    )
