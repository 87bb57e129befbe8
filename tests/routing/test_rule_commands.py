"""`suishoupai rules` as a person types it: what is printed, the exit code, and what is in the database afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.infra.clock import now as real_now
from app.infra.database import Database
from app.routing.file_format import read_rule_file
from app.routing.loading import version_in_force
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.queries import events_of, version_named
from tests.routing.rule_sets import a_file, line_of, rehearsed, rule_text

ROOT = Path(__file__).parents[2]
SIGNED = ("--editor", "张三", "--reason", "新规定")


def rules(url: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SUISHOUPAI_")}
    return subprocess.run(
        (sys.executable, "-m", "app", "rules", *map(str, arguments)),
        cwd=ROOT,
        env=plain | {"COLUMNS": "300", "NO_COLOR": "1", "SUISHOUPAI_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_bytes(a_file(rule_text("x", when='{class: "06010"}')))
    return path


def in_force(url: str) -> str:
    with Database(url) as database, database.reading() as session:
        return session.get_one(RuleSetVersion, version_in_force(session, now=real_now())).version


def test_the_whole_life_of_a_version(committed_url: str, good: Path, tmp_path: Path) -> None:
    before = in_force(committed_url)
    ran = rules(committed_url, "import", good, *SIGNED)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "版本 v2 已导入为草稿：2 条规则" in ran.stdout
    ran = rules(committed_url, "check", "v2", "--editor", "李四")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "共 2 条规则：错误 0，并列 0" in ran.stdout
    ran = rules(committed_url, "publish", "v2", *SIGNED)
    assert (ran.returncode, "这一步需要：已试运行" in ran.stdout) == (1, True)
    with Database(committed_url) as database, database.transaction() as session:
        rehearsed(session, "v2", real_now())
    ran = rules(committed_url, "publish", "v2", *SIGNED, "--from", "2020-01-01")
    assert (ran.returncode, "不能倒填日期" in ran.stdout) == (1, True)
    ran = rules(committed_url, "publish", "v2", *SIGNED)
    assert (ran.returncode, "版本 v2 已发布" in ran.stdout) == (0, True)
    assert in_force(committed_url) == "v2"
    listed = rules(committed_url, "list").stdout
    assert "v2（现行）" in listed
    shown = rules(committed_url, "show", "v2").stdout
    assert all(word in shown for word in ("已发布", "已试运行", "张三", "李四", "新规定"))
    copy = tmp_path / "copy.xlsx"
    assert rules(committed_url, "export", "v2", copy).returncode == 0
    assert read_rule_file(copy.read_bytes()).words == read_rule_file(good.read_bytes()).words
    compared = rules(committed_url, "diff", before, "v2")
    assert compared.returncode == 0
    assert "新增 2" in compared.stdout
    assert "内容相同" in rules(committed_url, "diff", "v2", "v2").stdout
    assert rules(committed_url, "retire", "v2", *SIGNED).returncode == 0
    assert in_force(committed_url) == before
    with Database(committed_url) as database, database.reading() as session:
        version = version_named(session, "v2")
        editors = [event.editor for event in events_of(session, version.id or 0)]
    assert (version.state, editors) == (RuleSetState.RETIRED, ["张三", "张三", "甲", "李四", "张三"])


def test_findings_are_printed_in_a_table_and_nothing_changes(committed_url: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    data = a_file(rule_text("x", then="{unit: '[red]nobody'}"))
    path.write_bytes(data)
    for command in (("import", path, *SIGNED), ("check", path)):
        ran = rules(committed_url, *command)
        assert ran.returncode == 1
        assert f"第 {line_of(data, 'nobody')} 行" in ran.stdout
        assert "没有单位“[red]nobody”" in ran.stdout
        assert "Traceback" not in ran.stdout + ran.stderr
    with (
        Database(committed_url) as database,
        database.reading() as session,
        pytest.raises(Exception, match="NOT_FOUND"),
    ):
        version_named(session, "v2")


def test_a_file_is_checked_without_being_stored(committed_url: str, tmp_path: Path) -> None:
    path = tmp_path / "ties.yaml"
    path.write_bytes(a_file(rule_text("a", when='{class: "06"}'), rule_text("b", when='{class: "06"}')))
    ran = rules(committed_url, "check", path)
    assert ran.returncode == 1
    assert "并列 1" in ran.stdout
    assert "不能发布" in ran.stdout
    with (
        Database(committed_url) as database,
        database.reading() as session,
        pytest.raises(Exception, match="NOT_FOUND"),
    ):
        version_named(session, "v2")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "none"), "没有名为“none”的规则版本"),
        (("export", "none", "x.yaml"), "没有名为“none”的规则版本"),
        (("check", "none"), "没有名为“none”的规则版本"),
        (("import", "none.yaml", *SIGNED), "无法读取文件"),
    ],
)
def test_what_is_not_there(committed_url: str, arguments: tuple[str, ...], words: str) -> None:
    ran = rules(committed_url, *arguments)
    assert (ran.returncode, words in ran.stdout) == (1, True), ran.stdout


def test_a_database_that_was_not_prepared(good: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    for arguments in (("list",), ("import", good, *SIGNED), ("publish", "v2", *SIGNED)):
        ran = rules(url, *arguments)
        assert (ran.returncode, "数据库无法使用" in ran.stdout, ran.stderr) == (1, True, ""), ran.stderr


def test_who_and_why_are_asked_for(committed_url: str, good: Path) -> None:
    assert rules(committed_url, "import", good).returncode == 2
    ran = rules(committed_url, "import", good, "--editor", "张三", "--reason", " ")
    assert (ran.returncode, "--reason" in ran.stderr) == (2, True)
    ran = rules(committed_url, "import", good, "--editor", "x" * 65, "--reason", "x")
    assert (ran.returncode, "--editor" in ran.stderr) == (2, True)
    ran = rules(committed_url, "check", "v2", "--reason", "x" * 1001)
    assert (ran.returncode, "--reason" in ran.stderr) == (2, True)


def test_a_folder_that_cannot_be_written(committed_url: str, tmp_path: Path) -> None:
    ran = rules(committed_url, "export", in_force(committed_url), tmp_path)
    assert (ran.returncode, "无法写出文件" in ran.stdout) == (1, True)
