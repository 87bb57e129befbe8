"""At submission: has the same problem probably been reported already? Then the sender decides, not the service."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from app.city.facts import CategoryFact
from app.city.snapshot import CitySnapshot
from app.domain.duplicates import SHOWN, Candidate, Duplicate, Reach, probable_duplicates
from app.domain.roles import Caller, Permission
from app.media.queries import hashes_of, own_hashes
from app.reports.actions.engine import Context
from app.reports.alike.refusals import PossibleDuplicates
from app.reports.alike.schemas import DuplicateRead
from app.reports.alike.tokens import join_token
from app.reports.models import Report, Source
from app.reports.near import READ, Around, Nearby, open_around, streets_around
from app.reports.schemas import CategoryRef, SubmitReport
from app.texts import text


def check_duplicates(
    session: Session, report: Report, body: SubmitReport, *, context: Context, join_secret: bytes | None
) -> int:
    """Return how many open reports are probably the same problem: none, or those that the sender has seen.

    Without a category there is nothing to compare, and a service (a hotline, an import) has nobody to ask. Two that
    arrive at the same moment may both pass: neither is there yet to be seen, and the desk merges them.

    :param report: the new one, not stored yet
    :param join_secret: signs the tokens with which a citizen joins instead; without it none is offered
    :raises PossibleDuplicates: there are some, and the sender has not said that they have seen them
    """
    category = category_fact(report, context.world.city)
    if category is None or report.source is Source.SERVICE:
        return 0
    asked = replace(around(report, category, city=context.world.city), is_blurred=True)
    near = open_around(session, asked)
    found = _duplicates(session, body, near, reach=category.reach, caller=context.caller)
    if found and not body.duplicates_acknowledged:
        offer = _Offer(context.caller, category, context.now, join_secret)
        by_id = {each.report_id: each for each in near}
        shown = [offer.shown(each, by_id[each.report_id]) for each in found[:SHOWN]]
        raise PossibleDuplicates(count=len(found), candidates=[each.model_dump(mode="json") for each in shown])
    return len(found)


def category_fact(report: Report, city: CitySnapshot) -> CategoryFact | None:
    return next((each for each in city.categories if each.code == report.category_code), None)


def around(report: Report, category: CategoryFact, *, city: CitySnapshot) -> Around:
    """Return what may be one problem with a report of this category."""
    streets = streets_around(report.lon, report.lat, category.reach.furthest_m, city=city) | {report.street_code}
    return Around(report.lon, report.lat, streets, category.code, category.reach, report.submitted_at)


def _duplicates(
    session: Session, body: SubmitReport, near: Sequence[Nearby], *, reach: Reach, caller: Caller
) -> list[Duplicate]:
    own: list[str] = []
    if near and reach.compares_photos and body.photo_ids:
        own = own_hashes(session, body.photo_ids, owner_id=caller.user_id)
    theirs = reporters_hashes(session, {each.report_id: each.reporter_id for each in near}) if own else {}
    return probable_duplicates(candidates(near, theirs), hashes=own, reach=reach, most=READ)


def reporters_hashes(session: Session, reporters: Mapping[int, int]) -> dict[int, list[str]]:
    """Return the hashes of the photos that came from each report's reporter; those of results show what was done.

    :param reporters: the reporter's id by the report's
    """
    hashes: dict[int, list[str]] = {}
    for report_id, owner_id, dhash in hashes_of(session, reporters.keys()):
        if reporters[report_id] == owner_id:
            hashes.setdefault(report_id, []).append(dhash)
    return hashes


def candidates(near: Iterable[Nearby], hashes: Mapping[int, Sequence[str]]) -> list[Candidate]:
    """Return what stands near as the rule judges it."""
    return [Candidate(each.report_id, each.distance_m, each.apart, hashes.get(each.report_id, ())) for each in near]


@dataclass(frozen=True, slots=True)
class _Offer:
    """How what was found is shown to one caller."""

    caller: Caller
    category: CategoryFact
    now: datetime
    join_secret: bytes | None

    def shown(self, duplicate: Duplicate, near: Nearby) -> DuplicateRead:
        is_own = near.reporter_id == self.caller.user_id
        return DuplicateRead(
            join_token=None if is_own else self._token(duplicate.report_id),
            number=near.number if is_own else None,
            why=duplicate.why,
            why_text=text(f"duplicate.{duplicate.why.value}"),
            distance_m=10 * round(duplicate.distance_m / 10),
            submitted_at=near.submitted_at.replace(minute=0, second=0, microsecond=0),
            status_text=text(f"status.{near.status.value}"),
            category=CategoryRef(code=self.category.code, name=self.category.name),
        )

    def _token(self, report_id: int) -> str | None:
        if self.join_secret is None or not self.caller.may(Permission.JOIN_REPORT):
            return None
        return join_token(report_id, user_id=self.caller.user_id, secret=self.join_secret, now=self.now)
