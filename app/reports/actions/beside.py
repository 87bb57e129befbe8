"""Words beside the way: what the reporter adds while the report is open, and what staff note for each other."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.domain.workflow import Action
from app.journal.queries import count_of
from app.media.models import Photo
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import MAX_PHOTOS, RemarkBody, SupplementBody
from app.reports.clocks import id_of
from app.reports.errors import NotesFull, NothingToAdd, SupplementsFull
from app.reports.evidence import attach_evidence
from app.reports.models import Report

MOST_SUPPLEMENTS = 20
MOST_PHOTOS = 3 * MAX_PHOTOS
"""Of the reporter's own on one report, those of the submission included."""

MOST_NOTES = 200


def supplement(session: Session, report: Report, body: SupplementBody, *, context: Context) -> None:
    """Add the reporter's words and photos to an open report.

    :raises NothingToAdd: neither
    :raises SupplementsFull: a report takes no more supplements, or no more photos of its reporter
    :raises PhotoNotFound: a photo that is not the caller's
    :raises PhotoTaken: a photo that belongs to another report
    """
    check_allowed(report, Action.SUPPLEMENT, context=context)
    if not body.text and not body.photo_ids:
        raise NothingToAdd
    is_full = count_of(session, id_of(report), Action.SUPPLEMENT) >= MOST_SUPPLEMENTS
    if is_full or (body.photo_ids and _photos_with(session, report, body.photo_ids) > MOST_PHOTOS):
        raise SupplementsFull(most=MOST_SUPPLEMENTS, most_photos=MOST_PHOTOS)
    attach_evidence(session, report, body.photo_ids, caller=context.caller, now=context.now)
    facts = {"photos": len(body.photo_ids), "photo_ids": body.photo_ids}
    act(session, report, Action.SUPPLEMENT, context=context, facts=facts, text=body.text)


def _photos_with(session: Session, report: Report, more: list[str]) -> int:
    own = select(func.count()).where(col(Photo.report_id) == id_of(report), col(Photo.owner_id) == report.reporter_id)
    return session.exec(own).one() + len(set(more))


def note(session: Session, report: Report, body: RemarkBody, *, context: Context) -> None:
    """Note something for everybody who works on the report; neither its reporter nor those of others read it.

    :raises NotesFull: a report takes no more
    """
    check_allowed(report, Action.NOTE, context=context)
    if count_of(session, id_of(report), Action.NOTE) >= MOST_NOTES:
        raise NotesFull(most=MOST_NOTES)
    act(session, report, Action.NOTE, context=context, text=body.text)
