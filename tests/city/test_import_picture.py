"""The picture of a file: well formed, everything drawn, what is wrong numbered as in the report."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely

from app.city.importing.import_file import Examined
from app.city.importing.picture import MAP, draw
from app.city.importing.sheet import sheet_over
from app.city.importing.wanted import GridLevel
from app.city.plane import Plane
from tests.city.grid_files import SIDE, SOUTH, WEST, Grid, a_box, examined, four_streets

SVG = "{http://www.w3.org/2000/svg}"


def drawn(found: Examined) -> ET.Element:
    return ET.fromstring(draw(found.judged, name=found.content.name, summary="摘要"))  # noqa: S314 - our own picture


def by_class(picture: ET.Element, kind: str) -> list[ET.Element]:
    return [each for each in picture.iter() if each.get("class") == kind]


def words(picture: ET.Element) -> str:
    return "\n".join(each.text or "" for each in picture.iter(f"{SVG}text"))


def faulty() -> Grid:
    """Two streets overlap, the third crosses itself, the fourth has a short code."""
    grid = four_streets()
    grid.rings[0] = [[[x + 0.002, y] for x, y in grid.rings[0][0]]]
    ring = grid.rings[2][0]
    grid.rings[2] = [[ring[0], ring[2], ring[1], ring[3], ring[0]]]
    grid.properties[3]["street_code"] = "37021300"
    return grid


def test_a_file_without_faults_is_drawn_in_one_colour() -> None:
    picture = drawn(examined(four_streets()))
    (whole,) = by_class(picture, "whole")[:1]
    assert str(whole.get("d")).count("M") == 4
    assert [each.tag for each in by_class(picture, "spot")] == [f"{SVG}rect"]  # in the legend
    assert "没有发现问题" in words(picture)


def test_faults_are_coloured_numbered_and_explained() -> None:
    found = examined(faulty())
    picture = drawn(found)
    titles = {title.text for title in picture.iter(f"{SVG}title")}
    assert titles == {found.judged.labels[index] for index in (0, 1, 2, 3)}
    assert len([each for each in by_class(picture, "error") if each.tag == f"{SVG}path"]) == 4
    numbers = [tag.text for tag in by_class(picture, "tag e")]
    errors = found.judged.findings.errors
    for number, finding in enumerate(errors, start=1):
        assert numbers.count(str(number)) == 2, finding  # on the map and beside it
        assert finding.sentence[:12] in words(picture)


def test_the_north_is_above_and_the_east_is_right() -> None:
    """The features in the file's own order: south-west, south-east, north-west, north-east."""
    grid = four_streets()
    for row in grid.properties:
        row["name"] += "新"  # a warning each, so each is a path of its own
    paths = [path for path in by_class(drawn(examined(grid)), "warning") if path.get("d")]
    titled = sorted((str(path.findtext(f"{SVG}title")), str(path.get("d"))) for path in paths)
    middles = [middle_of(data) for _, data in titled]
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = middles
    assert x1 == pytest.approx(x3)
    assert x2 == pytest.approx(x4)
    assert x1 < x2
    assert y1 == pytest.approx(y2)
    assert y3 == pytest.approx(y4)
    assert y3 < y1  # down the page is south


def middle_of(path: str) -> tuple[float, float]:
    points = np.array([[float(value) for value in point.split(",")] for point in re.findall(r"[-\d.]+,[-\d.]+", path)])
    x, y = ((points.min(axis=0) + points.max(axis=0)) / 2).tolist()
    return x, y


def test_an_overlap_is_drawn_where_it_is() -> None:
    grid = four_streets()
    grid.rings[0] = [[[x + 0.004, y] for x, y in grid.rings[0][0]]]
    picture = drawn(examined(grid))
    spot, *_ = [each for each in by_class(picture, "spot") if each.get("d")]
    sheet = sheet_over(np.array([WEST, SOUTH, WEST + 2 * SIDE, SOUTH + 2 * SIDE]), Plane(120, 36), longer=MAP)
    expected = sheet.middle(shapely.Point(WEST + SIDE + 0.002, SOUTH + SIDE / 2))
    assert middle_of(str(spot.get("d"))) == pytest.approx(expected, abs=0.2)


def test_markers_that_hide_each_other_are_shown_enlarged() -> None:
    """Two small faults side by side in a wide city."""
    side = SIDE / 40
    crowd = [a_box(WEST + 3 * side * n, SOUTH, side) for n in range(2)]
    grid = four_streets()
    grid.properties += [{"street_code": f"37020209{n}", "name": f"小街{n}", "district": "市南区"} for n in range(2)]
    grid.rings += [[ring] for ring in crowd]
    picture = drawn(examined(grid))
    (inset,) = picture.findall(f"{SVG}svg")
    assert len(by_class(picture, "frame")) == 2
    marks = [(float(str(ring.get("cx"))), float(str(ring.get("cy")))) for ring in inset.iter(f"{SVG}circle")]
    assert len(marks) >= 2
    assert abs(marks[0][0] - marks[1][0]) > 40


def test_names_cannot_break_the_picture() -> None:
    grid = faulty()
    for index, name in enumerate(['</text><script>"', "a&b]]>", "街\x00\x1b道", "\u202e路"]):
        grid.properties[index]["name"] = name
    picture = drawn(examined(grid))
    assert not list(picture.iter(f"{SVG}script"))
    assert "</text><script>" in words(picture)


@pytest.mark.parametrize(
    "geometries",
    [
        dict.fromkeys(range(4)),
        {0: {"type": "Polygon", "coordinates": [a_box(-70, -30)]}},
        {0: {"type": "Polygon", "coordinates": [[[WEST, SOUTH]] * 4]}},
    ],
    ids=["nothing to draw", "one in another continent", "a point"],
)
def test_whatever_the_file_holds_there_is_a_picture(geometries: dict[int, Any]) -> None:
    grid = four_streets()
    grid.geometries = geometries
    assert drawn(examined(grid)).tag == f"{SVG}svg"


def test_the_picture_of_many_cells_stays_small() -> None:
    side = SIDE / 50
    grid = Grid(
        [{"code": f"370202005{n // 900 + 1:03}{n % 900 + 1:03}"} for n in range(2_500)],
        [[a_box(WEST + side * (n % 50), SOUTH + side * (n // 50), side)] for n in range(2_500)],
    )
    found = examined(grid, GridLevel.CELL, end_others=True)
    picture = draw(found.judged, name="x", summary="")
    assert len(picture) < 2_500 * 80
    assert len(by_class(ET.fromstring(picture), "whole")) == 2  # noqa: S314 - all cells in one path, and the legend
