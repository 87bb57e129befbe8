"""Turns rows into the words of the API; decides nothing but who sees which field."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.domain.deadlines import counted, is_late
from app.domain.gcj02 import Datum, wgs84_to_gcj02
from app.domain.limits import Limit
from app.domain.report_number import display
from app.domain.roles import DESK_ROLES, Caller
from app.identity.accounts import pseudonym
from app.infra.paging import Key, Page, page
from app.journal.queries import PastEvent, events_of, texts_of
from app.media.queries import PhotoRef, photos_of
from app.media.schemas import photo_links, state_text
from app.reports.access import is_leased, is_staff_on, roles_on
from app.reports.actions.citizen import POINTS
from app.reports.actions.schemas import Score
from app.reports.clocks import id_of
from app.reports.explanation import read_explanation, why
from app.reports.followers import Relatives, relatives_of
from app.reports.models import Report
from app.reports.offering import offered_actions
from app.reports.placing import doubt_of, hint_text
from app.reports.schemas import (
    CameraRead,
    CategoryRef,
    FollowersRead,
    MasterRead,
    PhotoRead,
    PlaceRead,
    RatingRead,
    ReportDetail,
    ReportItem,
    ReportRead,
    ReportState,
    TimerRead,
    UnitRef,
)
from app.reports.timeline import Result, given_at, standing_result, timeline
from app.reports.world import World
from app.sla.models import Timer
from app.sla.timers import arithmetic_of, timers_of
from app.texts import text
from app.triage.queries import proposal_of

_SCORES = {points: score for score, points in POINTS.items()}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, when, in which world, and the secret that signs photo links and makes pseudonyms."""

    caller: Caller
    now: datetime
    world: World
    secret: bytes

    def is_staff_on(self, report: Report) -> bool:
        """Tell whether the caller sees this report as staff; who reported it as a citizen sees it as one."""
        return is_staff_on(report, self.caller)

    def is_desk_on(self, report: Report) -> bool:
        """Tell whether the caller sees this report as the desk: what a camera noted tells where its owner was."""
        return not roles_on(report, self.caller).isdisjoint(DESK_ROLES)


def state(report: Report, *, reader: Reader) -> ReportState:
    return ReportState(
        number=report.number,
        version=report.version,
        status=report.status,
        status_text=text(f"status.{report.status.value}"),
        holder=report.holder,
        unit=report.unit_code,
        due_at=report.due_at,
        handle_due_at=report.handle_due_at,
        closing_due_at=report.closing_due_at,
        allowed_actions=offered_actions(report, reader.caller, reader.now),
    )


def items(session: Session, reports: Sequence[Report], *, reader: Reader) -> list[ReportItem]:
    """Present a page of a list with one statement for all of its photos."""
    photos = photos_of(session, [id_of(report) for report in reports])
    return [_item(report, _shown(photos[id_of(report)], [], report, reader), reader=reader) for report in reports]


def item_page(
    session: Session, rows: Sequence[Report], *, limit: int, key_of: Callable[[Report], Sequence[Key]], reader: Reader
) -> Page[ReportItem]:
    """Present the rows of a `keyset` statement as one page."""
    shown = dict(zip([row.id for row in rows], items(session, rows, reader=reader), strict=True))
    return page(rows, limit=limit, key_of=key_of, present=lambda row: shown[row.id])


def _item(report: Report, photos: Sequence[PhotoRef], *, reader: Reader) -> ReportItem:
    return ReportItem(
        number=report.number,
        number_display=display(report.number),
        version=report.version,
        status=report.status,
        status_text=text(f"status.{report.status.value}"),
        category=category_of(report, reader.world),
        description=report.description,
        district=_area(report.district_code, reader.world),
        street=_area(report.street_code, reader.world),
        unit_name=_unit_name(report.unit_code, reader.world),
        submitted_at=report.submitted_at,
        due_at=report.due_at,
        is_overdue=report.due_at is not None and report.due_at < reader.now,
        is_leased=reader.is_staff_on(report) and is_leased(report, reader.now),
        thumb_url=next((thumb for photo in photos if (thumb := _links(photo, reader=reader)[1])), None),
    )


def read(session: Session, report: Report, *, reader: Reader) -> ReportRead | ReportDetail:
    """Present one report: to staff in full, to its reporter without the house's business."""
    photos = photos_of(session, [id_of(report)])[id_of(report)]
    relatives = relatives_of(session, report, caller=reader.caller)
    base = _base(session, report, photos, reader) | {"met_by": relatives.met_by}
    own = _own(session, report, photos, relatives, reader) if reader.is_staff_on(report) else None
    return ReportRead.model_validate(base) if own is None else ReportDetail.model_validate(base | own)


def _base(session: Session, report: Report, attached: Sequence[PhotoRef], reader: Reader) -> dict[str, object]:
    entries, texts = events_of(session, id_of(report)), texts_of(session, id_of(report))
    photos = _shown(attached, entries, report, reader)
    lon, lat = wgs84_to_gcj02(report.lon, report.lat)
    return {
        "number": report.number,
        "number_display": display(report.number),
        "version": report.version,
        "status": report.status,
        "status_text": text(f"status.{report.status.value}"),
        "category": category_of(report, reader.world),
        "description": report.description,
        "address": report.address,
        "district": _area(report.district_code, reader.world),
        "street": _area(report.street_code, reader.world),
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "datum": Datum.GCJ02,
        "submitted_at": report.submitted_at,
        "unit_name": _unit_name(report.unit_code, reader.world),
        "why": why(report.routing) if report.unit_code == report.routing["unit"] else None,
        "handle_due_at": report.handle_due_at,
        "closing_due_at": report.closing_due_at,
        "feedback_at": report.feedback_at,
        "closed_at": report.closed_at,
        "reopen_requested_at": report.reopen_requested_at,
        "rating": _rating(report),
        "master": _master(session, report, reader=reader),
        "photos": [_photo(photo, reader=reader) for photo in photos],
        "timeline": timeline(entries, texts, is_staff=reader.is_staff_on(report)),
        "allowed_actions": offered_actions(report, reader.caller, reader.now),
        "now": reader.now,
    }


def _own(
    session: Session, report: Report, photos: Sequence[PhotoRef], relatives: Relatives, reader: Reader
) -> dict[str, object]:
    """Return what only staff see."""
    world = reader.world
    condition = world.city.condition(report.condition_id) if report.condition_id else None
    return {
        "source": report.source,
        "reporter": pseudonym(report.reporter_id, reader.secret),
        "class_code": report.class_code,
        "class_name": condition.class_name if condition else None,
        "condition_id": str(condition.id) if condition else None,
        "condition": condition.name if condition else None,
        "closing_condition": condition.closing_condition if condition else None,
        "place": _place(report, photos),
        "holder": report.holder,
        "due_at": report.due_at,
        "proposed_unit": report.proposed_unit_code,
        "proposed_unit_name": _unit_name(report.proposed_unit_code, world),
        "unit": report.unit_code,
        "assisting": [UnitRef(code=code, name=_unit_name(code, world) or code) for code in relatives.assisting],
        "master_number": relatives.master,
        "followers": FollowersRead(
            count=relatives.follower_count, numbers=list(relatives.followers), joined=relatives.joined
        ),
        "handler_id": str(report.handler_id) if report.handler_id else None,
        "routing": read_explanation(report.routing),
        "return_count": report.return_count,
        "rework_count": report.rework_count,
        "is_verified": report.is_verified,
        "is_leased": is_leased(report, reader.now),
        "leased_until": report.lease_until if is_leased(report, reader.now) else None,
        "timers": [_timer(timer, reader=reader) for timer in timers_of(session, id_of(report))],
        "triage": proposal_of(session, id_of(report), city=world.city) if report.description else None,
        "photos": [_photo(photo, reader=reader, is_desk=reader.is_desk_on(report)) for photo in photos],
    }


def _master(session: Session, report: Report, *, reader: Reader) -> MasterRead | None:
    """Show a follower where its master stands and the result that was given, and nothing that its reporter sent."""
    master = session.get(Report, report.master_id) if report.master_id is not None else None
    if master is None:
        return None
    result = standing_result(events_of(session, id_of(master)))
    photos = photos_of(session, [id_of(master)])[id_of(master)] if result else []
    told = texts_of(session, id_of(master))[result.seq][1] if result else None
    return master_view(master, result, told, photos, reader=reader)


def master_view(
    master: Report, result: Result | None, told: str | None, photos: Sequence[PhotoRef], *, reader: Reader
) -> MasterRead:
    """Return what whoever follows a report sees of it; `told` are the words of the result that stands."""
    return MasterRead(
        status=master.status,
        status_text=text(f"status.{master.status.value}"),
        unit_name=_unit_name(master.unit_code, reader.world),
        handle_due_at=master.handle_due_at,
        closing_due_at=master.closing_due_at,
        feedback_at=master.feedback_at,
        closed_at=master.closed_at,
        result=told,
        photos=[
            _photo(photo, reader=reader)
            for photo in photos
            if result and photo.owner_id != master.reporter_id and photo.attached_at in result.photos_at
        ],
    )


def _place(report: Report, photos: Sequence[PhotoRef]) -> PlaceRead:
    hint = doubt_of(report, photos)
    return PlaceRead(
        cell=report.cell_code,
        street_code=report.street_code,
        district_code=report.district_code,
        lon_wgs84=round(report.lon, 7),
        lat_wgs84=round(report.lat, 7),
        is_certain=report.is_place_certain,
        offset_m=report.place_offset_m,
        accuracy_m=report.accuracy_m,
        source=report.location_source,
        hint=hint,
        hint_text=hint_text(hint) if hint else None,
    )


def _timer(timer: Timer, *, reader: Reader) -> TimerRead:
    arithmetic = arithmetic_of(timer)
    calendar = reader.world.city.calendar
    used = counted(arithmetic, calendar=calendar, at=reader.now)
    limit = Limit(timer.limit_amount, timer.limit_unit)
    return TimerRead(
        stage=timer.stage,
        stage_text=text(f"stage.{timer.stage.value}"),
        state=timer.state.value,
        clock=timer.clock.value,
        limit_text=text("limit", amount=limit.plain_amount, unit=text(f"limit_unit.{timer.limit_unit.value}")),
        limit_s=timer.limit_s,
        used_s=used,
        remaining_s=timer.limit_s - used,
        started_at=timer.started_at,
        due_at=timer.due_at,
        stopped_at=timer.stopped_at,
        is_late=timer.is_late or is_late(arithmetic, calendar=calendar, at=reader.now),
    )


def _rating(report: Report) -> RatingRead | None:
    if report.rating_score is None or report.rated_at is None:
        return None
    return RatingRead(score=Score(_SCORES[report.rating_score]), at=report.rated_at)


def _shown(photos: Sequence[PhotoRef], events: Sequence[PastEvent], report: Report, reader: Reader) -> list[PhotoRef]:
    """Return the photos a reader may see: staff all, the reporter their own and those of results given to them."""
    if reader.is_staff_on(report):
        return list(photos)
    given = given_at(events)
    return [photo for photo in photos if photo.owner_id == report.reporter_id or photo.attached_at in given]


def _photo(photo: PhotoRef, *, reader: Reader, is_desk: bool = False) -> PhotoRead:
    url, thumb_url = _links(photo, reader=reader)
    return PhotoRead(
        photo_id=photo.id,
        kind=photo.kind.value,
        state=photo.state,
        state_text=state_text(photo.state, photo.failure),
        url=url,
        thumb_url=thumb_url,
        width=photo.width,
        height=photo.height,
        camera=_camera(photo) if is_desk else None,
    )


def _links(photo: PhotoRef, *, reader: Reader) -> tuple[str | None, str | None]:
    return photo_links(photo.id, photo.state, secret=reader.secret, now=reader.now)


def _camera(photo: PhotoRef) -> CameraRead | None:
    if photo.taken_at is None and photo.exif_lon is None:
        return None
    return CameraRead(
        taken_at=photo.taken_at,
        taken_at_is_assumed=photo.taken_at_is_assumed,
        time_gap_s=photo.time_gap_s,
        lon_wgs84=photo.exif_lon,
        lat_wgs84=photo.exif_lat,
        place_gap_m=photo.place_gap_m,
    )


def category_of(report: Report, world: World) -> CategoryRef | None:
    found = next((each for each in world.city.categories if each.code == report.category_code), None)
    return CategoryRef(code=found.code, name=found.name) if found else None


def _area(code: str, world: World) -> str:
    area = world.city.areas.get(code)
    return area.name if area else code


def _unit_name(code: str | None, world: World) -> str | None:
    unit = world.city.units.get(code) if code else None
    return unit.name if unit else code
