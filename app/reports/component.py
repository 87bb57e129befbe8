"""The component (部件) a report is about: found by its code, with the units of its owner chain."""

from sqlmodel import Session

from app.components.models import Component as ComponentRow
from app.domain.errors import Invalid
from app.domain.routing.rules import Component


class UnknownComponent(Invalid):
    """No component has this code, or it was removed."""

    code = "COMPONENT_UNKNOWN"


def component_of(session: Session, code: str | None) -> Component | None:
    """Return a component as the rules see it, None for none; a removed one still has its owners.

    :raises UnknownComponent: no such component
    """
    if code is None:
        return None
    row = session.get(ComponentRow, code)
    if row is None:
        raise UnknownComponent(component=code)
    return Component(code, row.maintainer_unit or "", row.owner_unit or "", row.supervisor_unit or "")
