"""The life of a version: draft, checked, rehearsed, published, retired; what is refused leaves what decides alone."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.city.models import Unit, UnitLevel
from app.city.snapshot import load_snapshot
from app.city.version import bump_version, current_version
from app.domain.errors import DomainError
from app.routing.check import keep_check, to_check
from app.routing.compare import FieldChange, compare
from app.routing.file_format import content_sha256, read_rule_file
from app.routing.loading import load_rulebook, version_in_force, words_of
from app.routing.models import RoutingRule, RuleSetEvent, RuleSetState, RuleSetVersion
from app.routing.publish import publish
from app.routing.queries import version_named
from app.routing.refusals import (
    LastRuleSet,
    RuleSetChanged,
    RuleSetCheckedBefore,
    RuleSetFrozen,
    RuleSetIntoThePast,
    RuleSetNotFound,
    RuleSetNotReady,
    RuleSetUnitTaken,
)
from app.routing.rehearse import mark_rehearsed
from app.routing.retire import retire
from app.routing.validating import understand
from tests.builders import NOW
from tests.routing.rule_sets import (
    HEAD,
    TOMORROW,
    a_file,
    checked,
    everything_about_rules,
    imported,
    published,
    rehearsed,
    rule_text,
)
from tests.towns import Town

S = RuleSetState
PARK = "370213900.park"


def in_force(session: Session, now: datetime) -> str:
    return session.get_one(RuleSetVersion, version_in_force(session, now=now)).version


def steps(session: Session, name: str) -> list[tuple[RuleSetState, str, str]]:
    """Return state, editor and reason of each step of a version."""
    version = version_named(session, name)
    found = select(RuleSetEvent).where(RuleSetEvent.rule_set_id == version.id).order_by(col(RuleSetEvent.id))
    return [(event.state, event.editor, event.reason) for event in session.exec(found)]


def test_a_file_becomes_what_decides(town: Town) -> None:
    with town.database.transaction() as session:
        before = in_force(session, NOW)
        version = published(session, a_file(rule_text("x", when='{class: "06010"}')), town.world.city, NOW)
        assert (version.state, version.effective_from, version.based_on) == (S.PUBLISHED, NOW, before)
        assert in_force(session, NOW) == "v2" != before
        assert steps(session, "v2") == [
            (S.DRAFT, "甲", "新规定"),
            (S.CHECKED, "甲", ""),
            (S.REHEARSED, "甲", ""),
            (S.PUBLISHED, "乙", "自即日起施行"),
        ]
        rulebook = load_rulebook(session, version.id or 0)
        assert set(rulebook.rules.rules) == {"everything", "x"}
        assert rulebook.territory.around(120.415, 36.16) == (frozenset({"square"}), frozenset())


def test_a_later_moment_is_kept_and_comes(town: Town) -> None:
    with town.database.transaction() as session:
        before = in_force(session, NOW)
        published(session, a_file(), town.world.city, NOW, since=NOW + TOMORROW)
        assert in_force(session, NOW + TOMORROW - timedelta(seconds=1)) == before
        assert in_force(session, NOW + TOMORROW) == "v2"
        unit = session.get_one(Unit, PARK)
        assert unit.valid_from == date(2026, 11, 21)


def test_units_of_a_version_come_into_the_city_with_it(town: Town) -> None:
    with town.database.transaction() as session:
        version = current_version(session)
        published(session, a_file(), town.world.city, NOW)
        assert current_version(session) == version + 1
        unit = load_snapshot(session, today=date(2026, 11, 20)).units[PARK]
        assert (unit.name, unit.kind, unit.level, unit.area_code, unit.is_active) == (
            "园区管委会",
            "park_committee",
            UnitLevel.STREET,
            "370213900",
            True,
        )
        assert unit.parent_code == "370213.urban_management"


def test_units_go_in_after_their_parents_and_not_twice(town: Town) -> None:
    before, _, after = HEAD.partition('  - code: "370213900.park"')
    child = '  - {{code: a.child, name: 下级, kind: k, level: district, area: "370213", parent: b.parent}}\n'
    parent = '  - {{code: b.parent, name: 上级, kind: k, level: district, area: "370213"}}\n'
    head = before + child + parent + '  - code: "370213900.park"' + after
    with town.database.transaction() as session:
        published(session, a_file(head=head), town.world.city, NOW)
        city = load_snapshot(session, today=date(2026, 11, 20))
        assert city.units["a.child"].parent_code == "b.parent"
        published(session, a_file(version="v3", head=head), city, NOW + timedelta(hours=1))
        assert current_version(session) == city.version  # nothing new came with it


def test_a_unit_that_was_to_begin_later_begins_with_the_version_that_needs_it(town: Town) -> None:
    with town.database.transaction() as session:
        published(session, a_file(version="later"), town.world.city, NOW, since=NOW + 30 * TOMORROW)
        city = load_snapshot(session, today=date(2026, 11, 20))
        assert not city.units[PARK].is_active
        published(session, a_file(version="sooner"), city, NOW)
        assert session.get_one(Unit, PARK).valid_from == date(2026, 11, 20)


def test_a_unit_that_somebody_else_has_founded_meanwhile(town: Town) -> None:
    with town.database.transaction() as session:
        imported(session, a_file(), town.world.city, NOW)
        checked(session, "v2", town.world.city, NOW)
        rehearsed(session, "v2", NOW)
        session.add(
            Unit(
                code=PARK,
                name="别的单位",
                kind="k",
                level=UnitLevel.STREET,
                area_code="370213006",
                valid_from=date(2026, 1, 1),
            )
        )
        session.flush()
        with pytest.raises(RuleSetUnitTaken):
            publish(session, "v2", effective_from=None, editor="乙", reason="x", now=NOW)


def test_nothing_is_published_into_the_past(town: Town) -> None:
    with town.database.transaction() as session:
        imported(session, a_file(), town.world.city, NOW)
        checked(session, "v2", town.world.city, NOW)
        rehearsed(session, "v2", NOW)
        before = everything_about_rules(session)
        with pytest.raises(RuleSetIntoThePast) as refused:
            publish(session, "v2", effective_from=NOW - timedelta(seconds=1), editor="乙", reason="x", now=NOW)
        assert refused.value.facts == {"effective_from": "2026-11-20T09:59:59+08:00"}
        assert everything_about_rules(session) == before
        assert session.get(Unit, PARK) is None


Step = Callable[[Session], object]


@pytest.mark.parametrize("reached", [S.DRAFT, S.CHECKED, S.PUBLISHED, S.RETIRED])
def test_only_what_was_rehearsed_is_published(town: Town, reached: RuleSetState) -> None:
    with town.database.transaction() as session:
        version = imported(session, a_file(), town.world.city, NOW)
        version.state = reached
        version.effective_from = NOW
        with pytest.raises(RuleSetNotReady):
            publish(session, "v2", effective_from=None, editor="乙", reason="x", now=NOW)


@pytest.mark.parametrize("reached", [S.DRAFT, S.PUBLISHED, S.RETIRED])
def test_only_what_was_checked_is_rehearsed(town: Town, reached: RuleSetState) -> None:
    with town.database.transaction() as session:
        version = imported(session, a_file(), town.world.city, NOW)
        version.state = reached
        version.effective_from = NOW
        with pytest.raises(RuleSetNotReady):
            rehearsed(session, "v2", NOW)


def test_a_replay_of_other_content_counts_for_nothing(town: Town) -> None:
    with town.database.transaction() as session:
        version = imported(session, a_file(), town.world.city, NOW)
        checked(session, "v2", town.world.city, NOW)
        with pytest.raises(RuleSetChanged):
            mark_rehearsed(session, version.id or 0, content_sha256="0" * 64, editor="甲", facts={}, now=NOW)
        with pytest.raises(RuleSetNotFound):
            mark_rehearsed(session, 10**6, content_sha256="0" * 64, editor="甲", facts={}, now=NOW)


def test_a_check_of_other_content_counts_for_nothing(town: Town) -> None:
    with town.database.transaction() as session:
        imported(session, a_file(), town.world.city, NOW)
        found = to_check(session, "v2")
        report = checked(session, "v2", town.world.city, NOW)
        imported(session, a_file(rule_text("new", when='{class: "06"}')), town.world.city, NOW)
        with pytest.raises(RuleSetChanged):
            keep_check(session, found, report, editor="甲", reason="", now=NOW)


def test_new_content_begins_again_as_a_draft(town: Town) -> None:
    with town.database.transaction() as session:
        first = imported(session, a_file(), town.world.city, NOW).id
        checked(session, "v2", town.world.city, NOW)
        rehearsed(session, "v2", NOW)
        version = imported(session, a_file(rule_text("x", when='{class: "06"}')), town.world.city, NOW)
        assert (version.id, version.state) == (first, S.DRAFT)
        assert (version.check_report, version.checked_city_version) == (None, None)
        assert {rule.key for rule in words_of(session, version).rules} == {"everything", "x"}


def test_a_check_is_good_for_the_city_it_saw(town: Town) -> None:
    with town.database.transaction() as session:
        imported(session, a_file(), town.world.city, NOW)
        checked(session, "v2", town.world.city, NOW)
        rehearsed(session, "v2", NOW)
        bump_version(session, now=NOW)
        with pytest.raises(RuleSetCheckedBefore):
            publish(session, "v2", effective_from=None, editor="乙", reason="x", now=NOW)
        checked(session, "v2", load_snapshot(session), NOW)
        # The content was rehearsed, and is the same.
        assert publish(session, "v2", effective_from=None, editor="乙", reason="x", now=NOW).state is S.PUBLISHED


def test_what_was_published_never_changes(town: Town) -> None:
    with town.database.transaction() as session:
        published(session, a_file(), town.world.city, NOW)
        city = load_snapshot(session, today=date(2026, 11, 20))
        before = everything_about_rules(session)
        other = a_file(rule_text("other", when='{class: "06"}'))
        refused: list[Step] = [
            lambda session: imported(session, other, city, NOW),
            lambda session: to_check(session, "v2"),
            lambda session: rehearsed(session, "v2", NOW),
            lambda session: publish(session, "v2", effective_from=None, editor="乙", reason="x", now=NOW),
        ]
        for step, kind in zip(refused, [RuleSetFrozen, RuleSetFrozen, RuleSetNotReady, RuleSetNotReady], strict=True):
            with pytest.raises(kind):
                step(session)
        assert everything_about_rules(session) == before


def test_of_two_versions_for_one_moment_the_one_published_last_decides(town: Town) -> None:
    with town.database.transaction() as session:
        for name in ("first", "second"):  # in the order of their drafts, which is not that of their publication
            imported(session, a_file(version=name), town.world.city, NOW)
            checked(session, name, town.world.city, NOW)
            rehearsed(session, name, NOW)
        city = town.world.city
        for name in ("second", "first"):
            city = load_snapshot(session, today=NOW.date())
            checked(session, name, city, NOW)
            publish(session, name, effective_from=NOW + TOMORROW, editor="乙", reason="施行", now=NOW)
        assert in_force(session, NOW + TOMORROW) == "first"
        retire(session, "first", editor="乙", reason="有误", now=NOW)
        assert in_force(session, NOW + TOMORROW) == "second"


def test_a_version_taken_back_leaves_the_one_before(town: Town) -> None:
    with town.database.transaction() as session:
        before = in_force(session, NOW)
        published(session, a_file(), town.world.city, NOW)
        retire(session, "v2", editor="乙", reason="有误", now=NOW + TOMORROW)
        assert in_force(session, NOW + TOMORROW) == before
        assert steps(session, "v2")[-1] == (S.RETIRED, "乙", "有误")
        with pytest.raises(LastRuleSet):
            retire(session, before, editor="乙", reason="x", now=NOW + TOMORROW)
        with pytest.raises(RuleSetNotReady):
            retire(session, "v2", editor="乙", reason="x", now=NOW + TOMORROW)


def test_a_version_of_tomorrow_does_not_replace_the_last_one_of_today(town: Town) -> None:
    with town.database.transaction() as session:
        today = in_force(session, NOW)
        published(session, a_file(), town.world.city, NOW, since=NOW + TOMORROW)
        with pytest.raises(LastRuleSet):
            retire(session, today, editor="乙", reason="x", now=NOW)
        retire(session, "v2", editor="乙", reason="不再需要", now=NOW)
        assert in_force(session, NOW + TOMORROW) == today


@pytest.mark.parametrize(
    "step",
    [
        lambda session: to_check(session, "none"),
        lambda session: publish(session, "none", effective_from=None, editor="乙", reason="x", now=NOW),
        lambda session: retire(session, "none", editor="乙", reason="x", now=NOW),
        lambda session: version_named(session, "none"),
    ],
)
def test_a_version_that_is_not_there(town: Town, step: Step) -> None:
    with town.database.transaction() as session, pytest.raises(RuleSetNotFound):
        step(session)


def test_a_version_based_on_none(town: Town) -> None:
    with town.database.transaction() as session, pytest.raises(RuleSetNotFound):
        imported(session, a_file(), town.world.city, NOW, based_on="none")


def editors(session: Session, version: RuleSetVersion) -> dict[str, str]:
    rows = session.exec(select(RoutingRule).where(RoutingRule.rule_set_id == version.id)).all()
    return {row.key: row.editor for row in rows}


def test_a_rule_keeps_its_editor_until_somebody_changes_it(town: Town) -> None:
    same, old = rule_text("same", when='{class: "06010"}'), rule_text("changed", when='{class: "06011"}')
    new = rule_text("changed", when='{class: "06012"}')
    city = town.world.city
    with town.database.transaction() as session:
        first = imported(session, a_file(same, old, version="a"), city, NOW, editor="甲")
        assert editors(session, first) == {"everything": "甲", "same": "甲", "changed": "甲"}
        second = imported(session, a_file(same, new, version="b"), city, NOW, editor="乙", based_on="a")
        assert editors(session, second) == {"everything": "甲", "same": "甲", "changed": "乙"}
        third = imported(session, a_file(same, new, version="b"), city, NOW, editor="丙", based_on="a")
        assert editors(session, third) == {"everything": "甲", "same": "甲", "changed": "乙"}
        back = imported(session, a_file(same, old, version="b"), city, NOW, editor="丙", based_on="a")
        assert editors(session, back)["changed"] == "丙"


def test_what_is_stored_says_what_the_file_said(town: Town) -> None:
    words = understand(a_file(rule_text("x", when='{class: "06010"}')), city=town.world.city)
    with town.database.transaction() as session:
        version = imported(session, a_file(rule_text("x", when='{class: "06010"}')), town.world.city, NOW)
        session.expire_all()
        again = words_of(session, version)
    assert again == words
    assert content_sha256(again) == content_sha256(words) == version.content_sha256


def test_a_refused_file_leaves_no_trace(town: Town) -> None:
    bad = a_file(rule_text("x", then="{unit: nobody}"))
    with town.database.transaction() as session:
        imported(session, a_file(), town.world.city, NOW)
        before = everything_about_rules(session), words_of(session, version_named(session, "v2"))
        with pytest.raises(DomainError):
            imported(session, bad, town.world.city, NOW)
        assert (everything_about_rules(session), words_of(session, version_named(session, "v2"))) == before


def test_what_two_versions_differ_in_is_told_field_by_field() -> None:
    before = read_rule_file(a_file(rule_text("gone"), rule_text("changed", when='{class: "06010"}'))).words
    data = a_file(
        rule_text("changed", when='{class: "06011", channels: [service, citizen]}', then="{role: water}"),
        rule_text("new"),
        head=HEAD.replace("人行道上", "人行道").replace("name: 广场", "name: 大广场"),
    )
    rules, questions, areas = compare(before, read_rule_file(data).words)
    assert (rules.section, rules.added, rules.removed) == ("rules", ("new",), ("gone",))
    (change,) = rules.changed
    assert (change.item, set(change.fields)) == (
        "changed",
        {
            FieldChange("when.class", "06010", "06011"),
            FieldChange("when.channels", "", '["citizen","service"]'),
            FieldChange("then.role", "street_office", "water"),
        },
    )
    assert [change.fields[0].field for change in questions.changed] == ["choices"]
    assert areas.changed[0].fields == (FieldChange("name", "广场", "大广场"),)
    assert compare(before, before) == []
