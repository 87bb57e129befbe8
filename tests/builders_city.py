"""A small city for tests: four square streets in two districts of Qingdao, everything else as in the default city."""

from datetime import date, datetime

import numpy as np
import shapely
from sqlmodel import Session

from app.city import default_data, loading
from app.city.grid_building import cut_cells
from app.city.load_default import PLANE
from app.city.version import bump_version

SHINAN, LICANG = "370202", "370213"
ZHENHUALU, LICUN = "370213001", "370213006"
ZHONGSHANLU, XIANGGANGZHONGLU = "370202005", "370202001"
SMALL_CITY_STREETS = (XIANGGANGZHONGLU, ZHONGSHANLU, ZHENHUALU, LICUN)
SMALL_CITY_SINCE = date(2019, 1, 1)

IN_LICUN = (120.4149, 36.1602)
"""The centre of 李村街道 (WGS-84): the middle one of its nine cells, `370213006001005`."""
IN_ZHENHUALU = (120.3786, 36.1617)
IN_ZHONGSHANLU = (120.3151, 36.0666)
IN_XIANGGANGZHONGLU = (120.3853, 36.0658)
AT_SEA = (120.6, 35.6)

_STREET_M = 3_000.0
_CELL_M = 1_000.0


def a_small_city(session: Session, now: datetime) -> None:
    """Add it to empty tables: streets of 3 km with nine cells of 1 km, all kinds of units, catalogue, calendar.

    Cells are numbered from the north-west: 001 002 003 / 004 005 006 / 007 008 009. Units and cells are valid
    since 2019.
    """
    streets = {street.code: street for street in default_data.streets() if street.code in SMALL_CITY_STREETS}
    districts = [district for district in default_data.districts() if district.code in (SHINAN, LICANG)]
    generation_id = loading.add_generation(session, source="test", note="small city", now=now)
    squares, cells = {}, []
    for code, street in streets.items():
        east, north = (round(metres, 3) for metres in PLANE.metres([street.centre])[0].tolist())
        half = _STREET_M / 2
        square = np.array([shapely.box(east - half, north - half, east + half, north + half)])
        squares[code] = PLANE.shapes_in_degrees(square)[0]
        cells += cut_cells([code], square, size_m=_CELL_M, anchor=(east - half, north + half))
    loading.add_areas(
        session,
        districts=districts,
        streets=streets,
        shapes=squares,
        generation_id=generation_id,
        is_approximate=True,
    )
    loading.add_communities(session, cells, streets=streets, plane=PLANE, generation_id=generation_id)
    loading.add_cells(session, cells, plane=PLANE, generation_id=generation_id, valid_from=SMALL_CITY_SINCE)
    loading.add_units(
        session,
        kinds=default_data.unit_kinds(),
        districts=districts,
        streets=streets.values(),
        zones=[],
        valid_from=SMALL_CITY_SINCE,
    )
    loading.add_catalogue(session, default_data.catalogue())
    loading.add_days(session, default_data.exceptional_days(2019, 2028), source="test")
    bump_version(session, now=now)
