"""`suishoupai triage ...` as a person types it, on closed reports of both databases."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import StringIO

import pytest
import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import update
from sqlmodel import col, select
from typer.testing import CliRunner

from app import triage_commands
from app.identity.models import UserAccount
from app.identity.wechat import DevelopmentProvider
from app.infra.database import Database
from app.reports.closed_texts import DEVELOPMENT_OPENID, closed_texts, count_demo_texts
from app.reports.models import Report
from app.routing.models import RuleSetVersion
from app.texts import text
from app.triage.models import TriageModel
from tests.builders import NOW, a_citizen
from tests.towns import Town
from tests.triage.conftest import add_closed, of_nobody
from tests.triage.made_up import SINCE, samples

LATER = NOW + timedelta(days=1)


@dataclass
class Terminal:
    """The commands on a database, and what they printed."""

    database: Database
    output: StringIO = field(default_factory=StringIO)

    def __post_init__(self) -> None:
        self.console = Console(file=self.output, width=200)
        self.app = typer.Typer()
        triage_commands.add_triage(self.app, open_database=self._open, console=self.console, progress_bars=self._bars)

    def _bars(self) -> Progress:
        return Progress(console=self.console)

    @contextmanager
    def _open(self) -> Iterator[Database]:
        yield self.database  # the test closes it

    def type(self, *words: str) -> tuple[int, str]:
        """Return exit code and what was printed."""
        before = len(self.output.getvalue())
        result = CliRunner().invoke(self.app, ["triage", *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, self.output.getvalue()[before:]


@pytest.fixture
def terminal(town: Town, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    moments = iter(NOW + timedelta(seconds=at) for at in range(1000))
    monkeypatch.setattr(triage_commands, "now", lambda: next(moments))
    return Terminal(town.database)


def close(town: Town, count: int, *, seed: int = 1, since: object = SINCE, demo: bool = False) -> None:
    with town.database.transaction() as session:
        citizen = a_citizen(session)
        wanted = samples(count, seed=seed) if since is SINCE else samples(count, seed=seed, since=LATER)
        if demo:
            session.execute(
                update(UserAccount).where(col(UserAccount.id) == citizen.user_id).values(wechat_openid=f"dev:{seed}")
            )
        add_closed(session, town.world, of_nobody(wanted), reporter=citizen)


def versions(database: Database) -> list[tuple[str, bool]]:
    with database.reading() as session:
        return list(session.exec(select(TriageModel.version, TriageModel.is_active).order_by(col(TriageModel.id))))


def test_a_model_is_trained_on_closed_reports_and_put_to_use(town: Town, terminal: Terminal) -> None:
    close(town, 400)
    code, said = terminal.type("train", "--activate")
    assert code == 0, said
    ((version, is_active),) = versions(town.database)
    assert is_active
    # 400 and the one that was copied, which has words, too
    for line in (
        text("triage.activated", version=version),
        f"已训练模型 {version}：401 件结案件",
        f"模型 {version} · 检验件 80 件",
        text("triage.by_class"),
        "06010 暴露垃圾",
    ):
        assert line in said
    assert "合成文本" not in said
    assert text("triage.progress.refit") in said
    assert terminal.type("propose", "书院路的照明灯一闪一闪")[1].count("01037 路灯异常") == 1


def test_a_model_is_not_in_use_until_somebody_says_so(town: Town, terminal: Terminal) -> None:
    close(town, 250)
    for threshold in ("auto", "0.75"):
        code, said = terminal.type("train", "--threshold", threshold)
        assert code == 0, said
        assert "尚未启用" in said
    (first, _), (second, _) = versions(town.database)
    with town.database.reading() as session:
        assert session.exec(select(TriageModel.threshold).where(TriageModel.version == second)).one() == 0.75
    assert terminal.type("activate", second)[0] == 0
    assert versions(town.database) == [(first, False), (second, True)]
    code, said = terminal.type("list")
    assert [line.count(text("triage.active")) for line in said.splitlines() if first in line or second in line] == [
        1,
        0,
    ]
    code, said = terminal.type("activate", "20200101-000000")
    assert (code, said.strip()) == (1, text("problem.TRIAGE_MODEL_NOT_FOUND", version="20200101-000000"))
    assert versions(town.database) == [(first, False), (second, True)]


def test_what_was_closed_since_is_measured_with_the_weights_in_the_row(town: Town, terminal: Terminal) -> None:
    close(town, 250)
    assert terminal.type("train", "--activate")[0] == 0
    ((version, _),) = versions(town.database)
    code, said = terminal.type("evaluate")
    assert code == 0, said
    assert text("triage.none_since", n=0, least=50) in said
    close(town, 120, seed=8, since=LATER)
    code, said = terminal.type("evaluate", version)
    assert code == 0, said
    assert f"模型 {version} · 检验件 50 件" in said
    assert "训练之后结案的 120 件" in said
    assert f"模型 {version} · 检验件 120 件" in said


def test_reports_of_nobody_are_left_out_or_make_a_synthetic_model(town: Town, terminal: Terminal) -> None:
    close(town, 250, demo=True)
    code, said = terminal.type("train")
    assert code == 1
    assert text("problem.TRIAGE_TOO_FEW_REPORTS", count=1, least=200) in said
    assert "另有 250 件来自演示账号或开发登录" in said
    assert versions(town.database) == []
    code, said = terminal.type("train", "--demo", "--activate")
    assert code == 0, said
    assert "合成文本" in said
    assert "数字只说明流程走通" in said
    assert "合成文本" in terminal.type("list")[1]
    assert "合成文本" in terminal.type("evaluate")[1]


def test_citizens_of_the_development_login_are_known_by_their_openid() -> None:
    assert DevelopmentProvider().openid_for("dev-anna").startswith(DEVELOPMENT_OPENID)


def test_what_is_read(town: Town) -> None:
    wanted = of_nobody(samples(5))
    close(town, 5)
    with town.database.transaction() as session:
        numbers = session.exec(select(Report.number).where(col(Report.closed_at) < NOW).order_by(col(Report.closed_at)))
        first, second, third, *_ = numbers
        session.execute(update(Report).where(col(Report.number) == first).values(description=""))
        session.execute(update(Report).where(col(Report.number) == second).values(status="merged"))
        session.execute(update(Report).where(col(Report.number) == third).values(description="长" * 2000))
    with town.database.reading() as session:
        read = list(closed_texts(session, last=100, with_demo=False))
        assert count_demo_texts(session) == 0
        assert list(closed_texts(session, last=2, with_demo=False)) == read[:2]
    copies = [sample for sample in read if sample.closed_at < NOW]
    assert copies == [wanted[4], wanted[3], replace(wanted[2], text="长" * 500)]


def test_too_few_classes_are_refused(town: Town, terminal: Terminal) -> None:
    with town.database.transaction() as session:
        one = [sample for sample in samples(3000) if sample.label[1] == "06010"][:250]
        add_closed(session, town.world, of_nobody(one))
    code, said = terminal.type("train")
    assert code == 1
    assert text("problem.TRIAGE_TOO_FEW_CLASSES", count=1, least=2, reports=10) in said
    assert versions(town.database) == []


def test_without_scikit_learn_one_line_says_what_to_install(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert importlib.util.find_spec("sklearn")
    monkeypatch.setattr(triage_commands, "find_spec", lambda _name: None)
    assert terminal.type("train") == (1, text("triage.no_scikit_learn") + "\n")


@pytest.mark.parametrize("threshold", ["0.49", "1.1", "high", "nan", "-1"])
def test_a_threshold_that_is_none_is_refused(terminal: Terminal, threshold: str) -> None:
    assert terminal.type("train", f"--threshold={threshold}") == (1, text("triage.bad_threshold") + "\n")


def test_without_a_model_there_is_nothing_to_show(terminal: Terminal) -> None:
    assert terminal.type("list") == (0, text("triage.no_models") + "\n")
    assert terminal.type("evaluate") == (1, text("triage.no_model") + "\n")
    code, said = terminal.type("evaluate", "x")
    assert (code, said.strip()) == (1, text("problem.TRIAGE_MODEL_NOT_FOUND", version="x"))


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (("路灯不亮",), "sure"),
        (("路灯不亮", "--category", "parking"), "elsewhere"),
        (("路灯不亮", "--category", "facilities"), "sure"),
        (("贴满广告，旧家具乱扔垃圾",), "unsure"),
    ],
)
def test_a_text_can_be_tried(terminal: Terminal, words: tuple[str, ...], verdict: str) -> None:
    code, said = terminal.type("propose", *words)
    assert code == 0
    assert text(f"triage.verdict.{verdict}", source=text("triage.source.keyword")) in said


def test_a_text_that_says_nothing_and_a_category_that_is_none(terminal: Terminal) -> None:
    assert terminal.type("propose", "你好") == (0, text("triage.silent") + "\n")
    code, said = terminal.type("propose", "路灯不亮", "--category", "nothing")
    assert (code, said.strip()) == (1, text("problem.CATEGORY_NOT_FOUND", category="nothing"))


def test_a_database_without_tables_or_city_is_said_in_one_sentence(database: Database, tmp_path: object) -> None:
    assert Terminal(database).type("propose", "路灯") == (1, text("triage.no_city") + "\n")
    empty = Database(f"sqlite:///{tmp_path}/empty.db")
    code, said = Terminal(empty).type("list")
    empty.dispose()
    assert (code, said.startswith(text("triage.database", detail=""))) == (1, True)
    with database.reading() as session:
        assert session.exec(select(RuleSetVersion)).all() == []
