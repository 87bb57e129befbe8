"""Draw all features of a file as an SVG, what is wrong with them coloured, numbered and explained beside the map."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.importing.findings import Finding
from app.city.importing.judging import Judged
from app.city.importing.sheet import Sheet, sheet_over
from app.city.importing.wanted import printable
from app.city.plane import Numbers, Shapes
from app.texts import text

MAP, INSET, MARGIN, SIDE, TOP = 1_000, 540, 24, 590, 92
"""Pixels: the longer sides of map and enlargement, the margin, the column of explanations, the head."""

_MARKED, _EXPLAINED, _NAMED = 400, 30, 40
_CROWDED = 26.0
"""Pixels: markers closer together than this are shown once more, enlarged."""

_LINE, _LINES, _LETTERS = 44, 2, 37
_WIDE = 0x2E80
"""From here on Unicode has Chinese signs and their punctuation, mostly; they take the width of two others."""
_UNBROKEN = re.compile(r"[\x21-\x7e]+|.", re.DOTALL)

STYLE = """
text{font-family:"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;fill:#25303b}
.whole{fill:#e4ebf1;stroke:#90a0b0;stroke-width:.6}.warning{fill:#fbe3a4;stroke:#b98900;stroke-width:.8}
.error{fill:#f6bdb5;stroke:#b3261e;stroke-width:.9}.spot{fill:#b3261e;stroke:#7d0f0a}.gap{fill:#f08c00;stroke:#a65f00}
.ring{fill:none;stroke-width:1.6}.ring.e{stroke:#b3261e}.ring.w{stroke:#b98900}
.tag{font-size:11px;font-weight:600;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:3px}
.tag.e{fill:#b3261e}.tag.w{fill:#8a6500}
.name{font-size:10px;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:2.5px}
.head{font-size:21px;font-weight:600}.sub{font-size:13px;fill:#5b6875}.line{font-size:13px}
.frame{fill:none;stroke:#25303b;stroke-width:1;stroke-dasharray:5 3}
"""


@dataclass(frozen=True, slots=True)
class _Drawing:
    judged: Judged
    told: Sequence[Finding]

    def map(self, sheet: Sheet) -> list[str]:
        return [*self._areas(sheet), *self._spots(sheet)]

    def _areas(self, sheet: Sheet) -> list[str]:
        """Draw whole features in one path, and on top of them those with findings, named."""
        seen = self._seen(sheet)
        worst: dict[int, str] = {}
        for finding in self.told:  # errors come first
            for index in finding.features:
                worst.setdefault(index, "error" if finding.fault.is_error else "warning")
        fine = [shape for index, shape in seen.items() if index not in worst]
        drawn = [_path("whole", sheet.path(fine))] if fine else []
        faulty = [(index, kind) for index, kind in worst.items() if index in seen]
        for index, kind in sorted(faulty, key=lambda item: item[1], reverse=True):  # errors over warnings
            drawn.append(_path(kind, sheet.path([seen[index]]), title=self.judged.labels[index]))
        for index, _ in faulty[:_NAMED]:
            drawn.append(_text(*sheet.middle(seen[index]), "name", self.judged.words[index].name))
        return drawn

    def _seen(self, sheet: Sheet) -> dict[int, BaseGeometry]:
        there = {index: shape for index, shape in enumerate(self.judged.shapes) if shape is not None}
        if not there:
            return there
        shows = sheet.shows(np.array(list(there.values()), dtype=object))
        return {index: shape for (index, shape), is_seen in zip(there.items(), shows.tolist(), strict=True) if is_seen}

    def _spots(self, sheet: Sheet) -> list[str]:
        """Draw where findings are: the place itself in its true size, and a ring with its number around it."""
        drawn = []
        for number, place in self._places():
            finding = self.told[number - 1]
            x, y = sheet.middle(place)
            if not sheet.holds(x, y):
                continue
            if finding.spot is not None:
                drawn.append(_path("spot" if finding.features else "gap", sheet.path([finding.spot])))
            drawn += _marker(x, y, number, finding, above=True)
        return drawn

    def _places(self) -> list[tuple[int, BaseGeometry]]:
        """Return the numbers of findings that are somewhere, with where: a spot, or else the feature."""
        places = []
        for number, finding in enumerate(self.told[:_MARKED], start=1):
            shapes = (self.judged.shapes[index] for index in finding.features)
            place = finding.spot or next((shape for shape in shapes if shape is not None), None)
            if place is not None:
                places.append((number, place))
        return places

    def crowd(self, sheet: Sheet) -> Numbers | None:
        """Return the box (degrees) of the markers that would hide each other, or None."""
        spots = np.array([sheet.middle(place) for _, place in self._places()]).reshape(-1, 2)
        apart = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
        np.fill_diagonal(apart, np.inf)
        crowded = spots[(apart < _CROWDED).any(axis=1)] if len(spots) else spots
        if not len(crowded):
            return None
        low, high = crowded.min(axis=0) - _CROWDED, crowded.max(axis=0) + _CROWDED
        if (high - low).max() > MAP / 2:
            return None  # they are everywhere
        corners = [[low[0], high[1]], [high[0], low[1]]]
        metres = np.array(corners) / sheet.scale * [1, -1] + [sheet.west, sheet.north]
        return sheet.plane.degrees(metres).ravel()


def draw(judged: Judged, *, name: str, summary: str) -> str:
    """Return the picture of a judged file; `summary` is the line below its name."""
    told = [*judged.findings.errors, *judged.findings.warnings]
    drawing = _Drawing(judged, told)
    sheet = sheet_over(_box(judged), judged.plane, longer=MAP)
    left, below = 2 * MARGIN + sheet.width, TOP + _LINE * min(len(told), _EXPLAINED) + 40
    inset, inset_height = _inset(drawing, sheet, left=left, top=below)
    height = max(TOP + sheet.height, below + inset_height) + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + SIDE:.0f}" height="{height:.0f}">',
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
        _text(MARGIN, 38, "head", text("city_import.picture.title", name=name)),
        _text(MARGIN, 64, "sub", summary),
        f'<g transform="translate({MARGIN} {TOP})">',
        *drawing.map(sheet),
        "</g>",
        *_explanations(told, left=left),
        *inset,
        *_legend(height - 30),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(judged: Judged) -> Numbers:
    """Return west, south, east and north of the features; stray ones would shrink the city to a dot."""
    shapes: Shapes = np.array([shape for shape in judged.shapes if shape is not None], dtype=object)
    if not len(shapes):
        return np.array([0.0, 0.0, 0.01, 0.01])
    boxes = shapely.bounds(shapes)
    low, high = np.percentile(boxes[:, :2], 1, axis=0) - 1, np.percentile(boxes[:, 2:], 99, axis=0) + 1
    near = boxes[((boxes[:, :2] >= low) & (boxes[:, 2:] <= high)).all(axis=1)]
    return np.concatenate([near[:, :2].min(axis=0), near[:, 2:].max(axis=0)])


def _inset(drawing: _Drawing, sheet: Sheet, *, left: float, top: float) -> tuple[list[str], float]:
    """Enlarge where markers hide each other, and frame that part of the map; also return how high that is."""
    box = drawing.crowd(sheet)
    if box is None:
        return [], 0.0
    part = sheet_over(box, sheet.plane, longer=INSET)
    (x1, y2), (x2, y1) = sheet.pixels(box.reshape(2, 2)).tolist()
    drawn = [
        _frame(MARGIN + x1, TOP + y1, x2 - x1, y2 - y1),
        f'<svg x="{left:.0f}" y="{top:.0f}" width="{part.width:.0f}" height="{part.height:.0f}">',
        *drawing.map(part),
        "</svg>",
        _frame(left, top, part.width, part.height),
    ]
    return drawn, part.height


def _explanations(told: Sequence[Finding], *, left: float) -> list[str]:
    if not told:
        return [_text(left, TOP + 20, "line", text("city_import.picture.nothing"))]
    drawn = []
    for row, finding in enumerate(told[:_EXPLAINED]):
        y = TOP + 20 + row * _LINE
        drawn += _marker(left + 12, y - 5, row + 1, finding, above=False)
        drawn += [_text(left + 32, y + 18 * n, "line", line) for n, line in enumerate(_wrapped(finding.sentence))]
    if len(told) > _EXPLAINED:
        more = text("city_import.picture.more", count=len(told) - _EXPLAINED)
        drawn.append(_text(left, TOP + 20 + _EXPLAINED * _LINE, "sub", more))
    return drawn


def _marker(x: float, y: float, number: int, finding: Finding, *, above: bool) -> list[str]:
    tone = "e" if finding.fault.is_error else "w"
    ring = f'<circle class="ring {tone}" cx="{x:.1f}" cy="{y:.1f}" r="{9 if above else 11}"/>'
    return [ring, _text(x, y - 12 if above else y + 4, f"tag {tone}", str(number))]


def _wrapped(sentence: str) -> list[str]:
    """Return at most two lines of a sentence, numbers and words unbroken."""
    lines, width = [""], 0.0
    for run in _UNBROKEN.findall(sentence):
        long = sum(1.0 if ord(sign) >= _WIDE else 0.55 for sign in run)
        if width + long > _LETTERS and lines[-1]:
            lines.append("")
            width = 0.0
        lines[-1] += run
        width += long
    return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], lines[_LINES - 1][:-1] + "…"]


def _legend(y: float) -> list[str]:
    drawn, x = [], float(MARGIN)
    for kind in ("whole", "error", "warning", "spot", "gap"):
        words = text(f"city_import.picture.{kind}")
        drawn.append(f'<rect class="{kind}" x="{x:.0f}" y="{y - 12:.0f}" width="18" height="14"/>')
        drawn.append(_text(x + 25, y, "line", words))
        x += 25 + 14 * len(words) + 26
    return drawn


def _path(kind: str, data: str, *, title: str = "") -> str:
    inside = f"<title>{_escaped(title)}</title>" if title else ""
    return f'<path class="{kind}" fill-rule="evenodd" d="{data}">{inside}</path>'


def _frame(x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="frame" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(x: float, y: float, kind: str, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{_escaped(words)}</text>'


def _escaped(words: str) -> str:
    return html.escape(printable(words))
