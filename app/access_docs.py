"""Has the API's description say who may call each endpoint, as its gates have it; refuses one that has none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from app.domain.roles import ACTS_ON, SEES, Permission, Role, Rows
from app.domain.workflow import ASSISTING_MAY, Action
from app.identity.caller import Gate
from app.texts import text

ANONYMOUS = "anonymous"

PUBLIC = frozenset(
    {
        "POST /api/v1/auth/wechat",
        "POST /api/v1/auth/login",
        "GET /api/v1/config",
        "GET /media/{photo_id}/{size}.jpg",  # the right to see the photo is the signature in the address
        "GET /problems/{code}",
        "GET /health",
        "GET /openapi.json",
        "GET /docs",
        "GET /docs/{name}",
    }
)
"""Every endpoint that asks nobody who they are."""

_ACTS_ON_ASSISTED = {role: rows | (SEES[role] & {Rows.ASSISTED}) for role, rows in ACTS_ON.items()}

ROWS_OF: Mapping[str, Mapping[Role, frozenset[Rows]]] = {
    Permission.VIEW_OWN_REPORTS.value: dict.fromkeys(Role, frozenset({Rows.OWN})),
    **dict.fromkeys(
        (
            Permission.VIEW_REPORT.value,
            Permission.VIEW_ORIGINAL.value,
            Permission.SEARCH_REPORTS.value,
            Permission.VIEW_ANALYTICS.value,
        ),
        SEES,
    ),
    **dict.fromkeys((each.value for each in Action if each is not Action.SUBMIT), ACTS_ON),
    **dict.fromkeys((each.value for each in ASSISTING_MAY), _ACTS_ON_ASSISTED),
    **dict.fromkeys((Permission.VIEW_QUEUE.value, Permission.PULL_QUEUE.value, Permission.ACT_IN_BULK.value), ACTS_ON),
}
"""By the name of a gate that is about reports: which of them, by role."""


class UnguardedEndpoint(Exception):
    """An endpoint has no gate and is not in `PUBLIC`, or it is in there and has one."""


def describe_access(app: FastAPI) -> None:
    """Have the OpenAPI document say of each operation who may call it: `x-roles`, and a sentence.

    Call it after the last endpoint has been added.

    :raises UnguardedEndpoint: nothing says who may call an endpoint, or two things do
    """
    gates = {key: gates for route in iter_route_contexts(app.routes) for key, gates in gates_of(route)}
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        is_described = bool(app.openapi_schema)
        document = generate()
        if not is_described:
            _describe(document, gates)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def gates_of(route: RouteContext) -> Iterator[tuple[str, list[Gate]]]:
    """Yield each operation of a route as "METHOD path" with the gates a request passes, none for a public one.

    :raises UnguardedEndpoint: it is public and has a gate, or is not and has none
    """
    dependant: Dependant | None = getattr(route, "dependant", None)
    gates = list(_gates_in(dependant)) if dependant else []
    for method in sorted((route.methods or {"*"}) - {"HEAD"}):
        key = f"{method} {route.path}"
        if (key in PUBLIC) is bool(gates):
            raise UnguardedEndpoint(key)
        yield key, gates


def _gates_in(dependant: Dependant) -> Iterator[Gate]:
    for each in dependant.dependencies:
        if isinstance(each.call, Gate):
            yield each.call
        yield from _gates_in(each)


def _describe(document: dict[str, Any], gates: Mapping[str, list[Gate]]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            passed = gates[f"{method.upper()} {path}"]
            roles = roles_through(passed)
            operation["x-roles"] = [role.value for role in roles] if passed else [ANONYMOUS]
            said = [operation.get("description", ""), _sentence(roles, passed)]
            operation["description"] = "\n\n".join(part for part in said if part)


def roles_through(gates: Iterable[Gate]) -> list[Role]:
    """Return the roles that every one of the gates lets in, in the order of the table."""
    sets = [gate.roles for gate in gates]
    return [role for role in Role if all(role in roles for roles in sets)]


def _sentence(roles: list[Role], gates: Sequence[Gate]) -> str:
    if not gates:
        return text("access.callers", callers=text("access.anyone"))
    rows = next((ROWS_OF[gate.name] for gate in gates if gate.name in ROWS_OF), None)
    if rows is not None:
        return text("access.callers", callers="；".join(_with_rows(roles, rows)))
    callers = text("access.signed_in") if set(roles) == set(Role) else _names(roles)
    return text("access.callers", callers=callers)


def _with_rows(roles: Iterable[Role], rows: Mapping[Role, frozenset[Rows]]) -> Iterator[str]:
    """Yield the roles that have to do with the same reports, and with which."""
    alike: dict[frozenset[Rows], list[Role]] = {}
    for role in roles:
        alike.setdefault(rows[role], []).append(role)
    for kinds, same in alike.items():
        yield text("access.with_rows", roles=_names(same), rows=_names_of_rows(kinds))


def _names(roles: Iterable[Role]) -> str:
    return "、".join(text(f"role.{role.value}") for role in roles)


def _names_of_rows(kinds: Iterable[Rows]) -> str:
    return "、".join(text(f"rows.{kind.value}") for kind in Rows if kind in kinds)
