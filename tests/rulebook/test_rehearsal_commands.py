"""`suishoupai rules dry-run | statistics | suggest` as a person types them."""

from collections.abc import Callable, Iterator, Sequence
from errno import ENOSPC
from pathlib import Path

import pytest
import typer
import yaml
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner, Result

from app.infra.database import Database
from app.rehearsal_commands import add_rehearsals
from app.routing.models import RuleSetState
from app.routing.words import RuleSetWords
from app.rulebook.models import DryRunState
from tests.builders import SQUAD
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU
from tests.rulebook.past import Past, a_rule, a_version, store_past, store_version
from tests.rulebook.replaying import row, state_of
from tests.towns import Town

REFUSE = "06010"
Run = Callable[..., Result]


@pytest.fixture
def run(committed_town: Town) -> Run:
    """Type a command against the town's database."""
    url = committed_town.database.engine.url.render_as_string(hide_password=False)
    app, console = typer.Typer(), Console(width=200)
    add_rehearsals(
        app, open_database=lambda: Database(url), console=console, progress_bars=lambda: Progress(console=console)
    )
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


def store(town: Town, history: Sequence[Past], name: str = "draft") -> None:
    with town.database.transaction() as session:
        store_past(session, town.world, history)
        squads = a_rule("squads", {"class": REFUSE}, {"role": "enforcement_squad"})
        store_version(session, a_version(name, squads))


def test_a_dry_run_is_told_in_chinese_and_saved(committed_town: Town, run: Run, tmp_path: Path) -> None:
    store(committed_town, [Past(is_returned=True, handled_by=SQUAD), Past(at=IN_ZHONGSHANLU)])
    file = tmp_path / "changes.csv"
    told = run("dry-run", "draft", "--csv", file)
    assert told.exit_code == 0, told.output
    assert "共 2 件：不变 0，换规则但单位不变 0，换单位 2，无单位可派 0。" in told.output
    assert "被原单位退回过 1；其中已结案 2 件，与最终处置单位一致：原来 1，现在 1。" in told.output
    assert committed_town.world.city.units[SQUAD].name in told.output
    assert len(file.read_text("utf-8-sig").splitlines()) == 3
    assert state_of(committed_town.database, "draft") is RuleSetState.REHEARSED


def test_without_history_it_says_so(committed_town: Town, run: Run) -> None:
    store(committed_town, [])
    told = run("dry-run", "draft", "--last", 5)
    assert told.exit_code == 0
    assert "没有历史上报件" in told.output
    assert state_of(committed_town.database, "draft") is RuleSetState.REHEARSED


def test_a_draft_that_was_not_checked_is_not_rehearsed_and_told_so(committed_town: Town, run: Run) -> None:
    with committed_town.database.transaction() as session:
        squads = a_rule("squads", {"class": REFUSE}, {"role": "enforcement_squad"})
        store_version(session, a_version("raw", squads), state=RuleSetState.DRAFT)
    told = run("dry-run", "raw")
    assert told.exit_code == 0
    assert "不算数" in told.output
    assert state_of(committed_town.database, "raw") is RuleSetState.DRAFT


def test_what_is_refused_before_anything_is_done(committed_town: Town, run: Run, tmp_path: Path) -> None:
    store(committed_town, [Past()])
    there = tmp_path / "there.csv"
    there.write_text("mine")
    for arguments, words in (
        (("dry-run", "nothing"), "没有名为“nothing”的规则版本"),
        (("dry-run", "draft", "--csv", there), "已经存在"),
        (("suggest", "--into", there), "已经存在"),
        (("dry-run", "draft", "--reason", " "), "请写明原因"),
        (("dry-run", "draft", "--reason", "长" * 1001), "请写明原因"),
        (("dry-run", "draft", "--editor", "长" * 65), "请写明经办人"),
        (("suggest", "--rule-set", "nothing"), "没有名为“nothing”的规则版本"),
        (("statistics", "--rule-set", "nothing"), "没有名为“nothing”的规则版本"),
    ):
        told = run(*arguments)
        assert told.exit_code == 1, arguments
        assert words in told.output
    assert there.read_text() == "mine"
    assert state_of(committed_town.database, "draft") is RuleSetState.CHECKED


def test_numbers_out_of_bounds_are_refused(run: Run) -> None:
    for arguments in (("dry-run", "x", "--last", 0), ("dry-run", "x", "--last", 1_000_001), ("suggest", "--days", 0)):
        assert run(*arguments).exit_code == 2


def test_a_database_that_is_not_ready_is_told_in_words(tmp_path: Path) -> None:
    app, console = typer.Typer(), Console(width=200)
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    add_rehearsals(app, open_database=lambda: Database(url), console=console, progress_bars=Progress)
    for arguments in (["dry-run", "x"], ["statistics"], ["suggest"]):
        told = CliRunner().invoke(app, arguments)
        assert told.exit_code == 1
        assert "数据库无法使用" in told.output


def test_an_interrupted_run_has_failed_and_says_so(committed_town: Town, run: Run) -> None:
    store(committed_town, [Past()])

    class Interrupting(Progress):
        def update(self, *_arguments: object, **_changes: object) -> None:
            raise KeyboardInterrupt

    app, console = typer.Typer(), Console(width=200)
    url = committed_town.database.engine.url.render_as_string(hide_password=False)
    add_rehearsals(
        app, open_database=lambda: Database(url), console=console, progress_bars=lambda: Interrupting(console=console)
    )
    told = CliRunner().invoke(app, ["dry-run", "draft", "--editor", "somebody"])
    assert told.exit_code == 1
    assert "已中断" in told.output
    failed = row(committed_town.database, 1)
    assert (failed.state, failed.editor) == (DryRunState.FAILED, "somebody")
    assert run("dry-run", "draft").exit_code == 0  # nothing stands in the way of another try


def test_statistics_of_a_stretch_or_of_everything(committed_town: Town, run: Run) -> None:
    store(committed_town, [Past(is_returned=True, handled_by=SQUAD), Past(), Past(class_code="06012")])
    told = run("statistics")
    assert "统计了最近 3 件" in told.output
    assert "class-06010" in told.output
    assert "50.0%" in told.output
    assert "统计了最近 1 件" in run("statistics", "--last", 1).output
    assert "统计了最近 0 件" in run("statistics", "--rule-set", "draft").output
    assert "统计了最近 3 件" in run("statistics", "--all").output


def test_suggestions_go_into_a_file_and_nowhere_else(committed_town: Town, run: Run, tmp_path: Path) -> None:
    store(committed_town, [Past(at=IN_LICUN, is_returned=True, handled_by=SQUAD), Past(at=IN_ZHONGSHANLU)] * 80)
    file = tmp_path / "next.yaml"
    told = run("suggest", "--into", file)
    assert told.exit_code == 0, told.output
    assert "从较早的 112 件结案上报件中寻找，用较新的 48 件检验" in told.output
    assert "class-06010-street-370213006" in told.output
    assert "规则不会自动改变" in told.output
    read = RuleSetWords.model_validate({"version": "next"} | yaml.safe_load(file.read_text("utf-8")))
    assert [each.then.role for each in read.rules] == ["enforcement_squad"]
    for_draft = run("suggest", "--rule-set", "draft")
    assert "squads" in for_draft.output  # the draft is wrong in the other street


def test_half_a_file_is_not_left_behind(
    committed_town: Town, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look whole, and stand in the way of the next try."""
    store(committed_town, [Past()])

    def half(*_arguments: object, **_options: object) -> Iterator[bytes]:
        yield b"half"
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("app.rulebook.rehearsals.csv_file.changes_csv", half)
    file = tmp_path / "changes.csv"
    told = run("dry-run", "draft", "--csv", file)
    assert (told.exit_code, file.exists()) == (1, False)
    assert "No space left" in told.output


def test_nothing_to_suggest_writes_no_file(committed_town: Town, run: Run, tmp_path: Path) -> None:
    store(committed_town, [Past()] * 50)
    file = tmp_path / "next.yaml"
    told = run("suggest", "--into", file)
    assert (told.exit_code, file.exists()) == (0, False)
    assert "没有经得起检验的建议" in told.output


def test_a_name_that_looks_like_markup_is_printed_as_it_is(committed_town: Town, run: Run) -> None:
    with committed_town.database.transaction() as session:
        store_past(session, committed_town.world, [Past()])
        odd = a_rule("[red]规则[/red]", {"class": REFUSE}, {"role": "enforcement_squad"})
        store_version(session, a_version("odd", odd))
    assert "[red]规则[/red]" in run("dry-run", "odd").output
