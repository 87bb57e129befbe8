"""Reads what `app.reports.explaining` wrote down and puts it into sentences; knows neither rules nor city."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.domain.routing.decision import ResolvedBy
from app.domain.routing.rules import FALLBACK_RULE, Powers
from app.reports.explanation_schemas import MatchedRead, OverlayRead, PassedOverRead, RoutingRead
from app.routing.words import parse_limit
from app.texts import has_text, text

Stored = Mapping[str, Any]
"""The value of `report.routing`; before revision 0005 it held fewer keys, and criteria as `name=value`."""


def read_explanation(stored: Stored) -> RoutingRead:
    """Return a stored decision in words, whatever has become of its rule set, unit or areas since."""
    matched = _matched(stored.get("matched", ()))
    lost = [_passed_over(each) for each in stored.get("passed_over", ())]
    return RoutingRead(
        rule_set=stored["rule_set"],
        effective_from=_instant(stored.get("effective_from")),
        editor=stored.get("editor"),
        decided_at=_instant(stored.get("decided_at")),
        rule=stored["rule"],
        basis=stored["basis"],
        why=why(stored),
        matched=matched,
        when_text=_when_text(matched, stored["rule"]),
        then_text=_then_text(stored),
        unit=stored["unit"],
        unit_name=stored["unit_name"],
        resolved_by=stored.get("resolved_by"),
        how=_how(stored),
        powers_text=_powers_text(stored),
        jurisdictions=[_overlay(each) for each in stored.get("jurisdictions", ())],
        assisting=list(stored.get("assisting_names", stored.get("assisting", ()))),
        limit_text=_limit_text(stored),
        priority=stored.get("priority", 0),
        auto_dispatch=stored.get("auto_dispatch"),
        passed_over=lost,
        passed_over_count=stored.get("passed_over_count", len(lost)),
        is_gap=stored["is_gap"],
        is_tie=stored["is_tie"],
    )


def why(stored: Stored) -> str:
    """Return the reason as a citizen reads it."""
    limit = _limit_text(stored)
    key = "explain.why_with_limit" if limit else "explain.why"
    return text(key, unit=stored["unit_name"], basis=stored["basis"], limit=limit)


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _matched(stored: Sequence[Any]) -> list[MatchedRead]:
    return [_criterion(*_parts(each)) for each in stored]


def _parts(stored: object) -> tuple[str, str, str]:
    if isinstance(stored, Mapping):
        return stored["criterion"], stored["value"], stored["name"]
    criterion, _, value = str(stored).partition("=")
    return criterion, value, value


def _criterion(criterion: str, value: str, name: str) -> MatchedRead:
    key = f"explain.criterion.{criterion}"
    return MatchedRead(
        criterion=criterion,
        criterion_text=text(key) if has_text(key) else text("explain.criterion.answer", question=criterion),
        value=value,
        name=name,
    )


def _when_text(matched: Sequence[MatchedRead], rule: str) -> str:
    if rule == FALLBACK_RULE:
        return text("explain.when_nothing")
    parts = [text("explain.is", criterion=each.criterion_text, name=each.name) for each in matched]
    return "；".join(parts) or text("explain.when_any")


def _then_text(stored: Stored) -> str:
    parts = [_lead_text(stored.get("then") or {}, stored)]
    assisting = _assisting_text(stored.get("then") or {})
    if assisting:
        parts.append(text("explain.then.assisting", units=assisting))
    if limit := _limit_text(stored):
        parts.append(text("explain.then.limit", limit=limit))
    if priority := stored.get("priority"):
        parts.append(text("explain.then.priority", priority=priority))
    if stored.get("auto_dispatch") is False:
        parts.append(text("explain.then.by_hand"))
    return "；".join(parts)


def _lead_text(then: Stored, stored: Stored) -> str:
    end = then.get("unit_name") or role_name(then.get("role", "")) or stored["unit_name"]
    if then.get("chain"):
        links = "、".join(text(f"explain.link.{link}") for link in then["chain"])
        return text("explain.then.chain", links=links, end=end)
    return text("explain.then.lead", unit=end)


def _assisting_text(then: Stored) -> str:
    return "、".join([*then.get("assisting_names", ()), *map(role_name, then.get("assisting_roles", ()))])


def role_name(kind: str) -> str:
    """Return what a kind of units is called, its code for one that only this city has."""
    return text(f"unit_kind.{kind}") if has_text(f"unit_kind.{kind}") else kind


def _how(stored: Stored) -> str | None:
    """Return how the rule's choice became this very unit, None if that was not written down."""
    resolved_by = stored.get("resolved_by")
    if resolved_by is None:
        return None
    key = f"explain.how.{resolved_by}"
    if resolved_by == ResolvedBy.ROLE.value and stored["jurisdiction"]:
        key = "explain.how.role_of_overlay"
    return text(
        key,
        unit=stored["unit_name"],
        area=stored["unit_area"],
        role=role_name(stored["then"].get("role", "")),
        component=stored["component"],
    )


def _powers_text(stored: Stored) -> str | None:
    powers = stored.get("powers", Powers.ORDINARY.value)
    return None if powers == Powers.ORDINARY.value else text(f"explain.powers.{powers}", basis=stored["basis"])


def _overlay(stored: Stored) -> OverlayRead:
    key = "explain.overlay.holds" if stored["has_power"] else "explain.overlay.withheld"
    return OverlayRead(**stored, text=text(key, name=stored["name"], basis=stored["basis"]))


def _limit_text(stored: Stored) -> str | None:
    limit = parse_limit(stored.get("limit", ""))
    if limit is None:
        return None
    return text("limit", amount=limit.plain_amount, unit=text(f"limit_unit.{limit.unit.value}"))


def _passed_over(stored: Stored) -> PassedOverRead:
    return PassedOverRead(
        rule=stored["key"],
        unit=stored["unit"] or None,
        unit_name=stored.get("unit_name") or None,
        basis=stored.get("basis", ""),
        matched=_matched(stored.get("matched", ())),
        lost_on=stored["lost_on"],
        why=text(f"explain.lost_on.{stored['lost_on']}"),
    )
