"""A city's history straight into the tables: as many reports as wanted, with their photos, postings and tallies.

The postings are worked out in bulk with numpy; that they are those of the real indexing is a test of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from app.domain.bigrams import bigrams, searchable
from app.domain.cells import Level
from app.domain.report_number import make
from app.domain.workflow import BEFORE_DISPATCH, DESK_OF, OPEN, Status
from app.reports.world import World
from app.search.postings import BLOCK, pack
from app.search.tokens import tokens_of

INTERVAL_S = 30
"""From one report to the next."""

NEWEST_SHARE = 0.25
OPEN_PERCENT_OF_NEWEST = 60

UNITS = 100
CITIZENS = 500
HANDLERS = 50

RARE_WORD = "锔瓷匠人"
RARE = 25
"""So many reports hold the rare word, however many there are."""

COMMON_WORD = "垃圾"
SECOND_WORD = "学校"

_CHARACTERS = (
    "东西南北中山海河湖江平安和顺福寿康宁兴隆昌盛文武太长延同万金银玉石"
    "松柏梅兰竹菊云龙凤鹤春夏秋冬阳光明华复建国民生新永德仁义"
)
_PLACES = (
    "学校",
    "医院",
    "菜市场",
    "公交站",
    "小区",
    "广场",
    "公园",
    "银行",
    "酒店",
    "加油站",
    "派出所",
    "社区中心",
) * 4
_PROBLEMS = (
    *("垃圾成堆没有人清运", "垃圾箱满溢气味难闻", "暴露垃圾影响市容", "车辆乱停堵塞通道", "共享单车占用盲道"),
    *("井盖破损存在隐患", "路灯不亮夜间出行不便", "商贩占道经营噪声扰民", "墙面乱贴小广告", "架空缆线低垂杂乱"),
    *("绿化带被踩踏缺株", "公益广告破损褪色", "门头招牌松动", "路面坑洼积水", "渣土遗撒扬尘", "油烟直排扰民"),
)
_VERBS = "请望盼速快急尽再已曾处办派查看修清管理核走过来去进出上下左右前后里外高低大小多少长短早晚冷热轻重新旧好坏真假"
_WORDS = tuple(f"{a}{b}" for a in _VERBS for b in _VERBS)
_ROADS = tuple(f"{a}{b}路" for a in _CHARACTERS for b in _CHARACTERS)
_HOUSES = tuple(f"{number}号" for number in range(1, 1_000))
VOCABULARY = {
    "places": _PLACES,
    "problems": _PROBLEMS,
    "words": _WORDS,
    "more words": _WORDS,
    "roads": _ROADS,
    "houses": _HOUSES,
}

_STATUSES = tuple(
    status
    for status, share in {
        Status.SUBMITTED: 8, Status.ACCEPTED: 4, Status.VERIFYING: 4, Status.FILED: 4, Status.DISPATCHED: 15,
        Status.HANDLING: 45, Status.RETURNED: 2, Status.SUSPENDED: 3, Status.RESOLVED: 5, Status.CHECKING: 7,
        Status.CHECKED: 3,
    }.items()
    for _ in range(share)
)  # fmt: skip
_ENDS = (Status.CLOSED,) * 93 + (Status.REJECTED,) * 3 + (Status.VOIDED,) * 2 + (Status.WITHDRAWN,) * 2

_ROUTING = (
    '{"rule": "default", "unit": "%s", "basis": "《城市市容和环境卫生管理条例》第十六条", "passed": [], "version": "1"}'
)


class History:
    """A number of reports, ids from 1, the newest submitted at `until`; drawn with a fixed seed."""

    def __init__(self, world: World, count: int, *, until: datetime, units: int = UNITS) -> None:
        self.count, self.until = count, until
        self.streets = sorted(code for code, area in world.city.areas.items() if area.level is Level.STREET)
        self.units = sorted(world.city.units)[:units]
        self.conditions = [each for each in world.city.conditions if each.is_default]
        self.rule_set_id = world.rule_set_id
        dice = np.random.default_rng(20261120)

        def draw(below: int) -> list[int]:
            drawn: list[int] = dice.integers(below, size=count + 1).tolist()  # there is no report 0
            return drawn

        self.pieces = {
            "places": draw(len(_PLACES)),
            "problems": draw(len(_PROBLEMS)),
            "words": draw(len(_WORDS)),
            "more words": draw(len(_WORDS)),
            "roads": draw(len(_ROADS)),
            "houses": draw(len(_HOUSES)),
        }
        self.street, self.unit = draw(len(self.streets)), draw(len(self.units))
        self.luck, self.status_luck, self.person = draw(100), draw(100), draw(10**6)

    def is_rare(self, number: int) -> bool:
        return number % max(1, self.count // RARE) == 0

    def description(self, number: int) -> str:
        pieces = [VOCABULARY[kind][self.pieces[kind][number]] for kind in ("places", "problems", "words", "more words")]
        return "，".join([*pieces, RARE_WORD] if self.is_rare(number) else pieces)

    def address(self, number: int) -> str:
        return "，".join(VOCABULARY[kind][self.pieces[kind][number]] for kind in ("roads", "houses"))

    def status(self, number: int) -> Status:
        is_new = self.count - number < self.count * NEWEST_SHARE
        if is_new and self.luck[number] < OPEN_PERCENT_OF_NEWEST:
            return _STATUSES[self.status_luck[number]]
        return _ENDS[self.status_luck[number]]

    def submitted_at(self, number: int) -> datetime:
        return self.until - timedelta(seconds=(self.count - number) * INTERVAL_S)

    def report(self, number: int) -> dict[str, Any]:
        """Return the row of a report."""
        at, status = self.submitted_at(number), self.status(number)
        street, unit, person = self.streets[self.street[number]], self.units[self.unit[number]], self.person[number]
        condition = self.conditions[person % len(self.conditions)]
        is_dispatched = status not in BEFORE_DISPATCH
        desk = DESK_OF.get(status)
        is_open, is_closed = status in OPEN, status is Status.CLOSED
        has_clock = is_open and status is not Status.SUSPENDED
        due_at = self.until + timedelta(minutes=person % 2880 - 1440) if has_clock else None
        is_handled = is_open and desk is None and person % 2 == 0
        return {
            "id": number,
            "number": make(at, person),
            "version": 4,
            "status": status.value,
            "source": "service" if person % 20 == 0 else "citizen",
            "category_code": condition.category_code,
            "scheme": condition.scheme,
            "class_code": condition.class_code,
            "condition_id": condition.id,
            "description": self.description(number),
            "answers": "{}",
            "place_type": "",
            "reporter_id": 1 + person % CITIZENS,
            "is_anonymous": False,
            "lon": 120.4 + person / 1e7,
            "lat": 36.1 + person / 1e7,
            "sent_lon": 120.4 + person / 1e7,
            "sent_lat": 36.1 + person / 1e7,
            "datum": "wgs84",
            "accuracy_m": 15.0,
            "location_source": "pin",
            "address": self.address(number),
            "district_code": street[:6],
            "street_code": street,
            "cell_code": f"{street}{person % 9 + 1:03d}{person // 9 % 30 + 1:03d}",
            "is_place_certain": True,
            "place_offset_m": 0.0,
            "proposed_unit_code": unit,
            "unit_code": unit if is_dispatched else None,
            "handler_id": 1 + CITIZENS + person % HANDLERS if is_handled else None,
            "has_result": is_closed,
            "returned_by": "[]",
            "rule_set_id": self.rule_set_id,
            "rule_key": "default",
            "routing": _ROUTING % unit,
            "priority": 0,
            "holder": (unit if desk is None else desk.value) if is_open else None,
            "due_at": due_at,
            "handle_due_at": at + timedelta(hours=8) if is_dispatched else None,
            "closing_due_at": at + timedelta(hours=16) if is_dispatched else None,
            "submitted_at": at,
            "changed_at": at + timedelta(hours=2),
            "accepted_at": at,
            "dispatched_at": at if is_dispatched else None,
            "closed_at": at + timedelta(hours=2) if is_closed else None,
            "reopen_requested_at": at + timedelta(hours=3) if is_closed and person % 500 == 0 else None,
            "reopen_count": 0,
            "return_count": 0,
            "rework_count": 0,
            "journal_seq": 4,
            "journal_hash": "0" * 64,
        }

    def photo(self, number: int) -> dict[str, Any]:
        """Return the row of the one photo of a report."""
        name, at = f"{number:022d}", self.submitted_at(number)
        return {
            "id": name,
            "owner_id": 1 + self.person[number] % CITIZENS,
            "report_id": number,
            "kind": "near",
            "sha256": name.zfill(64),
            "original_key": f"{name}.jpg",
            "large_key": f"{name}.1600.jpg",
            "small_key": f"{name}.320.jpg",
            "state": "ready",
            "render_attempts": 0,
            "mime": "image/jpeg",
            "size_bytes": 2_400_000,
            "width": 4032,
            "height": 3024,
            "taken_at_is_assumed": False,
            "created_at": at,
            "attached_at": at,
            "position": 0,
        }

    def people(self) -> Iterator[dict[str, Any]]:
        for number in range(1, CITIZENS + HANDLERS + 1):
            is_citizen = number <= CITIZENS
            yield {
                "id": number,
                "display_name": "某人",
                "roles": '["citizen"]' if is_citizen else '["handler"]',
                "unit_code": None if is_citizen else self.units[number % len(self.units)],
                "area_code": "",
                "created_at": self.until,
                "is_active": True,
                "is_demo": False,
            }

    def postings(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the search's postings, block by block."""
        known: dict[str, int] = {}

        def number_of(gram: str) -> int:
            return known.setdefault(gram, len(known))

        tables = [self._grams_of(VOCABULARY[kind], number_of) for kind in VOCABULARY]
        drawn = [np.array(self.pieces[kind]) for kind in VOCABULARY]
        tables.append([[number_of(each) for each in tokens_of(street_code=code, units=())] for code in self.streets])
        drawn.append(np.array(self.street))
        tables.append([[number_of(f"unit:{code}")] for code in self.units] + [[]])
        dispatched = [self.status(number) not in BEFORE_DISPATCH for number in range(self.count + 1)]
        drawn.append(np.where(dispatched, self.unit, len(self.units)))
        rare = self._grams_of([RARE_WORD], number_of)[0]
        names = list(known)
        for block in range(self.count // BLOCK + 1):
            first, last = max(1, block * BLOCK), min(self.count, block * BLOCK + BLOCK - 1)
            numbers = np.arange(first, last + 1)
            pairs = [
                _pairs(table, column[numbers], numbers - block * BLOCK)
                for table, column in zip(tables, drawn, strict=True)
            ]
            pairs += [
                np.array([gram * BLOCK + number % BLOCK for gram in rare])
                for number in numbers.tolist()
                if self.is_rare(number)
            ]
            for gram, positions in _sets(np.unique(np.concatenate(pairs))):
                members = np.zeros(BLOCK, np.bool_)
                members[positions] = True
                yield {"gram": names[gram], "block": block, "ids": pack(members)}

    @staticmethod
    def _grams_of(pieces: Sequence[str], number_of: Callable[[str], int]) -> list[list[int]]:
        return [[number_of(gram) for gram in bigrams(searchable(piece))] for piece in pieces]

    def blocks(self) -> Iterator[dict[str, Any]]:
        for block in range(self.count // BLOCK + 1):
            first, last = max(1, block * BLOCK), min(self.count, block * BLOCK + BLOCK - 1)
            yield {"block": block, "first_at": self.submitted_at(first), "last_at": self.submitted_at(last)}


def _pairs(table: Sequence[Sequence[int]], drawn: Any, positions: Any) -> Any:
    """Return gram * BLOCK + position for each gram of what each position drew."""
    lengths = np.array([len(grams) for grams in table])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    flat = np.array([gram for grams in table for gram in grams], dtype=np.int64)
    each = lengths[drawn]
    within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    return flat[np.repeat(starts[drawn], each) + within] * BLOCK + np.repeat(positions, each)


def _sets(pairs: Any) -> Iterator[tuple[int, Any]]:
    """Yield each gram with its positions, out of sorted pairs."""
    grams = pairs // BLOCK
    cuts = np.flatnonzero(np.diff(grams)) + 1
    for part in np.split(pairs, cuts):
        yield int(part[0] // BLOCK), part % BLOCK
