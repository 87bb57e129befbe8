"""For the desk: the open reports that are probably the same problem as one of theirs."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.domain.duplicates import Duplicate, probable_duplicates
from app.reports.access import get_at_work, seen_at_work
from app.reports.alike.checking import around, candidates, category_fact, reporters_hashes
from app.reports.alike.schemas import DuplicateItem, DuplicatesRead
from app.reports.clocks import id_of
from app.reports.models import Report
from app.reports.near import open_around
from app.reports.present import Reader, items
from app.texts import text

MOST = 20
"""How many are named; whoever has more than twenty duplicates merges the first ones first."""


def find_duplicates(session: Session, number: str, *, reader: Reader) -> DuplicatesRead:
    """Return what a report may be merged with, of the reports that the caller sees at work.

    :raises ReportNotFound: none that the caller sees at work
    :raises InvalidReportNumber: the number has a typing mistake
    """
    report = get_at_work(session, number, caller=reader.caller)
    found = {each.report_id: each for each in _found(session, report, reader=reader)}
    others = _seen(session, found, reader=reader)
    shown = [found[each] for each in found if each in others][:MOST]
    reports = [others[each.report_id] for each in shown]
    followers = _follower_counts(session, [each.report_id for each in shown])
    return DuplicatesRead(
        items=[
            DuplicateItem(
                report=item,
                why=each.why,
                why_text=text(f"duplicate.{each.why.value}"),
                distance_m=round(each.distance_m),
                photo_bits=each.photo_bits,
                follower_count=followers.get(each.report_id, 0),
                is_master=each.report_id == report.master_id,
            )
            for each, item in zip(shown, items(session, reports, reader=reader), strict=True)
        ],
        now=reader.now,
    )


def _found(session: Session, report: Report, *, reader: Reader) -> list[Duplicate]:
    """Return the duplicates by their likelihood; a report without a category has none."""
    category = category_fact(report, reader.world.city)
    if category is None:
        return []
    found = open_around(session, around(report, category, city=reader.world.city))
    near = [each for each in found if each.report_id != report.id]
    if not near:
        return []
    hashes: dict[int, list[str]] = {}
    if category.reach.compares_photos:
        reporters = {each.report_id: each.reporter_id for each in near}
        hashes = reporters_hashes(session, reporters | {id_of(report): report.reporter_id})
    own = hashes.get(id_of(report), [])
    return probable_duplicates(candidates(near, hashes), hashes=own, reach=category.reach, most=len(near))


def _seen(session: Session, report_ids: Collection[int], *, reader: Reader) -> dict[int, Report]:
    """Return the reports among these that the caller sees at work."""
    if not report_ids:
        return {}
    wanted = select(Report).where(col(Report.id).in_(report_ids), seen_at_work(reader.caller))
    return {id_of(report): report for report in session.scalars(wanted)}


def _follower_counts(session: Session, report_ids: Collection[int]) -> dict[int, int]:
    if not report_ids:
        return {}
    master_id = col(Report.master_id)
    counting = select(master_id, func.count()).where(master_id.in_(report_ids)).group_by(master_id)
    return {report_id: count for report_id, count in session.execute(counting) if report_id is not None}
