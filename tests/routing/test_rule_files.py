"""Rule sets as data: what a rule means, how it is stored, and which version decides at an instant."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from app.domain.limits import Limit, LimitUnit
from app.domain.routing.deciding import RuleSet
from app.domain.routing.rules import BadRule, DayKind, Link, Powers, Then, When, Window
from app.infra.database import Database
from app.routing.loading import load_rulebook, version_in_force, words_of
from app.routing.models import RoutingRule, RuleSetEvent, RuleSetState, RuleSetVersion
from app.routing.queries import version_named
from app.routing.rule_files import load_default_rules
from app.routing.words import RuleWords, rule_row, to_rule

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
        "window": {
            "from_day": [11, 15],
            "to_day": [3, 31],
            "weekdays": [6, 7],
            "hours": [8, 18],
            "days": "rest",
        },
    },
    "then": {
        "role": "squad",
        "chain": ["maintainer", "owner"],
        "assisting": ["ent.telecom"],
        "assisting_roles": ["water"],
        "limit": "2 work_hour",
        "priority": 2,
        "auto_dispatch": False,
    },
    "basis": "第十四条",
    "powers": "concentrated",
    "valid_from": "2026-01-01",
    "valid_until": "2027-01-01",
}


def test_a_rule_is_read_with_everything_it_says() -> None:
    rule = to_rule(RuleWords.model_validate(FULL))
    window = Window((11, 15), (3, 31), frozenset({6, 7}), (8, 18), DayKind.REST)
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
    assert rule.then == Then(
        role="squad",
        chain=(Link.MAINTAINER, Link.OWNER),
        assisting=("ent.telecom",),
        assisting_roles=("water",),
        limit=Limit(Decimal(2), LimitUnit.WORK_HOUR),
        priority=2,
        auto_dispatch=False,
    )
    assert (rule.key, rule.basis, rule.powers) == ("full", "第十四条", Powers.CONCENTRATED)
    assert (rule.valid_from, rule.valid_until) == (date(2026, 1, 1), date(2027, 1, 1))


def test_the_shipped_set_comes_back_from_the_database_as_it_was_written(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        load_default_rules(session, now=now)
    with database.reading() as session:
        rulebook = load_rulebook(session, version_in_force(session, now=now))
        rows = session.exec(select(RoutingRule)).all()
        version = version_named(session, rulebook.version)
        (event,) = session.exec(select(RuleSetEvent)).all()
    assert len(rulebook.rules.rules) == len(rows) > 80
    assert rulebook.rules.rules["live-poultry-in-market"].when == When(class_prefix="99002", place_type="market")
    assert (event.state, event.rule_set_id) == (RuleSetState.PUBLISHED, version.id)
    assert event.facts["content_sha256"] == version.content_sha256 != ""


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
    words = RuleWords.model_validate(FULL | {"key": name})
    session.add(RoutingRule(**rule_row(words, rule_set_id=version.id or 0, position=0, editor="test")))
    session.flush()


def test_the_newest_published_version_that_has_begun_decides(database: Database, now: datetime) -> None:
    hour = timedelta(hours=1)

    def in_force(at: datetime) -> str:
        return load_rulebook(session, version_in_force(session, now=at)).version

    with database.transaction() as session:
        for name, state, since in (
            ("old", RuleSetState.PUBLISHED, now - 2 * hour),
            ("current", RuleSetState.PUBLISHED, now - hour),
            ("retired", RuleSetState.RETIRED, now - hour / 2),
            ("draft", RuleSetState.DRAFT, None),
            ("future", RuleSetState.PUBLISHED, now + hour),
        ):
            a_version(session, name, state=state, effective_from=since, now=now)
        assert in_force(now) == "current"
        assert in_force(now + hour) == "future"
        with pytest.raises(LookupError):
            in_force(now - 3 * hour)


def test_a_rule_comes_back_from_its_row_as_it_was_written(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        a_version(session, "full", state=RuleSetState.DRAFT, effective_from=None, now=now)
    with database.reading() as session:
        (rule,) = words_of(session, version_named(session, "full")).rules
    assert rule == RuleWords.model_validate(FULL)


def test_a_city_without_rules_is_told_so(database: Database, now: datetime) -> None:
    with database.reading() as session, pytest.raises(LookupError):
        version_in_force(session, now=now)


def test_two_rules_of_one_key_never_become_a_set() -> None:
    rule = to_rule(RuleWords.model_validate(FULL))
    with pytest.raises(BadRule):
        RuleSet([rule, rule], version="v")
