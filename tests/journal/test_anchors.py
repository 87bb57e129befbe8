"""What a chain alone cannot show: a history computed anew, replaced rows, a report that moves while it is read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select, update

from app.domain.workflow import Action, Status
from app.infra.database import Database
from app.journal.chain import Break, BreakKind, Head, link_hash
from app.journal.models import JournalEntry
from app.journal.queries import entries_of, verify
from app.reports.models import Report
from app.reports.queries import chain_heads
from tests.builders import Case, at_status
from tests.towns import Town


def a_chain(town: Town) -> Case:
    with town.database.transaction() as session:
        return at_status(session, town.world, Status.HANDLING)


def anchors(session: Session) -> dict[str, Head]:
    return {number: head for _, number, head in chain_heads(session)}


def rewrite_last_entry(session: Session, number: str) -> None:
    """Do what the hashes cannot prevent: change the newest entry, compute its hash anew and move the head."""
    report = session.exec(select(Report).where(Report.number == number)).one()
    last = entries_of(session, report.id or 0)[-1]
    last.facts = {"forged": True}
    forged = link_hash(number, last)
    session.expunge_all()
    on = " ON journal_entry" if session.get_bind().dialect.name == "postgresql" else ""
    session.execute(text(f"DROP TRIGGER journal_entry_no_update{on}"))
    session.exec(
        update(JournalEntry)
        .where(col(JournalEntry.report_id) == report.id, col(JournalEntry.seq) == last.seq)
        .values(facts={"forged": True}, hash=forged)
    )
    session.exec(update(Report).where(col(Report.id) == report.id).values(journal_hash=forged))


def test_a_chain_computed_anew_shows_only_against_a_head_kept_elsewhere(town: Town) -> None:
    case = a_chain(town)
    with town.database.reading() as session:
        kept = anchors(session)
    with town.database.transaction() as session:
        rewrite_last_entry(session, case.number)
    with town.database.reading() as session:
        assert list(verify(session, chain_heads(session))) == []
        found = list(verify(session, chain_heads(session), anchors=kept))
    assert found == [Break(case.number, kept[case.number].seq, BreakKind.REWRITTEN)]


def test_a_chain_that_has_grown_since_still_fits_its_old_head(town: Town) -> None:
    case = a_chain(town)
    with town.database.reading() as session:
        kept = anchors(session)
    with town.database.transaction() as session:
        case.later(minutes=5).do(session, Action.RESOLVE)
    with town.database.reading() as session:
        assert list(verify(session, chain_heads(session), anchors=kept)) == []


def test_a_report_that_was_taken_away_is_missed(town: Town) -> None:
    a_chain(town)
    with town.database.reading() as session:
        kept = anchors(session) | {"261120360000000000": Head(3, "0" * 64)}
        found = list(verify(session, chain_heads(session), anchors=kept))
    assert found == [Break("261120360000000000", 1, BreakKind.MISSING)]


def test_nothing_is_replaced_or_truncated(town: Town) -> None:
    a_chain(town)
    statement = "TRUNCATE journal_entry"
    if town.database.dialect == "sqlite":
        statement = "INSERT OR REPLACE INTO journal_entry SELECT * FROM journal_entry"
    with pytest.raises(DBAPIError, match="append-only"), town.database.transaction() as session:
        session.execute(text(statement))


def test_a_report_that_moves_while_its_chain_is_read_is_not_accused(committed_town: Town) -> None:
    case = a_chain(committed_town)
    second = Database(committed_town.database.engine.url.render_as_string(hide_password=False))
    with committed_town.database.reading(snapshot=True) as session:
        heads = list(chain_heads(session))
        with second.transaction() as other:
            case.later(minutes=5).do(other, Action.RESOLVE)
        assert list(verify(session, heads)) == []
    second.dispose()


def test_the_commands_write_heads_down_and_compare_them(town: Town, engine_name: str, tmp_path: Path) -> None:
    if engine_name != "sqlite":
        pytest.skip("the command opens a database of its own; the queries are tested on both above")
    case = a_chain(town)
    heads = tmp_path / "heads"
    url = town.database.engine.url.render_as_string(hide_password=False)

    def command(*words: str) -> tuple[int, str]:
        env = os.environ | {"SUISHOUPAI_DATABASE_URL": url, "SUISHOUPAI_LOG_LEVEL": "WARNING"}
        ran = subprocess.run(
            [sys.executable, "-m", "app", "journal", *words], env=env, capture_output=True, text=True, check=False
        )
        return ran.returncode, ran.stdout + ran.stderr

    assert command("anchor", str(heads))[0] == 0
    assert heads.read_text().split()[0] == case.number
    assert command("verify", "--anchor", str(heads))[0] == 0
    with town.database.transaction() as session:
        rewrite_last_entry(session, case.number)
    assert command("verify")[0] == 0
    status, said = command("verify", "--anchor", str(heads))
    assert status == 1
    assert case.number in said
    heads.write_text("not heads")
    assert command("verify", "--anchor", str(heads))[0] == 1
