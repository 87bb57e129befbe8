"""Rule files for tests that fit the small city, and their way to publication."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from app.city.snapshot import CitySnapshot
from app.domain.working_time import beijing_day
from app.routing.check import ToCheck, examine, examine_version, keep_check, to_check
from app.routing.check_report import CheckReport
from app.routing.file_format import read_rule_file
from app.routing.findings import RuleFileRefused
from app.routing.import_draft import import_draft
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion
from app.routing.publish import publish
from app.routing.queries import version_named
from app.routing.rehearse import mark_rehearsed
from app.routing.validating import understand

SCHEME = "GB/T 47678.5-2026"

HEAD = """\
version: {version}
note: 测试用的规则
questions:
  - code: place_type
    text: 车停在什么地方？
    categories: [parking]
    choices:
      - {{code: carriageway, text: 车行道上}}
      - {{code: pavement, text: 人行道上}}
areas:
  - code: square
    name: 广场
    basis: 示例
    shape: POLYGON ((120.41 36.15, 120.42 36.15, 120.42 36.17, 120.41 36.17, 120.41 36.15))
jurisdictions:
  - code: "370213900"
    name: 园区
    basis: 示例
    withheld: ["09"]
    shape: POLYGON ((120.37 36.155, 120.385 36.155, 120.385 36.17, 120.37 36.17, 120.37 36.155))
units:
  - code: "370213900.park"
    name: 园区管委会
    kind: park_committee
    level: street
    area: "370213900"
    parent: "370213.urban_management"
rules:
"""

REST = """\
  - key: everything
    then: {role: street_office}
    basis: 属地管理
"""


def rule_text(key: str, *, when: str = "", then: str = "{role: street_office}", more: str = "") -> str:
    """Return a rule in four or five lines."""
    conditions = f"    when: {when}\n" if when else ""
    return f"  - key: {key}\n{conditions}    then: {then}\n    basis: 依据\n{more}"


def a_file(*rules: str, version: str = "v2", head: str = HEAD) -> bytes:
    """Return a good file with these rules after one for everything."""
    return (head.format(version=version) + REST + "".join(rules)).encode()


def complaints(data: bytes, city: CitySnapshot) -> list[tuple[int, str, str, str]]:
    """Return (line, item, field, reason) of everything that is wrong with a file, [] when it is good."""
    try:
        understand(data, city=city)
    except RuleFileRefused as refused:
        return [(each.spot.line, each.item, each.field, each.reason) for each in refused.told]
    return []


def line_of(data: bytes, words: str) -> int:
    """Return the number of the only line with these words."""
    (found,) = [number for number, line in enumerate(data.decode().splitlines(), start=1) if words in line]
    return found


def checked_file(data: bytes, city: CitySnapshot, now: datetime) -> CheckReport:
    return examine(read_rule_file(data), city=city, from_day=beijing_day(now))


def imported(
    session: Session,
    data: bytes,
    city: CitySnapshot,
    now: datetime,
    *,
    editor: str = "甲",
    based_on: str | None = None,
) -> RuleSetVersion:
    words = understand(data, city=city)
    return import_draft(session, words, editor=editor, reason="新规定", now=now, based_on=based_on)


def checked(session: Session, name: str, city: CitySnapshot, now: datetime) -> CheckReport:
    found: ToCheck = to_check(session, name)
    report = examine_version(found, city=city, from_day=beijing_day(now))
    keep_check(session, found, report, editor="甲", reason="", now=now)
    return report


def rehearsed(session: Session, name: str, now: datetime) -> None:
    version = version_named(session, name)
    mark_rehearsed(
        session, version.id or 0, content_sha256=version.content_sha256, editor="甲", facts={"total": 0}, now=now
    )


def published(
    session: Session, data: bytes, city: CitySnapshot, now: datetime, *, since: datetime | None = None
) -> RuleSetVersion:
    """Take a file all the way."""
    name = imported(session, data, city, now).version
    report = checked(session, name, city, now)
    assert report.is_publishable, report
    rehearsed(session, name, now)
    return publish(session, name, effective_from=since, editor="乙", reason="自即日起施行", now=now)


def everything_about_rules(session: Session) -> list[Any]:
    """Return all that is stored of published versions, to be compared before and after."""
    versions = session.exec(
        select(RuleSetVersion).where(RuleSetVersion.state == RuleSetState.PUBLISHED).order_by(RuleSetVersion.version)
    ).all()
    ids = [each.id for each in versions]
    rules = session.exec(select(RoutingRule)).all()
    return [
        [each.model_dump() for each in versions],
        sorted((rule.model_dump() for rule in rules if rule.rule_set_id in ids), key=lambda row: row["id"]),
    ]


TOMORROW = timedelta(days=1)
