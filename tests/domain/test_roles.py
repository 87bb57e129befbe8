"""Roles, permissions and the families of errors."""

import pytest

from app.domain import errors
from app.domain.roles import DESK_ROLES, PERMISSIONS, STAFF_ROLES, UNIT_ROLES, Caller, Permission, Role

R, P = Role, Permission


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (P.SUBMIT_REPORT, {R.CITIZEN, R.INSPECTOR, R.SERVICE}),
        (P.UPLOAD_PHOTO, {R.CITIZEN, R.INSPECTOR, R.SERVICE, R.UNIT_LEAD, R.HANDLER}),
        (P.VIEW_OWN_REPORTS, {R.CITIZEN, R.INSPECTOR, R.SERVICE}),
        (P.VIEW_QUEUE, set(R) - {R.CITIZEN, R.SERVICE}),
        (P.VIEW_ANALYTICS, {R.SUPERVISOR, R.ADMINISTRATOR, R.DISPATCHER}),
        (P.VERIFY_JOURNAL, {R.ADMINISTRATOR}),
    ],
)
def test_each_permission_belongs_to_these_roles_and_no_other(permission: Permission, roles: set[Role]) -> None:
    assert {role for role in Role if Caller(1, frozenset({role})).may(permission)} == roles


def test_every_permission_is_given_to_somebody() -> None:
    assert set(PERMISSIONS) == set(Permission)
    assert all(PERMISSIONS.values())


def test_desks_and_units_are_the_staff_and_share_nobody() -> None:
    assert not DESK_ROLES & UNIT_ROLES
    assert set(R) - STAFF_ROLES == {R.CITIZEN, R.SERVICE}


def test_a_caller_has_a_role_or_one_of_several() -> None:
    caller = Caller(1, frozenset({R.ACCEPTOR, R.DISPATCHER}))
    assert caller.has(R.DISPATCHER)
    assert caller.has(R.CITIZEN, R.ACCEPTOR)
    assert not caller.has(R.CITIZEN)


def test_a_caller_without_roles_may_nothing() -> None:
    assert not any(Caller(1, frozenset()).may(permission) for permission in Permission)


def test_an_error_speaks_its_code_and_its_facts() -> None:
    assert str(errors.NotFound()) == "NOT_FOUND"
    assert str(errors.Conflict(report="7")) == "CONFLICT {'report': '7'}"
    assert errors.Conflict(report="7").facts == {"report": "7"}


def test_the_families_do_not_overlap() -> None:
    families = [
        errors.NotFound,
        errors.Forbidden,
        errors.Conflict,
        errors.Invalid,
        errors.Stale,
        errors.Unauthenticated,
    ]
    assert all(not issubclass(one, other) for one in families for other in families if one is not other)
    assert all(issubclass(family, errors.DomainError) and not family.retryable for family in families)
    assert len({family.code for family in families}) == len(families)
