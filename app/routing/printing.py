"""Print versions, findings and differences of rule sets as tables."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.infra.paging import Page
from app.infra.wire import beijing_text
from app.routing.check_report import CheckReport
from app.routing.compare import SectionDifference
from app.routing.findings import Findings, Spot
from app.routing.schemas import RuleSetItem, RuleSetRead
from app.texts import text

SHOWN = 50
"""Lines of one kind; how many more there are is said below."""


def print_versions(console: Console, versions: Page[RuleSetItem]) -> None:
    table = _table("version", "state", "effective_from", "editor", "note")
    for each in versions.items:
        name = text("rules.in_force", version=each.version) if each.is_in_force else each.version
        begins = beijing_text(each.effective_from) if each.effective_from else ""
        _row(table, name, each.state_name, begins, each.editor, each.note)
    console.print(table)


def print_version(console: Console, found: RuleSetRead) -> None:
    sections = "，".join(f"{text(f'rules.section.{name}')} {count}" for name, count in found.section_counts.items())
    facts = {
        "version": found.version,
        "state": found.state_name,
        "effective_from": beijing_text(found.effective_from) if found.effective_from else "",
        "based_on": found.based_on or "",
        "note": found.note,
        "rules": str(found.rule_count),
        "sections": sections,
        "content": found.content_sha256,
    }
    for name, value in facts.items():
        _line(console, f"{text(f'rules.column.{name}')}  {value}")
    table = _table("at", "state", "editor", "reason")
    for each in found.events:
        _row(table, beijing_text(each.at), each.state_name, each.editor, each.reason)
    console.print(table)
    if found.check:
        print_check(console, found.check)


def print_findings(console: Console, findings: Findings) -> None:
    """Print every finding of a refused file in its place."""
    table = _table("place", "item", "field", "fault")
    for each in findings:
        _row(table, str(each.spot), each.item, each.field, each.reason)
    console.print(table)
    _line(console, text("rules.refused", count=findings.count), style="red")


def print_check(console: Console, report: CheckReport) -> None:
    """Print everything a check found, what forbids publication first."""
    if report.faults:
        table = _table("place", "item", "field", "fault")
        for fault in report.faults:
            _row(table, str(Spot(fault.line, fault.sheet)), fault.item, fault.field, fault.reason)
        console.print(table)
    _print_rows(
        console,
        ("tie_rules", "witness"),
        report.tie_count,
        [("\n".join(tie.rules), _witness(tie.witness.facts)) for tie in report.ties],
    )
    _print_rows(console, ("undecided",), report.undecided_count, [(rule,) for rule in report.undecided])
    _print_rows(console, ("dead", "because"), report.dead_count, [(dead.rule, dead.reason) for dead in report.dead])
    _print_rows(
        console,
        ("gap", "streets", "witness"),
        report.gap_count,
        [(gap.class_code, _streets(gap.streets, gap.street_count), _witness(gap.witness.facts)) for gap in report.gaps],
    )
    _line(console, text("rules.check_total", **report.counts))
    verdict = "check_good" if report.is_publishable else "check_bad"
    _line(console, text(f"rules.{verdict}"), style=None if report.is_publishable else "red")


def print_difference(console: Console, differences: Sequence[SectionDifference]) -> None:
    """Print what differs, field by field."""
    if not differences:
        _line(console, text("rules.same"))
        return
    table = _table("section", "item", "change", "field", "before", "after")
    for section in differences:
        _add_section(table, section)
    console.print(table)
    for section in differences:
        numbers = {"added": len(section.added), "removed": len(section.removed), "changed": len(section.changed)}
        _line(console, text("rules.diff_total", section=text(f"rules.section.{section.section}"), **numbers))


def _add_section(table: Table, section: SectionDifference) -> None:
    name = text(f"rules.section.{section.section}")
    for kind, items in (("added", section.added), ("removed", section.removed)):
        for item in items[:SHOWN]:
            _row(table, name, item, text(f"rules.{kind}"), "", "", "")
    for change in section.changed[:SHOWN]:
        for field in change.fields:
            _row(table, name, change.item, text("rules.changed"), field.field, field.before, field.after)


def _print_rows(console: Console, columns: Sequence[str], count: int, rows: Iterable[tuple[str, ...]]) -> None:
    if not count:
        return
    table, shown = _table(*columns), list(rows)[:SHOWN]
    for row in shown:
        _row(table, *row)
    console.print(table)
    if count > len(shown):
        _line(console, text("rules.more", count=count - len(shown)))


def _witness(facts: dict[str, object]) -> str:
    return "，".join(f"{name}={value}" for name, value in facts.items())


def _streets(streets: Sequence[str], count: int) -> str:
    shown = "、".join(streets[:5])
    return text("rules.streets", shown=shown, count=count) if count > len(streets[:5]) else shown


def _table(*columns: str) -> Table:
    table = Table(show_lines=False)
    for name in columns:
        table.add_column(text(f"rules.column.{name}"), overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))  # as it is: square brackets are no styles


def _line(console: Console, sentence: str, style: str | None = None) -> None:
    console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)
