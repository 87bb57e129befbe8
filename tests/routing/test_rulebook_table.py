"""Every shape found in the city's regulations, one named case each, against the shipped rules in the shipped city.

Each case says where a report lies and what is known of it, and then who is responsible, by which rule, on what basis,
and which rules lost and on what.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from app.domain.routing.decision import Decision, ResolvedBy
from app.domain.routing.rules import Component
from app.domain.working_time import BEIJING
from app.reports.routing_step import facts_about
from app.reports.world import World
from tests.builders import NOW

AT_LICUN = (120.4149, 36.1602)
AT_ZHONGSHANLU = (120.3151, 36.0666)
AT_SEAFRONT = (120.36, 36.055)
AT_JINJIALING = (120.4668, 36.0974)
AT_SHAZIKOU = (120.5735, 36.1486)
AT_CHENGYANG = (120.4188, 36.3221)
AT_CHANGJIANGLU = (120.1671, 35.9598)
AT_YINZHU = (120.01, 35.87)
AT_JIMO = (120.4528, 36.38)
IN_HIGH_TECH_ZONE = (120.25, 36.26)
AT_CONCENTRATED = (120.07, 36.29)
AT_JIAOZHOU = (119.9378, 36.3663)
AT_PINGDU = (119.7497, 36.6261)
AT_LAIXI = (120.5587, 36.6727)

GAS_COVER = "37021300101101100"
POULTRY, STRAW, VEGETABLES, WATER = "99002", "99003", "99004", "99001"
ORDER_279 = "市政府令第279号"
ORDER_280 = "市政府令第280号"
NOTICE_87 = "青政办字〔2020〕87号"
CHAIN = ("ent.energy_group", "370213.urban_management", "qd.urban_management")


@dataclass(frozen=True)
class Case:
    """What is known of a report, and the decision that follows; `lost` are the runners-up with what they lost on."""

    class_code: str
    at: tuple[float, float]
    unit: str
    rule: str
    basis: str
    lost: tuple[tuple[str, str], ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    condition: str = ""
    channel: str = "citizen"
    component: Component | None = None
    now: datetime = NOW
    assisting: tuple[str, ...] = ()
    resolved_by: ResolvedBy = ResolvedBy.ROLE


def place(kind: str) -> dict[str, str]:
    return {"place_type": kind}


def beijing(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BEIJING)


def gas_cover(maintainer: str = "", owner: str = "", supervisor: str = "") -> Component:
    return Component(GAS_COVER, maintainer, owner, supervisor)


def by_component(resolved_by: ResolvedBy, unit: str, component: Component) -> Case:
    return Case(
        "01011",
        AT_LICUN,
        unit,
        "class-01011",
        "GB/T 47678.5 部件属性",
        component=component,
        resolved_by=resolved_by,
        assisting=("ent.energy_group",),
    )


def of_water(kind: str, unit: str, rule: str) -> Case:
    return Case(WATER, AT_LICUN, unit, rule, NOTICE_87, ((f"class-{WATER}", "attributes"),), place(kind))


TABLE = {
    # Place type splits one behaviour.
    "poultry in a market": Case(
        POULTRY,
        AT_LAIXI,
        "370285.market_regulation",
        "live-poultry-in-market",
        f"{ORDER_279}第十四条",
        (("class-99002", "attributes"),),
        place("market"),
    ),
    "poultry on a road": Case(
        POULTRY,
        AT_LAIXI,
        "370285101.enforcement_squad",
        "live-poultry-in-public-place",
        f"{ORDER_279}第十四条",
        (("class-99002", "attributes"),),
        place("public_place"),
    ),
    "poultry at a village fair": Case(
        POULTRY,
        AT_LAIXI,
        "370285101.street_office",
        "live-poultry-rural",
        f"{ORDER_279}第十四条",
        (("class-99002", "attributes"),),
        place("rural"),
    ),
    # Area decides whether it is an offence at all.
    "poultry in a closed district": Case(
        POULTRY,
        AT_LICUN,
        "370213006.enforcement_squad",
        "live-poultry-closed-370213",
        f"{ORDER_279}第七条",
        (("class-99002", "area"),),
    ),
    "poultry in the built-up area of 崂山": Case(
        POULTRY,
        AT_JINJIALING,
        "370212005.enforcement_squad",
        "live-poultry-closed-laoshan",
        f"{ORDER_279}第七条",
        (("class-99002", "area"),),
    ),
    "poultry in the built-up area of 城阳": Case(
        POULTRY,
        AT_CHENGYANG,
        "370214001.enforcement_squad",
        "live-poultry-closed-chengyang",
        f"{ORDER_279}第七条",
        (("class-99002", "area"),),
    ),
    "poultry in the east of 黄岛": Case(
        POULTRY,
        AT_CHANGJIANGLU,
        "370211005.enforcement_squad",
        "live-poultry-closed-huangdao-east",
        f"{ORDER_279}第七条",
        (("class-99002", "area"),),
    ),
    "poultry in the west of 黄岛": Case(
        POULTRY,
        AT_YINZHU,
        "370211010.enforcement_squad",
        "live-poultry-closed-huangdao-west",
        f"{ORDER_279}第七条",
        (("class-99002", "area"),),
    ),
    "poultry where a district has added a zone": Case(
        POULTRY,
        AT_JIMO,
        "370215001.enforcement_squad",
        "live-poultry-closed-jimo-example",
        f"{ORDER_279}第七条",
        (("class-99002", "area"),),
    ),
    "poultry outside every closed area": Case(
        POULTRY, AT_SHAZIKOU, "370212002.enforcement_squad", "class-99002", f"{ORDER_279}第十四条"
    ),
    # Consequence splits one behaviour.
    "vegetable waste that pollutes": Case(
        VEGETABLES,
        AT_LICUN,
        "370213.environment",
        "vegetable-waste-pollutes",
        f"{ORDER_280}第十七、二十四条",
        (("class-99004", "attributes"),),
        {"consequence": "water_polluted"},
    ),
    "vegetable waste that obstructs the flood": Case(
        VEGETABLES,
        AT_LICUN,
        "370213.water",
        "vegetable-waste-obstructs",
        f"{ORDER_280}第十七、二十四条",
        (("class-99004", "attributes"),),
        {"consequence": "flood_obstructed"},
    ),
    # Delegated to the district.
    "straw burning where the district has named a unit": Case(
        STRAW,
        AT_PINGDU,
        "370283.agriculture",
        "straw-burning-370283",
        f"{ORDER_280}第十六、二十三条",
        (("class-99003", "area"),),
    ),
    "straw burning elsewhere": Case(
        STRAW, AT_LAIXI, "370285.environment", "class-99003", f"{ORDER_280}第十六、二十三条"
    ),
    # Water type.
    "a bathing beach": of_water("bathing_beach", "370213.urban_management", "dangerous-water-bathing-beach"),
    "a reservoir": of_water("reservoir", "370213.water", "dangerous-water-reservoir"),
    "a flooded mine pit": of_water("mine_pit", "370213.natural_resources", "dangerous-water-mine-pit"),
    "a foundation pit": of_water("foundation_pit", "370213.housing", "dangerous-water-foundation-pit"),
    "a scenic area": of_water("scenic_area", "370213.culture", "dangerous-water-scenic-area"),
    "farmland works": of_water("farmland_works", "370213.agriculture", "dangerous-water-farmland-works"),
    "nobody's water": of_water("ownerless_water", "370213006.street_office", "dangerous-water-ownerless"),
    "water of which nothing is known": Case(WATER, AT_LICUN, "370213006.street_office", "class-99001", NOTICE_87),
    # Component's owner.
    "a gas cover and its maintainer": by_component(ResolvedBy.MAINTAINER, CHAIN[0], gas_cover(*CHAIN)),
    "a gas cover and its owner": by_component(ResolvedBy.OWNER, CHAIN[1], gas_cover("", *CHAIN[1:])),
    "a gas cover whose maintainer has gone": by_component(ResolvedBy.OWNER, CHAIN[1], gas_cover("ent.x", *CHAIN[1:])),
    "a gas cover and its supervisor": by_component(ResolvedBy.SUPERVISOR, CHAIN[2], gas_cover("", "", CHAIN[2])),
    "a gas cover of which nobody is known": by_component(ResolvedBy.ROLE, "370213006.street_office", gas_cover()),
    # Class × district.
    "a green space in 李沧": Case("04013", AT_LICUN, "370213.parks", "class-04013", "通行做法"),
    "a green space in 市南": Case("04013", AT_ZHONGSHANLU, "370202.parks", "class-04013", "通行做法"),
    "litter in 李村街道": Case("06010", AT_LICUN, "370213006.sanitation_team", "class-06010", "环卫队"),
    "litter in 中山路街道": Case("06010", AT_ZHONGSHANLU, "370202005.sanitation_team", "class-06010", "环卫队"),
    # Carriageway or pavement.
    "parked on the carriageway": Case(
        "09009",
        AT_LICUN,
        "370213.traffic_police",
        "parking-on-carriageway",
        "通行做法",
        (("class-09009", "attributes"),),
        place("carriageway"),
    ),
    "parked on the pavement": Case(
        "09009",
        AT_LICUN,
        "370213006.enforcement_squad",
        "parking-on-pavement",
        "通行做法",
        (("class-09009", "attributes"),),
        place("pavement"),
    ),
    # Relative concentration of penalties.
    "straw burning where penalties are concentrated": Case(
        STRAW,
        AT_CONCENTRATED,
        "370281007.enforcement_squad",
        "straw-burning-concentrated",
        f"{ORDER_280}第二十五条",
        (("class-99003", "powers"),),
    ),
    "vegetable waste where penalties are concentrated": Case(
        VEGETABLES,
        AT_CONCENTRATED,
        "370281007.enforcement_squad",
        "vegetable-waste-concentrated",
        f"{ORDER_280}第二十五条",
        (("vegetable-waste-pollutes", "powers"), ("class-99004", "powers")),
        {"consequence": "water_polluted"},
    ),
    "straw burning beside that area": Case(
        STRAW, AT_JIAOZHOU, "370281.environment", "class-99003", f"{ORDER_280}第十六、二十三条"
    ),
    # Powers a functional area does not hold.
    "what the zone decides": Case(
        "06010",
        IN_HIGH_TECH_ZONE,
        "370214400.zone_committee",
        "high-tech-zone",
        "青政发〔2020〕13号",
        (("class-06010", "area"),),
    ),
    "what the zone does not hold, by a rule that says so": Case(
        "06026",
        IN_HIGH_TECH_ZONE,
        "370214.environment",
        "high-tech-zone-river-pollution",
        "青政发〔2020〕13号",
        (("class-06026", "powers"),),
    ),
    "what the zone does not hold, and so its rule does not apply": Case(
        "09012", IN_HIGH_TECH_ZONE, "370214.fire", "class-09012", "消防"
    ),
    # Joint handling.
    "lines that hang down": Case(
        "10002",
        AT_LICUN,
        "370213.urban_management",
        "class-10002",
        "一同核查",
        assisting=("ent.power_company", "ent.telecom"),
    ),
    "a lorry that spills": Case(
        "08011", AT_LICUN, "370213.urban_management", "class-08011", "一同核查", assisting=("370213.traffic_police",)
    ),
    # First receiver's duty.
    "anything else": Case("99000", AT_LICUN, "370213006.street_office", "class-99000", "青政办字〔2020〕71号首问负责"),
    # No owner.
    "a class without a rule": Case(
        "77777",
        AT_LICUN,
        "370213006.street_office",
        "fallback",
        "属地管理",
        resolved_by=ResolvedBy.FALLBACK,
    ),
    # Season, hours, channel, condition, place: how quickly.
    "snow in winter": Case(
        "10001", AT_LICUN, "370213006.sanitation_team", "snow-in-winter", "除雪期", (("class-10001", "window"),)
    ),
    "ice in spring": Case(
        "10001", AT_LICUN, "370213006.sanitation_team", "class-10001", "环卫队", now=beijing(4, 2, 9)
    ),
    "a beach in the bathing season": Case(
        WATER,
        AT_LICUN,
        "370213.urban_management",
        "bathing-season",
        NOTICE_87,
        (("dangerous-water-bathing-beach", "window"), ("class-99001", "attributes")),
        place("bathing_beach"),
        now=beijing(8, 1, 15),
    ),
    "building noise at night": Case(
        "08001",
        AT_LICUN,
        "370213006.enforcement_squad",
        "night-construction",
        "噪声污染防治法第四十三条",
        (("class-08001", "window"),),
        now=beijing(11, 21, 2),
    ),
    "building noise by day": Case("08001", AT_LICUN, "370213006.enforcement_squad", "class-08001", "街面秩序"),
    "a river that an inspector found polluted": Case(
        "06026",
        AT_LICUN,
        "370213.environment",
        "river-pollution-by-inspector",
        "一同核查",
        (("class-06026", "channel"),),
        channel="inspector",
        assisting=("370213.water",),
    ),
    "a road that has collapsed": Case(
        "06013",
        AT_LICUN,
        "370213.urban_management",
        "road-collapse",
        "塌陷",
        (("class-06013", "topic"),),
        condition="塌陷或积水影响通行安全",
        assisting=("370213.traffic_police",),
    ),
    "litter on the seafront": Case(
        "06010",
        AT_SEAFRONT,
        "370202010.sanitation_team",
        "seafront-litter",
        "前海一线",
        (("class-06010", "area"),),
    ),
}


def decided(case: Case, world: World) -> Decision:
    """Ask as a report would: the place is found on the map, its areas by their shapes."""
    found = world.city.locate(*case.at)
    facts = facts_about(
        spot=case.at,
        cell_code=found.cell_code,
        condition=None,
        scheme=world.city.conditions[0].scheme,
        answers=case.answers,
        channel=case.channel,
        component=case.component,
        world=world,
        now=case.now,
    )
    return world.rules.decide(replace(facts, class_code=case.class_code, condition=case.condition), units=world.city)


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE.keys())
def test_a_shape_found_in_the_regulations_decides_as_it_is_written(default_world: World, case: Case) -> None:
    decision = decided(case, default_world)
    assert (decision.unit, decision.rule) == (case.unit, case.rule)
    assert case.basis in decision.basis
    assert tuple((each.key, each.lost_on) for each in decision.passed_over) == case.lost
    assert (decision.resolved_by, decision.assisting) == (case.resolved_by, case.assisting)
    assert not decision.is_tie


@pytest.mark.parametrize(
    ("name", "limit", "priority"),
    [
        ("snow in winter", "4 urgent_hour", 20),
        ("a beach in the bathing season", "2 urgent_hour", 20),
        ("litter on the seafront", "2 work_hour", 5),
        ("building noise at night", "", 10),
        ("a road that has collapsed", "", 30),
        ("litter in 李村街道", "", 0),
    ],
)
def test_a_rule_changes_how_quickly_and_how_urgently(
    default_world: World, name: str, limit: str, priority: int
) -> None:
    decision = decided(TABLE[name], default_world)
    written = f"{decision.limit.plain_amount} {decision.limit.unit.value}" if decision.limit else ""
    assert (written, decision.priority) == (limit, priority)


def test_a_rule_that_only_proposes_says_so(default_world: World) -> None:
    assert not decided(TABLE["anything else"], default_world).auto_dispatch
    assert decided(TABLE["litter in 李村街道"], default_world).auto_dispatch


def test_the_shipped_set_says_that_it_is_a_proposal(default_world: World) -> None:
    """Every shape is approximate, and every basis that no regulation stands behind says so."""
    book = default_world.rulebook
    assert all("近似" in name for name in book.area_names.values())
    assert all("近似" in each.name for each in book.rules.jurisdictions.values())
    for rule in book.rules.rules.values():
        assert any(word in rule.basis for word in ("号", "GB/T", "非官方", "通行做法")), rule.key
