"""The demonstration's people: a few on every desk, two in every unit, all with the one password everybody knows."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.city.snapshot import UnitFact
from app.domain.roles import Caller, Role
from app.identity.models import UserAccount
from app.identity.passwords import hash_password
from app.identity.tokens import as_caller
from app.reports.models import Report
from app.texts import text

DEMO_PASSWORD = "suishoupai"  # noqa: S105 - public on purpose; accounts with it work on a loopback address only

DESKS = {Role.ACCEPTOR: 4, Role.DISPATCHER: 3, Role.INSPECTOR: 8, Role.SUPERVISOR: 1, Role.ADMINISTRATOR: 1}
"""How many people sit at each desk."""

_LOGIN = {Role.ADMINISTRATOR: "admin"}


def lead_of(unit_code: str) -> str:
    """Return the login name of a unit's lead."""
    return f"lead.{unit_code}"


def handler_of(unit_code: str) -> str:
    """Return the login name of a unit's handler."""
    return f"handler.{unit_code}"


def login_of(role: Role, number: int = 1) -> str:
    """Return the login name of somebody at a desk, such as `acceptor1`."""
    return f"{_LOGIN.get(role, role.value)}{number}"


def add_people(session: Session, *, units: Iterable[UnitFact], now: datetime) -> None:
    """Add one account per seat and two per active unit; the password is hashed once for all of them."""
    common = {"password_hash": hash_password(DEMO_PASSWORD), "created_at": now, "is_active": True, "is_demo": True}
    seats = [_seat(role, number) for role, many in DESKS.items() for number in range(1, many + 1)]
    members = [member for unit in units if unit.is_active for member in _members(unit)]
    session.execute(insert(UserAccount), [common | row for row in (*seats, *members)])


def _seat(role: Role, number: int) -> dict[str, Any]:
    name = text("demo.person", role=text(f"role.{role.value}"), number=number)
    return _row(login_of(role, number), name=name, role=role, unit_code=None)


def _members(unit: UnitFact) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        _row(lead_of(unit.code), name=text("demo.unit_lead", unit=unit.name), role=Role.UNIT_LEAD, unit_code=unit.code),
        _row(handler_of(unit.code), name=text("demo.handler", unit=unit.name), role=Role.HANDLER, unit_code=unit.code),
    )


def _row(login_name: str, *, name: str, role: Role, unit_code: str | None) -> dict[str, Any]:
    return {
        "login_name": login_name,
        "display_name": name[:64],
        "roles": [role.value],
        "unit_code": unit_code,
        "area_code": "",
    }


def has_people(session: Session) -> bool:
    """Say whether the demonstration has been seeded: people and reports come in one transaction."""
    return session.exec(select(UserAccount.id).where(col(UserAccount.is_demo)).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who can act, by desk and by unit."""

    desks: Mapping[Role, tuple[Caller, ...]]
    leads: Mapping[str, Caller]
    handlers: Mapping[str, Caller]

    def who(self, role: Role, report: Report, *, reporter: Caller, dice: random.Random) -> Caller:
        """Return a person in a role who may act on the report; the reporter is a citizen or an inspector."""
        if role is Role.CITIZEN:
            return reporter
        if role is Role.UNIT_LEAD:
            return self.leads[report.unit_code or ""]
        if role is Role.HANDLER:
            return self.handlers[report.unit_code or ""]
        return dice.choice(self.desks[role])


def load_cast(session: Session) -> Cast:
    people = session.exec(select(UserAccount).where(col(UserAccount.is_demo)).order_by(col(UserAccount.id)))
    callers = [as_caller(account) for account in people]
    return Cast(
        desks={role: tuple(caller for caller in callers if caller.has(role)) for role in DESKS},
        leads={caller.unit_code: caller for caller in callers if caller.has(Role.UNIT_LEAD) and caller.unit_code},
        handlers={caller.unit_code: caller for caller in callers if caller.has(Role.HANDLER) and caller.unit_code},
    )
