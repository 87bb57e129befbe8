"""Prints the summary for people, and as a picture that carries its own styles and fetches nothing."""

import html
import io
import re
from datetime import timedelta
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from app.analytics.schemas import HandlingTimeRow
from app.demo.people import DEMO_PASSWORD
from app.demo.summary import Summary, Told
from app.domain.working_time import BEIJING
from app.texts import text

PATHS = {
    "health": "/health",
    "openapi": "/docs",
    "config": "/api/v1/config",
    "figures": "/api/v1/analytics/handling-time?group_by=category",
}
WIDTH = 92

THEME = TerminalTheme(
    (24, 28, 36),
    (222, 226, 232),
    [
        (60, 66, 78),
        (232, 108, 108),
        (124, 196, 128),
        (226, 190, 108),
        (110, 162, 236),
        (196, 142, 218),
        (104, 196, 204),
        (222, 226, 232),
    ],
)

# Filled in by Rich; the fonts are names only, in the order in which systems have one with Chinese signs.
PICTURE = """\
<svg class="console" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id} {{ font-family: "Noto Sans Mono CJK SC", "Sarasa Mono SC", Menlo, Consolas, "PingFang SC",
 "Microsoft YaHei", monospace; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; font-size: 17px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}">{matrix}</g></g>
</svg>
"""


def show(summary: Summary, *, base: str, console: Console) -> None:
    """Print addresses, accounts, the figures by category and the fastest story."""
    console.print(Panel(_body(summary, base=base), title=text("demo.title"), border_style="cyan"))


def save_picture(summary: Summary, *, base: str, path: Path) -> None:
    """Write the summary as an SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(_body(summary, base=base))
    svg = console.export_svg(title=text("demo.title"), theme=THEME, code_format=PICTURE, font_aspect_ratio=0.6)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_two_cells_wide(svg), encoding="utf-8")


def _two_cells_wide(svg: str) -> str:
    """Give every run of text the width of its cells: the library counts a Chinese character as one, it takes two."""

    def widen(found: re.Match[str]) -> str:
        width, attributes, words = float(found[1]), found[2], html.unescape(found[3])
        return f'textLength="{width / len(words) * cell_len(words):.1f}"{attributes}>{found[3]}</text>'

    return re.sub(r'textLength="([\d.]+)"([^>]*)>([^<]+)</text>', widen, svg)


def _body(summary: Summary, *, base: str) -> RenderableType:
    counts = text(
        "demo.counts",
        reports=summary.reports,
        closed=summary.closed,
        warnings=summary.warnings,
        breaches=summary.breaches,
    )
    parts: list[RenderableType] = [Text(counts, style="bold"), _figures(summary)]
    if summary.story is not None:
        parts.append(_story(summary.story))
    return Group(*parts, _addresses(base), _accounts(summary))


def _figures(summary: Summary) -> Table:
    table = Table(title=text("demo.figures"), title_justify="left", title_style="bold", expand=True)
    table.add_column(text("demo.column.category"))
    for column in ("n", "fastest", "median", "p90", "open"):
        table.add_column(text(f"demo.column.{column}"), justify="right")
    for row in summary.figures.rows:
        table.add_row(*_cells(row, row.name))
    table.add_section()
    table.add_row(*_cells(summary.figures.total, text("demo.total")), style="bold")
    return table


def _cells(row: HandlingTimeRow, name: str) -> tuple[str, ...]:
    return name, str(row.n), _length(row.min_s), _length(row.p50_s), _length(row.p90_s), str(row.open)


def _length(seconds: int | None) -> str:
    """Return a duration as a person says it; minutes up to two hours, hours above."""
    if seconds is None:
        return text("demo.none")
    if seconds < 2 * 3_600:
        return text("demo.minutes", minutes=round(seconds / 60))
    return text("demo.hours", hours=round(seconds / 3_600, 1))


def _story(story: Told) -> RenderableType:
    title = text(
        "demo.story",
        minutes=_minutes(story.feedback),
        place=story.place,
        category=story.category,
        number=story.number,
    )
    table = Table(title=title, title_justify="left", title_style="bold green", show_header=False, box=None)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for entry in story.timeline:
        table.add_row(
            f"{entry.at.astimezone(BEIJING):%m-%d %H:%M}", entry.text, style="dim" if entry.note is None else ""
        )
    return table


def _minutes(length: timedelta | None) -> str:
    return text("demo.none") if length is None else f"{length / timedelta(minutes=1):g}"


def _addresses(base: str) -> Table:
    table = Table(title=text("demo.addresses"), title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_column()
    table.add_column(overflow="fold")
    for name, path in PATHS.items():
        table.add_row(text(f"demo.address.{name}"), f"{base}{path}")
    return table


def _accounts(summary: Summary) -> Table:
    title = text("demo.accounts", password=DEMO_PASSWORD)
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_row(text("role.citizen"), text("demo.account.citizen"))
    for role, login in summary.accounts:
        table.add_row(text(f"role.{role.value}"), login)
    return table
