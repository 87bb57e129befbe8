"""This will keep the ready-made reasons that staff take over into an action."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.dispatch.models import ReasonTemplate
from app.dispatch.schemas import TemplateRequest, TemplateWrite
from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.roles import STAFF_ROLES
from app.domain.workflow import TRANSITIONS, Need

AT_MOST = 100
"""Templates of one action, those out of use included."""

WITH_REASON = frozenset(
    row.action for row in TRANSITIONS if Need.REASON in row.needs and not row.roles.isdisjoint(STAFF_ROLES)
)


class TemplateNotFound(NotFound):
    code = "TEMPLATE_NOT_FOUND"


class TemplateExists(Conflict):
    """The action has a template with the same words, perhaps one out of use."""

    code = "TEMPLATE_EXISTS"


class TooManyTemplates(Conflict):
    code = "TOO_MANY_TEMPLATES"


class ActionWithoutReason(Invalid):
    """No staff gives a reason with this action."""

    code = "ACTION_WITHOUT_REASON"


def list_templates(session: Session, request: TemplateRequest) -> Sequence[ReasonTemplate]:
    """Return the templates of one action or of all, in the order in which they are offered."""
    statement = select(ReasonTemplate).order_by(
        col(ReasonTemplate.action), col(ReasonTemplate.position), col(ReasonTemplate.id)
    )
    if request.action is not None:
        statement = statement.where(ReasonTemplate.action == request.action)
    if not request.include_inactive:
        statement = statement.where(col(ReasonTemplate.is_active))
    return session.exec(statement.limit(AT_MOST * len(WITH_REASON))).all()


def add_template(session: Session, body: TemplateWrite, *, now: datetime) -> ReasonTemplate:
    """Store a new template.

    :raises ActionWithoutReason: no staff gives a reason with this action
    :raises TemplateExists: the action has one with these words
    :raises TooManyTemplates: the action has a hundred
    """
    _check(session, body, except_id=None)
    known = select(ReasonTemplate.id).where(ReasonTemplate.action == body.action).limit(AT_MOST)
    if len(session.exec(known).all()) == AT_MOST:
        raise TooManyTemplates(most=AT_MOST)
    template = ReasonTemplate(**body.model_dump(), changed_at=now)
    _store(session, template)
    return template


def replace_template(session: Session, template_id: int, body: TemplateWrite, *, now: datetime) -> ReasonTemplate:
    """Change a template, or bring one back into use.

    :raises TemplateNotFound: there is none
    :raises ActionWithoutReason: no staff gives a reason with this action
    :raises TemplateExists: another one of the action has these words
    """
    template = _find(session, template_id)
    _check(session, body, except_id=template_id)
    template.sqlmodel_update(body.model_dump() | {"changed_at": now})
    _store(session, template)
    return template


def retire_template(session: Session, template_id: int, *, now: datetime) -> None:
    """Take a template out of use; again does no harm.

    :raises TemplateNotFound: there is none
    """
    template = _find(session, template_id)
    template.is_active, template.changed_at = False, now
    session.add(template)


def _check(session: Session, body: TemplateWrite, *, except_id: int | None) -> None:
    if body.action not in WITH_REASON:
        raise ActionWithoutReason(action=body.action.value)
    same = select(ReasonTemplate.id).where(ReasonTemplate.action == body.action, ReasonTemplate.text == body.text)
    if session.exec(same).first() not in {None, except_id}:
        raise TemplateExists


def _store(session: Session, template: ReasonTemplate) -> None:
    session.add(template)
    try:
        session.flush()  # for the id, and to learn of another administrator who was faster
    except IntegrityError as refused:
        raise TemplateExists from refused


def _find(session: Session, template_id: int) -> ReasonTemplate:
    template = session.get(ReasonTemplate, template_id, with_for_update=True)
    if template is None:
        raise TemplateNotFound
    return template
