"""Rule sets as data: what a file may say, and which version decides at an instant."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import Session, select

from app.domain.routing import BadRule, RuleSet, Then, When, Window
from app.infra.database import Database
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion
from app.routing.rule_files import load_active_rules, load_default_rules, to_rule

FULL: dict[str, Any] = {
    "key": "full",
    "when": {
        "scheme": "gbt",
        "class": "06010",
        "condition": "满溢",
        "area": "370213",
        "place_type": "market",
        "facts": {"consequence": "water_polluted"},
        "channels": ["citizen"],
        "window": {"from_day": [11, 15], "to_day": [3, 31], "weekdays": [6, 7], "hours": [8, 18]},
    },
    "then": {
        "role": "squad",
        "assisting": ["ent.telecom"],
        "priority": 2,
        "auto_dispatch": False,
    },
    "basis": "第十四条",
    "overrides_powers": True,
    "valid_from": "2026-01-01",
    "valid_until": "2027-01-01",
}


def test_a_rule_is_read_with_everything_it_says() -> None:
    rule = to_rule(FULL)
    window = Window((11, 15), (3, 31), frozenset({6, 7}), (8, 18))
    assert rule.when == When(
        scheme="gbt",
        class_prefix="06010",
        condition="满溢",
        area="370213",
        place_type="market",
        facts={"consequence": "water_polluted"},
        channels=frozenset({"citizen"}),
        window=window,
    )
    assert rule.then == Then(role="squad", assisting=("ent.telecom",), priority=2, auto_dispatch=False)
    assert (rule.key, rule.basis, rule.overrides_powers) == ("full", "第十四条", True)
    assert (rule.valid_from, rule.valid_until) == (date(2026, 1, 1), date(2027, 1, 1))


@pytest.mark.parametrize(
    ("part", "field"), [("then", {"limit": "2 work_hour"}), ("when", {"polygon": "p"}), ("when", {"jurisdiction": "j"})]
)
def test_what_no_decision_carries_out_yet_is_refused_not_ignored(part: str, field: dict[str, str]) -> None:
    with pytest.raises(BadRule):
        to_rule(FULL | {part: FULL[part] | field})


@pytest.mark.parametrize(
    "change",
    [
        {"basis": ""},
        {"key": ""},
        {"when": {"clas": "06"}},
        {"then": {"units": "x"}},
        {"extra": 1},
        {"valid_from": "soon"},
        {"when": {"window": {"weekdays": ["Monday"]}}},
    ],
)
def test_a_misspelt_rule_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        to_rule(FULL | change)


def loaded(session: Session, now: datetime) -> RuleSet:
    return load_active_rules(session, now=now)[1]


def test_the_shipped_set_comes_back_from_the_database_as_it_was_written(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        load_default_rules(session, now=now)
    with database.reading() as session:
        rules = loaded(session, now)
        rows = session.exec(select(RoutingRule)).all()
    assert rules.version == "default-1"
    assert len(rules.rules) == len(rows) > 80
    assert rules.rules["live-poultry-in-market"].when == When(class_prefix="99002", place_type="market")
    assert rules.rules["class-10002"].then.assisting == ("ent.power_company", "ent.telecom")


def test_loading_again_leaves_what_a_city_has(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        load_default_rules(session, now=now)
        load_default_rules(session, now=now + timedelta(days=1))
        assert len(session.exec(select(RuleSetVersion)).all()) == 1


def a_version(
    session: Session, name: str, *, state: RuleSetState, effective_from: datetime | None, now: datetime
) -> None:
    version = RuleSetVersion(
        version=name, state=state, note="", editor="test", effective_from=effective_from, created_at=now
    )
    session.add(version)
    session.flush()
    session.add(
        RoutingRule(
            rule_set_id=version.id or 0,
            key=name,
            conditions=FULL["when"],
            decision=FULL["then"],
            basis="依据",
            overrides_powers=True,
            valid_from=date(2026, 1, 1),
        )
    )
    session.flush()


def test_the_newest_published_version_that_has_begun_decides(database: Database, now: datetime) -> None:
    hour = timedelta(hours=1)
    with database.transaction() as session:
        for name, state, since in (
            ("old", RuleSetState.PUBLISHED, now - 2 * hour),
            ("current", RuleSetState.PUBLISHED, now - hour),
            ("retired", RuleSetState.RETIRED, now - hour / 2),
            ("draft", RuleSetState.DRAFT, None),
            ("future", RuleSetState.PUBLISHED, now + hour),
        ):
            a_version(session, name, state=state, effective_from=since, now=now)
        assert loaded(session, now).version == "current"
        assert loaded(session, now + hour).version == "future"
        assert loaded(session, now).rules["current"].when == to_rule(FULL).when
        with pytest.raises(LookupError):
            loaded(session, now - 3 * hour)


def test_a_city_without_rules_is_told_so(database: Database, now: datetime) -> None:
    with database.reading() as session, pytest.raises(LookupError):
        load_active_rules(session, now=now)


def test_a_rule_that_cannot_mean_anything_never_becomes_a_set() -> None:
    with pytest.raises(BadRule):
        RuleSet([to_rule(FULL | {"then": {}})], version="v")
