"""The journal cannot be changed unnoticed: by the program, by somebody with the database's password, or by erasing."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select, update

from app.domain.durations import Milestone, milestones
from app.domain.workflow import Action, Status
from app.journal.chain import GENESIS, Break, BreakKind, Head, first_break, link_hash
from app.journal.models import JournalText
from app.journal.queries import each_history, entries_of, events_of, texts_of, verify
from app.journal.write import CLOCK, RULE, Actor, Event, link, store
from app.reports.models import Report
from app.reports.queries import chain_heads, count_reports
from tests.builders import NOW, PATHS, Case, a_case, a_report, at_status
from tests.query_recorder import QueryRecorder
from tests.towns import Town


def a_chain(town: Town) -> Case:
    """Return a report with seven entries and two texts: submitted, dispatched, returned, sent back and filed again."""
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.RETURNED)
        case.walk(session, Action.SEND_BACK, Action.FILE)
        return case


def breaks(town: Town) -> list[Break]:
    with town.database.reading() as session:
        return list(verify(session, chain_heads(session)))


def tamper(town: Town, *statements: str) -> None:
    """Do what somebody with access to the database could do: drop the triggers, then change what they like."""
    with town.database.transaction() as session:
        for name in ("no_update", "no_delete"):
            on = " ON journal_entry" if town.database.dialect == "postgresql" else ""
            session.execute(text(f"DROP TRIGGER journal_entry_{name}{on}"))
        for statement in statements:
            session.execute(text(statement))


@pytest.mark.parametrize("statement", ["UPDATE journal_entry SET at = at", "DELETE FROM journal_entry"])
def test_the_database_itself_refuses_to_change_an_entry(town: Town, statement: str) -> None:
    a_chain(town)
    with pytest.raises(DBAPIError, match="append-only"), town.database.transaction() as session:
        session.execute(text(statement))
    assert breaks(town) == []


def test_an_untouched_chain_holds(town: Town) -> None:
    case = a_chain(town)
    assert breaks(town) == []
    with town.database.reading() as session:
        ((report_id, number, head),) = chain_heads(session)
        entries = entries_of(session, report_id)
        assert count_reports(session) == 1
    assert number == case.number
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[0].prev_hash == GENESIS
    assert head == Head(len(entries), entries[-1].hash)
    assert all(one.hash == other.prev_hash for one, other in itertools.pairwise(entries))


COLUMNS = {
    "at": "'2026-11-20 02:00:01.000000'",
    "action": "'reject'",
    "actor_kind": "'rule'",
    "actor_id": "NULL",
    "actor_role": "'supervisor'",
    "from_status": "'filed'",
    "to_status": "'rejected'",
    "holder": "'inspection'",
    "facts": '\'{"class": "06012"}\'',
    "text_hash": "'x'",
    "hash": "'x'",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_shows(town: Town, column: str) -> None:
    case = a_chain(town)
    tamper(town, f"UPDATE journal_entry SET {column} = {COLUMNS[column]} WHERE seq = 2")  # noqa: S608 - ours
    (broken,) = breaks(town)
    assert (broken.number, broken.kind) == (case.number, BreakKind.ALTERED)
    assert broken.seq == 2


@pytest.mark.parametrize(
    ("statements", "seq", "kind"),
    [
        (["DELETE FROM journal_entry WHERE seq = 3"], 3, BreakKind.MISSING),
        (["DELETE FROM journal_entry WHERE seq = 1"], 1, BreakKind.MISSING),
        (["DELETE FROM journal_entry WHERE seq >= 6"], 6, BreakKind.MISSING),
        (["DELETE FROM journal_entry"], 1, BreakKind.MISSING),
        (
            ["DELETE FROM journal_entry WHERE seq = 3", "UPDATE journal_entry SET seq = seq - 1 WHERE seq > 3"],
            3,
            BreakKind.REORDERED,
        ),
        (
            [
                "UPDATE journal_entry SET seq = 99 WHERE seq = 3",
                "UPDATE journal_entry SET seq = 3 WHERE seq = 4",
                "UPDATE journal_entry SET seq = 4 WHERE seq = 99",
            ],
            3,
            BreakKind.REORDERED,
        ),
        (["UPDATE journal_entry SET prev_hash = 'x' WHERE seq = 3"], 3, BreakKind.REORDERED),
    ],
    ids=["one in the middle", "the first", "the tail", "all", "the gap closed again", "two exchanged", "link cut"],
)
def test_what_is_missing_or_moved_shows(town: Town, statements: list[str], seq: int, kind: BreakKind) -> None:
    case = a_chain(town)
    if len(statements) == 2 and town.database.dialect == "postgresql":
        # The primary key is checked row by row, so the rows move by way of free numbers.
        statements = [statements[0], "UPDATE journal_entry SET seq = seq + 100 WHERE seq > 3"]
        statements.append("UPDATE journal_entry SET seq = seq - 101 WHERE seq > 100")
    tamper(town, *statements)
    assert breaks(town) == [Break(case.number, seq, kind)]


def test_a_chain_that_was_recomputed_no_longer_fits_its_report(town: Town) -> None:
    case = a_chain(town)
    with town.database.reading() as session:
        ((report_id, number, _),) = chain_heads(session)
        last = entries_of(session, report_id)[-1]
    last.facts = {"unit": "somebody else"}
    assert last.seq == 7
    tamper(
        town,
        'UPDATE journal_entry SET facts = \'{"unit": "somebody else"}\' WHERE seq = 8',
        f"UPDATE journal_entry SET hash = '{link_hash(number, last)}' WHERE seq = 7",  # noqa: S608 - ours
    )
    assert breaks(town) == [Break(case.number, last.seq, BreakKind.ALTERED)]


def test_an_entry_added_behind_the_programs_back_shows(town: Town) -> None:
    case = a_chain(town)
    with town.database.transaction() as session:
        ((report_id, number, head),) = chain_heads(session)
        links = link(number, head, [Event(Action.CLOSE, NOW, RULE, Status.FILED, Status.CLOSED, None)])
        store(session, report_id, links)
    assert breaks(town) == [Break(case.number, head.seq + 1, BreakKind.ALTERED)]


def test_the_chain_of_another_report_is_not_its_own(town: Town) -> None:
    with town.database.transaction() as session:
        one, other = a_report(session, town.world), a_report(session, town.world)
        entries = entries_of(session, one.id or 0)
    assert first_break(one.number, entries, Head(one.journal_seq, one.journal_hash)) is None
    broken = first_break(other.number, entries, Head(one.journal_seq, one.journal_hash))
    assert broken == Break(other.number, 1, BreakKind.ALTERED)


def change_texts(town: Town, change: Callable[[JournalText], str | None]) -> int:
    with town.database.transaction() as session:
        texts = session.exec(select(JournalText).order_by(col(JournalText.seq))).all()
        for each in texts:
            session.execute(
                update(JournalText)
                .where(col(JournalText.report_id) == each.report_id, col(JournalText.seq) == each.seq)
                .values(text=change(each))
            )
        return texts[0].seq


def test_a_text_that_was_rewritten_shows(town: Town) -> None:
    case = a_chain(town)
    seq = change_texts(town, lambda each: f"{each.text}!")
    assert breaks(town)[0] == Break(case.number, seq, BreakKind.TEXT_ALTERED)


def test_an_erased_text_leaves_the_chain_whole(town: Town) -> None:
    a_chain(town)
    change_texts(town, lambda _: None)
    assert breaks(town) == []
    with town.database.reading() as session:
        ((report_id, _, _),) = chain_heads(session)
        assert [words for _, words in texts_of(session, report_id).values()] == [None, None]


def test_words_are_kept_beside_the_chain_and_only_their_salted_hash_inside(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        report = case.do(session, Action.REJECT, reason="不在本市范围，请拨打热线")
        entry = entries_of(session, report.id or 0)[-1]
        salt, words = texts_of(session, report.id or 0)[entry.seq]
    assert words == "不在本市范围，请拨打热线"
    assert len(salt) == 16
    assert entry.text_hash is not None
    assert "热线" not in str(entry.model_dump())


def test_verification_names_every_broken_report_and_no_other(town: Town) -> None:
    with town.database.transaction() as session:
        reports = [a_report(session, town.world) for _ in range(4)]
        ids = [report.id for report in reports]
    tamper(town, f"DELETE FROM journal_entry WHERE report_id IN ({ids[1]}, {ids[3]})")  # noqa: S608 - ours
    assert {each.number for each in breaks(town)} == {reports[1].number, reports[3].number}
    with town.database.reading() as session:
        assert list(verify(session, chain_heads(session, number=reports[0].number))) == []
        assert len(list(verify(session, chain_heads(session, number=reports[1].number)))) == 1
        assert count_reports(session, number=reports[0].number) == 1


@pytest.mark.parametrize("at_a_time", [1, 2, 5, 6])
def test_every_report_is_verified_however_many_are_read_at_a_time(town: Town, at_a_time: int) -> None:
    with town.database.transaction() as session:
        numbers = [a_report(session, town.world).number for _ in range(5)]
    with town.database.reading() as session:
        assert [number for _, number, _ in chain_heads(session, at_a_time=at_a_time)] == numbers
        assert count_reports(session) == 5


def test_the_histories_of_many_reports_come_in_one_statement_and_in_order(town: Town) -> None:
    with town.database.transaction() as session:
        cases = [at_status(session, town.world, Status.CLOSED) for _ in range(3)]
        a_report(session, town.world)
        ids = [case.report(session).id for case in cases]
    with QueryRecorder(town.database) as recorder, town.database.reading() as session:
        closed = select(Report.id).where(Report.status == Status.CLOSED)
        found = dict(each_history(session, closed))
    assert len(recorder.statements) == 1
    assert list(found) == ids
    for steps in found.values():
        assert [step.action for step in steps] == [Action.SUBMIT, *PATHS[Status.CLOSED]]
        assert [step.holder for step in steps[-2:]] == ["acceptance", None]
        assert milestones(steps)[Milestone.CLOSE] == NOW


def written_and_read(session: Session, number: str, report_id: int, events: list[Event]) -> Head:
    ((_, _, head),) = chain_heads(session, number=number)
    links = link(number, head, events)
    store(session, report_id, links)
    session.expire_all()
    return links.head


FACTS = {
    "text": '引号" 反斜杠\\ 换行\n 表情😀 空 ',
    "none": None,
    "yes": True,
    "number": 9_007_199_254_740_993,
    "negative": -1,
    "ratio": 0.1,
    "whole": 2.0,
    "small": 1e-7,
    "list": [1, "二", [None]],
    "nested": {"b": 1, "a": {"z": [], "y": {}}},
    "": "empty name",
}


def test_facts_come_back_from_the_database_as_they_were_hashed(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world)
        report_id, number = report.id or 0, report.number
        events = [Event(Action.WARN, NOW, CLOCK, report.status, report.status, report.holder, FACTS)]
        head = written_and_read(session, number, report_id, events)
        entries = entries_of(session, report_id)
        assert entries[-1].facts == FACTS
        assert first_break(number, entries, head) is None
        assert events_of(session, report_id)[-1].facts == FACTS


plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=9)
json_values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), json_values, max_size=3), min_size=1, max_size=6))
def test_any_facts_make_a_chain_that_holds_and_breaks_when_one_is_changed(all_facts: list[dict[str, object]]) -> None:
    events = [
        Event(Action.URGE, NOW, Actor("user", 1, "citizen"), Status.FILED, Status.FILED, "dispatch", facts)
        for facts in all_facts
    ]
    links = link("1", Head(), events)
    assert first_break("1", links.entries, links.head) is None
    for entry in links.entries:
        kept = entry.facts
        entry.facts = {"changed": True}
        assert first_break("1", links.entries, links.head) == Break("1", entry.seq, BreakKind.ALTERED)
        entry.facts = kept


def test_an_entry_that_is_older_than_the_one_before_shows() -> None:
    early, late = NOW, NOW.replace(hour=3)
    events = [
        Event(Action.SUBMIT, late, CLOCK, None, Status.SUBMITTED, "acceptance"),
        Event(Action.ACCEPT, early, CLOCK, Status.SUBMITTED, Status.ACCEPTED, "acceptance"),
    ]
    links = link("1", Head(), events)
    assert first_break("1", links.entries, links.head) == Break("1", 2, BreakKind.REORDERED)


def test_nothing_written_means_nothing_remembered() -> None:
    assert first_break("1", [], Head()) is None
