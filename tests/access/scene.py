"""One person per role and, for each of them, one report of every kind of ownership; nobody may change these reports."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from app.domain.roles import DESK_ROLES, UNIT_ROLES, Caller, Role, Rows
from app.domain.workflow import Action
from app.identity.tokens import issue_token
from app.media.models import Photo
from app.reports.actions import schemas as words
from app.reports.models import AssistingUnit
from tests.builders import NOW, OTHER_UNIT, SQUAD, Case, a_citizen, a_photo, a_report, people
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, LICANG
from tests.http.strict_client import Person, Service

Asker = Role | None
"""Who asks: None is somebody without a token."""

ASKERS: tuple[Asker, ...] = (None, *Role)


class Foreign:
    """Stands beside the kinds of rows for what nobody in the scene has to do with."""

    value = "foreign"


FOREIGN = Foreign()
Target = Rows | Foreign
TARGETS: tuple[Target, ...] = (*Rows, FOREIGN)

# Where each report lies and which unit answers for it: every target is in exactly one kind of rows.
# The scene's desks are in 李沧区, its unit people in the squad.
_PLACES = {
    Rows.OWN: (IN_ZHONGSHANLU, OTHER_UNIT),
    Rows.UNIT: (IN_ZHONGSHANLU, SQUAD),
    Rows.ASSISTED: (IN_ZHONGSHANLU, OTHER_UNIT),
    Rows.AREA: (IN_LICUN, OTHER_UNIT),
    FOREIGN: (IN_ZHONGSHANLU, OTHER_UNIT),
}


@dataclass(frozen=True)
class Thing:
    """A report to ask about, with one of its photos."""

    number: str
    photo_id: str


@dataclass(frozen=True)
class Scene:
    service: Service
    people: dict[Role, Person]
    things: dict[tuple[Role, Target], Thing]
    stranger: Caller
    crew: dict[Role, Caller]

    def thing(self, asker: Asker, target: Target) -> Thing:
        """Return what an asker asks about; somebody without a token asks about a citizen's."""
        return self.things[asker or Role.CITIZEN, target]


def build(service: Service) -> Scene:
    asking = {role: _person(service, role) for role in Role}
    with service.database.transaction() as session:
        crew = people(session)
        stranger = a_citizen(session)
        things: dict[tuple[Role, Target], Thing] = {}
        for target in TARGETS:
            if target is not Rows.OWN:
                thing = _thing(session, service, target, crew, reporter=stranger)
                things |= {(role, target): thing for role in Role}
        for role, person in asking.items():
            # Also for roles that cannot report: that they did once must not open it to them.
            reporter = Caller(person.caller.user_id, frozenset({Role.CITIZEN}))
            things[role, Rows.OWN] = _thing(session, service, Rows.OWN, crew, reporter=reporter)
    return Scene(service, asking, things, stranger, crew)


def _person(service: Service, role: Role) -> Person:
    return service.as_role(
        role,
        unit_code=SQUAD if role in UNIT_ROLES else None,
        area_code=LICANG if role in DESK_ROLES else "",
    )


def _thing(session: Session, service: Service, target: Target, crew: dict[Role, Caller], *, reporter: Caller) -> Thing:
    place, unit = _PLACES[target]
    photo_id = a_shown_photo(session, service, reporter)
    report = a_report(session, service.world, reporter=reporter, at=place, photo_ids=[photo_id])
    case = Case(service.world, report.number, crew, NOW)
    case.do(session, Action.ACCEPT)
    case.do(session, Action.FILE)
    dispatched = case.do(session, Action.DISPATCH, words.DispatchBody(unit=unit))
    if target is Rows.ASSISTED:
        session.add(AssistingUnit(report_id=dispatched.id or 0, unit_code=SQUAD))
    return Thing(report.number, photo_id)


def a_shown_photo(session: Session, service: Service, owner: Caller, **noted: Any) -> str:
    """Add a photo with files and what its camera noted, under an id such as the API gives."""
    photo = session.get_one(Photo, a_photo(session, owner))
    photo.id = secrets.token_urlsafe(16)
    photo.original_key = photo.large_key = photo.small_key = service.app.state.blobs.put(b"picture", suffix="jpg")
    session.add(photo.sqlmodel_update(noted))
    session.flush()
    return photo.id


def signed_in_again(scene: Scene, role: Role) -> dict[str, str]:
    """Return the headers of another session of the same person, which a test may end."""
    with scene.service.database.transaction() as session:
        user_id = scene.people[role].caller.user_id
        token = issue_token(session, user_id=user_id, lifetime=timedelta(days=1), now=scene.service.clock.now)
    return {"Authorization": f"Bearer {token}"}
