"""Made-up texts about eight classes, for tests and benchmarks only: they show that training works, not how well."""

import random
from datetime import UTC, datetime, timedelta

from app.triage.model import Label
from app.triage.samples import Sample

SCHEME = "GB/T 47678.5-2026"
SINCE = datetime(2026, 10, 1, tzinfo=UTC)

_PLACES = (
    "书院路",
    "小区北门",
    "京口路路口",
    "学校对面",
    "菜市场旁",
    "公交站后面",
    "地铁口",
    "桥下",
    "广场边上",
    "医院门前",
)
_FRAMES = (
    "{place}{what}{how}",
    "{what}{how}，就在{place}",
    "您好，{place}{what}{how}，请处理",
    "{place}的{what}又{how}了",
)
_TAILS = ("", "好几天了", "没有人管", "老人走路不方便", "麻烦尽快", "上次反映过", "味道很大", "孩子上学要经过")
_ABOUT: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "06010": (
        "sanitation",
        ("垃圾", "垃圾堆", "一堆塑料袋", "剩饭剩菜", "生活垃圾"),
        ("没人清", "堆着", "越来越多", "到处都是"),
    ),
    "06042": ("sanitation", ("垃圾桶", "垃圾箱", "果皮箱", "分类箱"), ("满了", "溢出来", "爆了", "装不下")),
    "09009": ("parking", ("小汽车", "私家车", "面包车", "轿车"), ("停在人行道上", "乱停", "压着草地", "挡住出口")),
    "09010": ("parking", ("电动车", "自行车", "电瓶车", "摩托车"), ("乱放", "堆在一起", "堵住楼口", "停得乱七八糟")),
    "01037": ("facilities", ("路灯", "灯杆", "照明灯", "一盏灯"), ("不亮", "一闪一闪", "坏了", "晚上全黑")),
    "06013": ("facilities", ("路面", "人行道", "沥青路", "地砖"), ("坑坑洼洼", "裂开", "有个大坑", "高低不平")),
    "07001": (
        "illegal_ads",
        ("电线杆", "墙面", "站牌", "楼道"),
        ("贴满小广告", "喷着开锁电话", "又是办证广告", "被涂画"),
    ),
    "09006": ("street_vending", ("小摊", "水果摊", "摊贩", "卖烤串的"), ("占着路", "摆到路中间", "叫卖", "挡着盲道")),
}
CATEGORY_OF = {code: category for code, (category, _, _) in _ABOUT.items()}


def made_up(code: str, dice: random.Random) -> str:
    """Return words that somebody might write about a class."""
    _, things, states = _ABOUT[code]
    words = {"place": dice.choice(_PLACES), "what": dice.choice(things), "how": dice.choice(states)}
    tail = dice.choice(_TAILS)
    return dice.choice(_FRAMES).format(**words) + (f"，{tail}" if tail else "")


def samples(count: int, *, seed: int = 1, since: datetime = SINCE) -> list[Sample]:
    """Return made-up closed reports, one every ten minutes; all count as synthetic."""
    dice = random.Random(seed)
    chosen = [dice.choice(list(_ABOUT)) for _ in range(count)]
    return [
        Sample(
            made_up(code, dice), label(code), CATEGORY_OF[code], since + timedelta(minutes=10 * at), is_synthetic=True
        )
        for at, code in enumerate(chosen)
    ]


def label(code: str) -> Label:
    return SCHEME, code
