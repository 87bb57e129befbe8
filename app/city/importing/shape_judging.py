"""Judge the shapes of a file, each and all together, and tell what is wrong and where."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.grid_building import Indices
from app.city.importing import borders
from app.city.importing.findings import Fault, Findings
from app.city.importing.position import FAR_M, far_ones
from app.city.loading import Progress
from app.city.plane import Plane, Shapes
from app.texts import has_text, text


def judge_shapes(
    degrees: Shapes,
    there: Indices,
    labels: Sequence[str],
    *,
    plane: Plane,
    allows_gaps: bool,
    findings: Findings,
    progress: Progress,
) -> None:
    """Check shapes in WGS-84; `there` holds the position of each among the features, which `labels` names."""
    judge = _Judge(plane, there, labels, findings)
    metres = plane.shapes_in_metres(degrees)
    unsound = np.array(sorted(judge.check_each(degrees, metres)), dtype=np.int64)
    sound = np.setdiff1d(np.arange(len(metres)), unsound)
    judge.check_overlaps(metres[sound], sound, progress)
    judge.check_gaps(metres[sound], metres[unsound], allows_gaps=allows_gaps, progress=progress)


@dataclass(slots=True)
class _Judge:
    plane: Plane
    there: Indices
    labels: Sequence[str]
    findings: Findings

    def check_each(self, degrees: Shapes, metres: Shapes) -> set[int]:
        """Return the positions of shapes that the checks of borders must leave out."""
        unsound = set()
        for bad in borders.invalid_ones(metres):
            unsound.add(bad.index)
            spot = self._in_degrees(bad.spot)
            key = f"city_import.reason.{bad.reason.lower().replace(' ', '_')}"
            reason = text(key) if has_text(key) else bad.reason
            self._add(Fault.INVALID_SHAPE, bad.index, spot=spot, reason=reason, where=_where(spot))
        for index in np.flatnonzero(self.plane.areas_m2(metres) < borders.LEAST_AREA_M2).tolist():
            if index not in unsound:
                unsound.add(index)
                self._add(Fault.NO_AREA, index, least=borders.LEAST_AREA_M2)
        for index in far_ones(degrees, self.plane):
            unsound.add(index)
            self._add(Fault.FAR_AWAY, index, km=round(FAR_M / 1000))
        return unsound

    def check_overlaps(self, metres: Shapes, sound: Indices, tell: Progress) -> None:
        slivers = []
        for each in borders.overlaps(metres, progress=tell):
            if each.is_sliver:
                slivers.append(each.shape)
                continue
            first, second = (int(self.there[sound[index]]) for index in (each.first, each.second))
            spot = self._in_degrees(each.shape)
            facts = {"first": self.labels[first], "second": self.labels[second], "m2": _m2(each.shape)}
            self.findings.add(Fault.OVERLAP, first, second, spot=spot, where=_where(spot), **facts)
        self._sum_up(Fault.OVERLAP_SLIVERS, slivers)

    def check_gaps(self, metres: Shapes, unsound: Shapes, *, allows_gaps: bool, progress: Progress) -> None:
        fault, slivers = Fault.GAP_APPROXIMATE if allows_gaps else Fault.GAP, []
        # Where a shape could not be used, the hole it leaves is not a fault of its own.
        left_out = shapely.box(*shapely.bounds(unsound).T) if len(unsound) else unsound
        for each in borders.gaps(metres, progress=progress):
            if each.is_sliver:
                slivers.append(each.shape)
            elif not shapely.intersects(left_out, each.shape).any():
                spot = self._in_degrees(each.shape)
                self.findings.add(fault, spot=spot, m2=_m2(each.shape), where=_where(spot))
        self._sum_up(Fault.GAP_SLIVERS, slivers)

    def _sum_up(self, fault: Fault, slivers: list[BaseGeometry]) -> None:
        if slivers:
            largest = max(slivers, key=shapely.area)
            spot = self._in_degrees(largest)
            facts = {"count": len(slivers), "m2": _m2(*slivers), "widest": borders.SLIVER_M}
            self.findings.add(fault, spot=spot, where=_where(spot), **facts)

    def _add(self, fault: Fault, index: int, *, spot: BaseGeometry | None = None, **facts: object) -> None:
        at = int(self.there[index])
        self.findings.add(fault, at, spot=spot, label=self.labels[at], **facts)

    def _in_degrees(self, shape: BaseGeometry | None) -> BaseGeometry | None:
        return None if shape is None else self.plane.shapes_in_degrees(np.array([shape], dtype=object))[0]


def _m2(*shapes: BaseGeometry) -> str:
    return f"{sum(shape.area for shape in shapes):,.1f}"


def _where(spot: BaseGeometry | None) -> str:
    if spot is None:
        return "—"
    middle = spot.representative_point()
    return f"{middle.x:.6f}, {middle.y:.6f}"
