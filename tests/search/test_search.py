"""What is said about a report is found after the next tick, by whoever may see it; numbers of people never are."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.domain.report_number import display, make
from app.domain.roles import Caller, Role
from app.domain.workflow import Action, Status
from app.journal.models import JournalText
from app.reports.actions import schemas as words
from app.reports.filters import ListRequest, QueueRequest, SearchForPerson, SearchTooShort, understand
from app.reports.models import AssistingUnit
from app.reports.queries import list_waiting
from app.search import index
from app.search.find import find_reports
from app.search.forget import forget
from app.search.index import index_waiting
from app.search.jobs import LEASE_S, Indexing
from app.search.models import SearchPosting, SearchTodo
from tests.builders import NOW, OTHER_UNIT, SQUAD, a_report, at_status, staff, submission
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, LICANG, SHINAN
from tests.towns import Town

EVERYWHERE = Caller(1, frozenset({Role.ADMINISTRATOR}))


def listed(session: Session, caller: Caller = EVERYWHERE, **given: Any) -> list[str]:
    request = ListRequest(**given)
    found = find_reports(session, request, understand(request), caller=caller, now=NOW)
    assert found.next_cursor is None
    return [row.number for row in found.rows]


def find(session: Session, query: str, caller: Caller = EVERYWHERE) -> list[str]:
    return listed(session, caller, q=query)


def said(session: Session, town: Town, description: str, **changes: Any) -> str:
    """Submit a report and read its words; return its number."""
    number = a_report(session, town.world, description=description, **changes).number
    read(session)
    return number


def read(session: Session) -> None:
    session.flush()
    while index_waiting(session):
        pass


def place(address: str) -> Any:
    return submission().location.model_copy(update={"address": address})


@pytest.mark.parametrize(
    ("description", "query"),
    [
        ("同安路口垃圾成堆", "垃圾成堆"),
        ("同安路口垃圾成堆", "堆 同安路"),
        ("ＢＵＳ站牌破损", "bus站"),
        ("井盖编号 A-1024 丢失", "1024"),
        ("请拨打 110 或 12345", "12345"),
        ("联系电话13812345678，垃圾成堆", "垃圾成堆"),
        ("同安路口有人占用盲道堆放建筑材料多日无人清理", "同安路口有人占用盲道堆放建筑材料多日"),
    ],
)
def test_words_are_found_as_they_stand(town: Town, description: str, query: str) -> None:
    with town.database.transaction() as session:
        number = said(session, town, description)
        said(session, town, "路灯不亮")
        assert find(session, query) == [number]


@pytest.mark.parametrize(
    ("description", "query"),
    [
        ("成堆的垃圾", "垃圾成堆"),
        ("垃圾，成堆", "垃圾成堆"),
        ("占道停车，车道经营", "占道经营"),  # each pair stands somewhere, the word does not
        ("电话0532-85771234找我", "8577"),
        ("身份证370202199001011234", "3702"),
    ],
)
def test_what_does_not_stand_in_one_piece_is_not_found(town: Town, description: str, query: str) -> None:
    with town.database.transaction() as session:
        said(session, town, description)
        assert find(session, query) == []


def test_no_number_of_a_person_is_in_the_postings(town: Town) -> None:
    with town.database.transaction() as session:
        said(session, town, "找张三13812345678", location=place("0532-85771234旁"))
        grams = session.exec(select(SearchPosting.gram)).all()
        assert {"找张", "张三"} <= set(grams)
        assert [gram for gram in grams if ":" not in gram and any(each.isdigit() for each in gram)] == []


def test_the_address_is_searched_too_and_both_together(town: Town) -> None:
    with town.database.transaction() as session:
        number = said(session, town, "垃圾成堆", location=place("书院路12号"))
        assert find(session, "书院路") == find(session, "垃圾 书院路") == [number]
        assert find(session, "成堆书院") == []


def test_what_is_added_later_is_found_and_what_is_erased_is_not(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.HANDLING)
        case.do(session, Action.SUPPLEMENT, words.SupplementBody(text="摊位移到学校门口"))
        case.do(session, Action.NOTE, words.RemarkBody(text="已联系摊主"))
        read(session)
        assert find(session, "学校门口") == find(session, "联系摊主 学校") == [case.number]
        for row in session.exec(select(JournalText)):
            row.text = None
            session.add(row)
        session.flush()
        assert find(session, "学校门口") == []


def test_forgetting_takes_the_words_out_and_leaves_those_of_others(town: Town) -> None:
    with town.database.transaction() as session:
        first, second = (a_report(session, town.world, description="垃圾成堆") for _ in range(2))
        read(session)
        forget(session, first.id or 0, "垃圾成堆")
        session.flush()
        assert find(session, "垃圾成堆") == [second.number]
        forget(session, second.id or 0, "垃圾成堆")
        session.flush()
        assert find(session, "垃圾成堆") == []


def test_newer_reports_come_first(town: Town) -> None:
    with town.database.transaction() as session:
        numbers = [said(session, town, "垃圾", now=NOW + timedelta(minutes=n)) for n in range(3)]
        assert find(session, "垃圾") == numbers[::-1]


@pytest.mark.parametrize("query", ["井", "井 盖", "，。", "1"])
def test_a_query_without_a_word_of_two_characters_is_refused(query: str) -> None:
    with pytest.raises(SearchTooShort):
        understand(ListRequest(q=query))


@pytest.mark.parametrize(
    "query", ["13812345678", "垃圾 13812345678", "0532-85771234", "37020219900101123X", "1301234 5678"]
)
def test_nobody_is_looked_for_by_their_number(query: str) -> None:
    with pytest.raises(SearchForPerson):
        understand(ListRequest(q=query))


def test_a_report_is_found_by_its_number_at_once(town: Town) -> None:
    with town.database.transaction() as session:
        numbers = [a_report(session, town.world, now=NOW + timedelta(hours=n)).number for n in range(3)]
        one = numbers[1]
        assert find(session, one) == find(session, display(one)) == find(session, f" {display(one)} ") == [one]
        assert find(session, one[:11]) == [one]
        assert listed(session, number=one[:6]) == numbers[::-1]
        assert listed(session, number=display(one)) == [one]
        assert find(session, make(NOW, 415_926)) == []


def test_nobody_finds_what_they_may_not_see(town: Town) -> None:
    """By no word, number or filter, and neither before nor after the words were read."""
    with town.database.transaction() as session:
        here = said(session, town, "垃圾成堆", at=IN_LICUN)
        there = said(session, town, "垃圾成堆", at=IN_ZHONGSHANLU)
        licang, shinan = (staff(session, Role.DISPATCHER, area_code=area) for area in (LICANG, SHINAN))
        for caller, own, other in ((licang, here, there), (shinan, there, here)):
            assert find(session, "垃圾成堆", caller) == [own]
            assert find(session, other, caller) == find(session, display(other), caller) == []
            area = SHINAN if caller is licang else LICANG
            for given in ({"area": area}, {"q": "垃圾", "area": area}, {"number": other}, {"status": ["submitted"]}):
                assert other not in listed(session, caller, **given), given


def test_a_units_people_find_theirs_also_when_it_came_to_them_later(town: Town) -> None:
    with town.database.transaction() as session:
        squad, others = (staff(session, Role.HANDLER, unit_code=unit) for unit in (SQUAD, OTHER_UNIT))
        case = at_status(session, town.world, Status.FILED, description="桥洞那边")
        read(session)
        assert find(session, "桥洞那边", squad) == []
        case.do(session, Action.DISPATCH)
        read(session)
        assert find(session, "桥洞那边", squad) == find(session, case.number, squad) == [case.number]
        assert find(session, "桥洞那边", others) == find(session, case.number, others) == []
        session.add(AssistingUnit(report_id=case.report(session).id or 0, unit_code=OTHER_UNIT))
        read(session)
        assert find(session, "桥洞那边", others) == [case.number]
        case.do(session, Action.RETURN)
        case.do(session, Action.DISPATCH, unit=OTHER_UNIT)
        read(session)
        assert find(session, "桥洞那边", others) == [case.number]
        assert find(session, "桥洞那边", squad) == []


def test_a_queue_is_searched_at_once_with_what_was_added(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.DISPATCHED, description="摊位占道")
        case.do(session, Action.SUPPLEMENT, words.SupplementBody(text="在学校门口"))

        def waiting(query: str) -> list[str]:
            request = QueueRequest(q=query)
            caller = case.people[Role.HANDLER]
            page = list_waiting(session, request, understand(request), holder=SQUAD, caller=caller, now=NOW)
            return [row.number for row in page.rows]

        assert waiting("摊位") == waiting("学校 占道") == waiting(case.number) == [case.number]
        assert waiting("垃圾") == []


def test_reading_twice_does_no_harm_and_an_attempt_that_failed_leaves_all_as_it_was(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with town.database.transaction() as session:
        number = a_report(session, town.world, description="垃圾成堆").number

    def fail(*_: object) -> None:
        raise RuntimeError("the machine stops here")

    with monkeypatch.context() as broken:
        broken.setattr(index, "widen_blocks", fail)
        with pytest.raises(RuntimeError), town.database.transaction() as session:
            index_waiting(session)
    with town.database.transaction() as session:
        assert session.exec(select(SearchPosting)).all() == []
        assert index_waiting(session) == 1
        once = {(row.gram, row.ids) for row in session.exec(select(SearchPosting))}
        session.execute(text("INSERT INTO search_todo (report_id) SELECT id FROM report"))
        session.expire_all()
        assert index_waiting(session) == 1
        assert {(row.gram, row.ids) for row in session.exec(select(SearchPosting))} == once
        assert find(session, "垃圾") == [number]


def test_of_several_workers_one_reads_and_another_takes_over_when_it_is_gone(town: Town) -> None:
    instants = [NOW]
    one, other = (Indexing(town.database, clock=lambda: instants[-1]) for _ in range(2))

    def new_report() -> None:
        with town.database.transaction() as session:
            a_report(session, town.world)

    new_report()
    assert (one(), other()) == (1, 0)
    new_report()
    assert (other(), one()) == (0, 1)
    new_report()
    instants.append(NOW + timedelta(seconds=LEASE_S))
    assert (other(), one()) == (1, 0)
    with town.database.transaction() as session:
        assert session.exec(select(col(SearchTodo.id))).all() == []
