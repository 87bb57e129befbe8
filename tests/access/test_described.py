"""The API's own description says of every endpoint who may call it, and an endpoint nobody guards is not served."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette

from app.access_docs import PUBLIC, ROWS_OF, UnguardedEndpoint, describe_access
from app.domain.roles import Caller, Permission, Role
from app.domain.workflow import ASSISTING_MAY, Action
from app.identity.caller import Gate, require, require_action, resolve_caller
from app.infra.problems import install
from app.main import describe
from tests.access.operations import OPERATIONS

DESCRIBED: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, operations in describe()["paths"].items()
    for method, operation in operations.items()
}
GATE = require(Permission.VERIFY_JOURNAL)


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_names_the_roles_of_the_permission_table(name: str) -> None:
    operation = OPERATIONS[name]
    expected = [role.value for role in Role if role in operation.roles] if operation.needs else ["anonymous"]
    assert DESCRIBED[name]["x-roles"] == expected
    assert "可调用：" in DESCRIBED[name]["description"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_declares_how_it_refuses(name: str) -> None:
    declared = DESCRIBED[name]["responses"].keys()
    assert {"401", "403"} <= declared or not OPERATIONS[name].needs


def test_the_public_endpoints_are_these_and_no_other() -> None:
    undescribed = {"GET /openapi.json", "GET /docs", "GET /docs/{name}"}
    assert {name for name, operation in OPERATIONS.items() if not operation.needs} == PUBLIC - undescribed


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("GET /api/v1/config", "可调用：任何人，无需登录。"),
        ("GET /api/v1/me", "可调用：任何已登录的人。"),
        ("POST /api/v1/reports", "可调用：市民、核查员、接入系统。"),
        ("GET /api/v1/me/reports", "可调用：市民、核查员、接入系统（本人上报的件）。"),
        ("POST /api/v1/reports/{number}/withdraw", "可调用：市民（本人上报的件）。"),
        ("POST /api/v1/reports/{number}/sign", "可调用：处置单位负责人、处置人员（本单位负责的件）。"),
        (
            "GET /api/v1/reports/{number}",
            (
                "可调用：市民、接入系统（本人上报的件）；受理员、派遣员、督察员、管理员（本辖区的件）；"
                "处置单位负责人、处置人员（本单位负责的件、本单位协办的件）；核查员（本人上报的件、本辖区的件）。"
            ),
        ),
    ],
    ids=lambda value: value if "/" in value else "",
)
def test_it_says_so_in_words(name: str, sentence: str) -> None:
    assert DESCRIBED[name]["description"].endswith(f"\n\n{sentence}")


def test_what_a_gate_is_called_tells_which_reports_it_is_about() -> None:
    """A permission and an action of the same name would be one; who assists may do what `ASSISTING_MAY` says."""
    assert {each.value for each in Permission} & {each.value for each in Action} == set()
    assert ROWS_OF.keys() <= {each.value for each in (*Permission, *Action)}
    assert {action for action in Action if ROWS_OF.get(action.value) != ROWS_OF[Action.SIGN.value]} == {
        *ASSISTING_MAY,
        Action.SUBMIT,
    }


async def _asked() -> str:
    return "asked"


async def _through(caller: Annotated[Caller, Depends(GATE)]) -> Caller:
    return caller


async def _by_parameter(_caller: Annotated[Caller, Depends(GATE)]) -> str:
    return "asked"


def an_app(endpoint: Any = _asked, *, path: str = "/secret", on: str = "", gate: Any = None) -> FastAPI:
    """Return an application with one endpoint, and a gate on one of the places where there can be one."""
    gates = {on: [Depends(gate or GATE)]}
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=gates.get("app", []))
    router, outer = APIRouter(dependencies=gates.get("router", [])), APIRouter(dependencies=gates.get("outer", []))
    router.add_api_route(path, endpoint, methods=["GET"], dependencies=gates.get("route", []))
    outer.include_router(router)
    app.include_router(outer, dependencies=gates.get("include", []))
    install(app)
    return app


def answer(app: FastAPI, *roles: Role) -> int:
    app.dependency_overrides[resolve_caller] = lambda: Caller(1, frozenset(roles))
    return TestClient(app).get("/secret").status_code


@pytest.mark.parametrize(
    "app",
    [
        an_app(on="route"),
        an_app(on="router"),
        an_app(on="outer"),
        an_app(on="include"),
        an_app(on="app"),
        an_app(_by_parameter),
        an_app(on="route", gate=_through),
    ],
    ids=["on the route", "on its router", "on the router above", "on the inclusion", "on all", "asked for", "below"],
)
def test_a_gate_holds_and_is_described_wherever_it_stands(app: FastAPI) -> None:
    describe_access(app)
    assert app.openapi()["paths"]["/secret"]["get"]["x-roles"] == ["administrator"]
    assert (answer(app, Role.ADMINISTRATOR), answer(app, Role.SUPERVISOR), answer(app)) == (200, 403, 403)


def test_of_two_gates_both_must_open() -> None:
    app = an_app(_by_parameter, on="router", gate=require_action(Action.NOTE))
    describe_access(app)
    assert app.openapi()["paths"]["/secret"]["get"]["x-roles"] == ["administrator"]
    never = an_app(on="router", gate=Gate(frozenset(), "nobody"))
    describe_access(never)
    assert never.openapi()["paths"]["/secret"]["get"]["x-roles"] == []


def test_an_endpoint_without_a_gate_is_not_served() -> None:
    with pytest.raises(UnguardedEndpoint, match="GET /secret"):
        describe_access(an_app())


def test_what_is_mounted_beside_the_endpoints_is_not_served_either() -> None:
    app = an_app(on="route")
    app.mount("/files", Starlette())
    with pytest.raises(UnguardedEndpoint, match=r"\* /files"):
        describe_access(app)


def test_knowing_the_caller_is_no_gate() -> None:
    """Who is signed in is not yet somebody who may."""
    with pytest.raises(UnguardedEndpoint, match="GET /secret"):
        describe_access(an_app(on="route", gate=resolve_caller))


def test_a_public_endpoint_with_a_gate_is_a_mistake_in_the_list() -> None:
    with pytest.raises(UnguardedEndpoint, match="GET /health"):
        describe_access(an_app(path="/health", on="route"))
