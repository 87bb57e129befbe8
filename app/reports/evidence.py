"""This will bind the photos that came with a step to the report they show."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.domain.roles import Caller
from app.media.attach import attach_photos
from app.reports.clocks import id_of
from app.reports.models import Report


def attach_evidence(
    session: Session, report: Report, photo_ids: Sequence[str], *, caller: Caller, now: datetime
) -> None:
    """Bind the caller's photos to a flushed report; what the cameras noted is compared with its place and `now`.

    :raises PhotoNotFound: a photo that is not the caller's
    :raises PhotoTaken: a photo that belongs to another report
    """
    attach_photos(
        session,
        photo_ids=photo_ids,
        report_id=id_of(report),
        owner_id=caller.user_id,
        place=(report.lon, report.lat),
        now=now,
    )
