"""Where the GCJ-02 shift applies: a simplified, hand-placed outline of mainland China.

It decides only which formula a coordinate gets; it is no map and says nothing about any boundary. Vertices were
placed by hand, 50 to 300 km apart and mostly up to 20 km (in corners 50 km) outside land borders and coasts, so that
every border town, port and inshore island is inside, and foreign towns that close to the border are too. The Bohai
Sea, Hainan and the waters off Qingdao are inside; remoter islands are not. Hong Kong and Macau, whose maps are not
shifted, are cut out along the Shenzhen river and the border of Zhuhai, to about 300 m.
"""

from typing import Final

_Ring = tuple[tuple[float, float], ...]
_Edge = tuple[float, float, float, float]

# (longitude, latitude), clockwise from the mouth of the Yalu.
_OUTLINE: Final[_Ring] = (
    # Korea
    (124.20, 39.60), (124.65, 40.05), (125.20, 40.45), (126.30, 40.90), (127.00, 41.55), (128.20, 41.25),
    (128.35, 41.95), (129.30, 42.15), (129.95, 42.45), (130.05, 42.80), (130.55, 42.30), (130.80, 42.45),
    # Russia: Primorye, Ussuri, Amur, Argun
    (131.15, 42.85), (131.45, 43.45), (131.35, 44.80), (131.95, 45.15), (133.00, 44.90), (133.65, 45.70),
    (134.20, 46.70), (134.85, 47.70), (134.98, 48.40), (134.30, 48.55), (132.60, 47.95), (131.20, 47.95),
    (130.70, 49.00), (129.50, 49.60), (128.10, 49.75), (127.70, 50.30), (127.50, 50.90), (126.95, 51.70),
    (126.30, 52.75), (125.70, 53.20), (123.50, 53.70), (121.00, 53.50), (119.80, 52.70), (120.30, 52.00),
    (119.00, 50.40), (117.80, 49.70), (116.70, 50.05),
    # Mongolia
    (115.40, 48.20), (115.60, 47.55), (117.35, 47.58), (118.10, 47.88), (118.80, 47.58), (119.50, 46.95),
    (116.20, 46.50), (113.70, 45.00), (111.80, 45.25), (111.30, 44.30), (110.20, 42.90), (107.40, 42.60),
    (105.00, 41.80), (101.80, 42.80), (97.20, 42.90), (96.35, 43.20), (95.50, 44.50), (93.50, 45.20),
    (91.00, 45.40), (91.20, 46.70), (90.20, 48.00), (88.20, 48.80), (87.80, 49.30),
    # Kazakhstan, Kyrgyzstan, Tajikistan
    (86.70, 49.25), (85.50, 48.50), (85.30, 47.25), (82.90, 47.40), (82.00, 45.50), (79.70, 45.05),
    (80.20, 44.20), (80.55, 43.20), (80.05, 42.90), (80.00, 42.15), (76.80, 41.20), (74.80, 40.70), (73.40, 39.70),
    (73.50, 38.40), (74.60, 38.20), (74.60, 37.20),
    # the Karakoram and the Himalaya
    (76.00, 35.90), (77.60, 35.30), (78.60, 34.30), (78.60, 33.60), (78.85, 32.75), (78.25, 32.65),
    (78.60, 31.20), (81.00, 29.95), (84.00, 28.90), (85.10, 28.15), (86.00, 27.80), (88.10, 27.70),
    (88.70, 27.90), (88.90, 27.15), (89.40, 27.60), (90.40, 27.90), (91.60, 27.60), (92.10, 26.85),
    (93.90, 27.00), (95.40, 27.90), (97.40, 27.75),
    # Myanmar, Laos, Vietnam
    (98.50, 27.40), (98.40, 25.70), (97.40, 24.90), (97.45, 23.80), (98.50, 23.80), (98.80, 23.10),
    (99.30, 22.90), (99.05, 22.00), (100.00, 21.30), (101.60, 21.00), (101.90, 21.30), (101.90, 22.20),
    (103.00, 22.35), (104.00, 22.40), (105.30, 23.15), (106.40, 22.75), (106.55, 21.97), (107.95, 21.40),
    # the coast: Beibu Gulf, Hainan, Guangdong, Fujian, Zhejiang, Jiangsu
    (108.80, 20.80), (108.30, 19.40), (108.50, 18.40), (109.40, 18.00), (110.30, 18.30), (111.40, 19.80),
    (111.10, 21.00), (112.60, 21.35), (113.70, 21.75), (114.70, 21.90), (116.00, 22.55), (117.40, 23.30),
    (118.40, 24.10), (120.10, 25.40), (121.20, 27.20), (122.10, 28.30), (123.00, 29.80), (123.10, 30.90),
    (122.20, 31.80), (121.00, 33.20), (120.60, 34.30), (120.20, 34.80),
    # Shandong with the islands off Qingdao, then across the Bohai strait to Liaoning
    (120.40, 35.25), (121.30, 35.45), (121.80, 36.15), (123.00, 36.80), (123.00, 37.55), (121.50, 37.90),
    (121.20, 38.50), (122.20, 38.80), (123.40, 38.90), (123.50, 39.45),
)  # fmt: skip

_HONG_KONG: Final[_Ring] = (
    (113.840, 22.420), (113.890, 22.445), (113.965, 22.480), (114.030, 22.503), (114.060, 22.513), (114.085, 22.527),
    (114.113, 22.531), (114.150, 22.548), (114.180, 22.555), (114.225, 22.546), (114.280, 22.562), (114.400, 22.565),
    (114.455, 22.520), (114.500, 22.440), (114.500, 22.150), (113.840, 22.150),
)  # fmt: skip

_MACAU: Final[_Ring] = (
    (113.534, 22.2145), (113.553, 22.2155), (113.565, 22.2130), (113.620, 22.2130), (113.620, 22.080),
    (113.560, 22.080), (113.550, 22.105), (113.549, 22.125), (113.535, 22.150), (113.531, 22.185), (113.528, 22.200),
)  # fmt: skip

WEST: Final = min(lon for lon, _ in _OUTLINE)
EAST: Final = max(lon for lon, _ in _OUTLINE)
SOUTH: Final = min(lat for _, lat in _OUTLINE)
NORTH: Final = max(lat for _, lat in _OUTLINE)


def _edges(ring: _Ring) -> list[_Edge]:
    return [(lon1, lat1, lon2, lat2) for (lon1, lat1), (lon2, lat2) in zip(ring, ring[1:] + ring[:1], strict=True)]


_EDGES: Final = [edge for ring in (_OUTLINE, _HONG_KONG, _MACAU) for edge in _edges(ring)]
# The edges of each whole degree of latitude: a point is compared with a dozen of them instead of all.
_BANDS: Final = tuple(
    tuple(edge for edge in _EDGES if min(edge[1], edge[3]) <= degree + 1 and max(edge[1], edge[3]) >= degree)
    for degree in range(int(NORTH) + 1)
)


def contains(lon: float, lat: float) -> bool:
    """Say whether a WGS-84 position in degrees lies inside the outline and outside Hong Kong and Macau."""
    if not (WEST < lon < EAST and SOUTH < lat < NORTH):
        return False
    inside = False
    # Even-odd rule: the cut-outs lie inside the outline, so crossing into one turns the answer round.
    for lon1, lat1, lon2, lat2 in _BANDS[int(lat)]:
        if (lat1 > lat) is not (lat2 > lat) and lon < lon1 + (lat - lat1) / (lat2 - lat1) * (lon2 - lon1):
            inside = not inside
    return inside
