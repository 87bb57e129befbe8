"""Every operation of the API: what it needs by the permission table, whose things it may be about, how it is asked.

An operation that is not here fails `test_matrix`: say who may call it, and add it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Any

from httpx2 import Response
from sqlmodel import select

from app.dispatch.models import ReasonTemplate, SavedFilter
from app.domain.report_number import make
from app.domain.roles import ACTS_ON, PERMISSIONS, SEES, Permission, Role, Rows
from app.domain.workflow import ASSISTING_MAY, DESK_ROLE, Action, Desk, roles_for
from app.infra.idempotency import claim_key, complete
from app.media.links import PhotoSize, photo_url
from app.reports.alike.tokens import join_token
from app.reports.models import Follower, Report
from app.rulebook.models import DryRun, DryRunState
from tests.access.scene import FOREIGN, TARGETS, Asker, Foreign, Scene, Target, signed_in_again
from tests.builders import NOW, a_photo
from tests.builders_city import IN_LICUN
from tests.components.builders import a_component
from tests.media.pictures import a_jpeg

P, A, R = Permission, Action, Role


class Queue(Enum):
    """The queues, and who works in each."""

    ACCEPTANCE = "acceptance"
    DISPATCH = "dispatch"
    INSPECTION = "inspection"
    UNIT = "unit"

    @property
    def workers(self) -> set[Role]:
        return {R.UNIT_LEAD, R.HANDLER} if self is Queue.UNIT else {DESK_ROLE[Desk(self.value)]}

    @property
    def lookers(self) -> set[Role]:
        return self.workers if self is Queue.UNIT else self.workers | {R.SUPERVISOR, R.ADMINISTRATOR}


About = Target | Queue | None
"""What a request is about: somebody's report, a queue, or nothing in particular."""

REASON = {"reason": "有原因"}
PHOTOS = {"photo_ids": ["x" * 22]}
POINT = {"point": {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84"}}
HANDLING_TIME = {"from": "2026-11-01", "to": "2026-11-30"}

_numbers = count(2000)


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    options: dict[str, Any] = field(default_factory=dict)


Ask = Callable[[Scene, Asker, About, str], Asked]


@dataclass(frozen=True)
class Operation:
    """`needs` are all needed, none makes it public; `answers` are the statuses of who gets in.

    `sees` are the rows that exist for a role, for others the answer is 404 `missing`; with `acts_on`, those that are
    seen but not in there are refused as well.
    """

    needs: tuple[Permission | Action, ...]
    ask: Ask
    answers: tuple[int, ...] = (200,)
    about: tuple[About, ...] = (None,)
    sees: Mapping[Role, frozenset[Rows]] = field(default_factory=lambda: SEES)
    acts_on: Mapping[Role, frozenset[Rows]] | None = None
    missing: str = "REPORT_NOT_FOUND"
    ends_session: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles that the permission table lets in."""
        sets = [roles_for(each) if isinstance(each, Action) else PERMISSIONS[each] for each in self.needs]
        return frozenset(Role).intersection(*sets)

    def refusal(self, asker: Asker, about: About) -> tuple[int, str] | None:
        """Return how the tables refuse somebody, None when they let them in."""
        if not self.needs:
            return None
        if asker is None:
            return 401, "UNAUTHENTICATED"
        if asker not in self.roles:
            return 403, "PERMISSION_MISSING"
        return self._refusal_here(asker, about)

    def _refusal_here(self, asker: Role, about: About) -> tuple[int, str] | None:
        if isinstance(about, Rows | Foreign) and about not in self.sees[asker]:
            return 404, self.missing
        if self.acts_on is not None and about not in self.acts_on[asker]:
            return 403, "ROLE_MAY_NOT"
        if isinstance(about, Queue) and asker not in (about.workers if P.PULL_QUEUE in self.needs else about.lookers):
            return 403, "QUEUE_NOT_YOURS"
        return None


def _get(**query: Any) -> Ask:
    return lambda _scene, _asker, _about, path: Asked(path, {"params": query})


def _post(body: Mapping[str, Any]) -> Ask:
    return lambda _scene, _asker, _about, path: Asked(path, {"json": dict(body)})


def _number(scene: Scene, asker: Asker, about: About, path: str) -> str:
    assert isinstance(about, Rows | Foreign)
    return path.replace("{number}", scene.thing(asker, about).number)


def _photo(scene: Scene, asker: Asker, about: About, path: str) -> str:
    assert isinstance(about, Rows | Foreign)
    return path.replace("{photo_id}", scene.thing(asker, about).photo_id)


def _queue(about: About, path: str) -> str:
    assert isinstance(about, Queue)
    return path.replace("{queue}", about.value)


def _reading(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    return Asked(_number(scene, asker, about, path))


def _act(action: Action, body: Mapping[str, Any]) -> Operation:
    """Return an action on a report, asked with a version nobody has: who gets in is told so, and nothing changes."""

    def ask(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
        headers = {"If-Match": '"999999"'}
        return Asked(_number(scene, asker, about, path), {"json": dict(body), "headers": headers})

    return Operation((action,), ask, (412,), TARGETS)


def rows_to(action: Action) -> dict[Role, frozenset[Rows]]:
    """Return the rows on which each role may take an action."""
    assisting = {Rows.ASSISTED} if action in ASSISTING_MAY else set()
    return {role: ACTS_ON[role] | (SEES[role] & assisting) for role in Role}


def _bulk(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    """Ask for one item; what became of it is told beside the item, and read as if it were the answer."""
    assert isinstance(about, Rows | Foreign)
    items = [{"number": scene.thing(asker, about).number}]
    return Asked(path, {"json": {"action": "note", "items": items, "body": ACTIONS[A.NOTE]}})


def _submit(scene: Scene, asker: Asker, _about: About, path: str) -> Asked:
    with scene.service.database.transaction() as session:
        photo_id = a_photo(session, scene.people[asker or R.CITIZEN].caller)
    location = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84", "source": "pin"}
    return Asked(path, {"json": {"description": "路边有问题", "location": location, "photo_ids": [photo_id]}})


def _by_key(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    """Ask for a key under which somebody has sent a report: only its own sender knows it."""
    assert isinstance(about, Rows | Foreign)
    sender = scene.people[asker or R.CITIZEN].caller.user_id if about is Rows.OWN else scene.stranger.user_id
    key = f"key-{about.value}-{next(_numbers)}"
    with scene.service.database.transaction() as session:
        claim_key(session, caller_id=sender, key=key, route="test", body_hash="", now=scene.service.clock.now)
        number = scene.thing(asker, about).number
        complete(session, caller_id=sender, key=key, status_code=201, body="{}", subject=number)
    return Asked(path.replace("{key}", key))


def outcome(answer: Response) -> tuple[int, str | None]:
    """Return the status and code of an answer; of one that tells of several items, those of the first."""
    if not answer.content or not answer.headers["content-type"].endswith("json"):
        return answer.status_code, None
    told = answer.json()
    if isinstance(told, dict) and "results" in told:
        problem = told["results"][0]["problem"]
        return (problem["status"], problem["code"]) if problem else (answer.status_code, None)
    return answer.status_code, told["code"] if answer.status_code >= 400 else None


def _filter(queue: str) -> dict[str, Any]:
    return {"queue": queue, "name": f"筛选{next(_numbers)}", "filters": {}}


def _save_filter(_scene: Scene, _asker: Asker, about: About, path: str) -> Asked:
    return Asked(path, {"json": _filter(about.value if isinstance(about, Queue) else "reports")})


def _one_filter(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    """Ask about a new filter of one's own, or of somebody else's."""
    owner = scene.people[asker or R.CITIZEN].caller if about is Rows.OWN else scene.stranger
    with scene.service.database.transaction() as session:
        row = SavedFilter(user_id=owner.user_id, changed_at=scene.service.clock.now, **_filter("reports"))
        session.add(row)
        session.flush()
        return Asked(path.replace("{filter_id}", str(row.id)))


def _other_filter(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    return Asked(_one_filter(scene, asker, about, path).path, {"json": _filter("reports")})


def _join(scene: Scene, asker: Asker, _about: About, path: str) -> Asked:
    """Join a stranger's report by a token as a refused submission would have given it to the asker."""
    caller = scene.people[asker or R.CITIZEN].caller
    with scene.service.database.reading() as session:
        report_id = session.exec(select(Report.id).where(Report.number == scene.thing(asker, FOREIGN).number)).one()
    secret, now = scene.service.app.state.link_secret, scene.service.clock.now
    token = join_token(report_id or 0, user_id=caller.user_id, secret=secret, now=now)
    return Asked(path, {"json": {"join_token": token}})


def _one_followed(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    """Ask about a report that one has joined oneself, or that somebody else has."""
    who = scene.people[asker or R.CITIZEN].caller if about is Rows.OWN else scene.stranger
    with scene.service.database.transaction() as session:
        report = session.exec(select(Report).where(Report.number == scene.thing(asker, FOREIGN).number)).one()
        mine = (Follower.report_id == report.id, Follower.user_id == who.user_id)
        row = session.exec(select(Follower).where(*mine)).first()
        if row is None:
            row = Follower(report_id=report.id or 0, user_id=who.user_id, joined_at=scene.service.clock.now)
            session.add(row)
            session.flush()
        return Asked(path.replace("{followed_id}", str(row.id)))


def _template() -> dict[str, Any]:
    return {"action": "reject", "text": f"理由{next(_numbers)}", "position": 7}


def _new_template(_scene: Scene, _asker: Asker, _about: About, path: str) -> Asked:
    return Asked(path, {"json": _template()})


def _one_template(scene: Scene, _asker: Asker, _about: About, path: str) -> Asked:
    with scene.service.database.transaction() as session:
        row = ReasonTemplate(changed_at=scene.service.clock.now, **_template() | {"action": A.VOID})
        session.add(row)
        session.flush()
        return Asked(path.replace("{template_id}", str(row.id)))


def _other_template(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    return Asked(_one_template(scene, asker, about, path).path, {"json": _template()})


def _component(scene: Scene, _asker: Asker, _about: About, path: str) -> Asked:
    code = f"37021301011{next(_numbers):06}"
    with scene.service.database.transaction() as session:
        session.add(a_component(code))
    return Asked(path.replace("{component}", code))


def _for_version(**options: Any) -> Ask:
    """Ask about the version of the rules that is in force."""
    return lambda scene, _asker, _about, path: Asked(
        path.replace("{version}", scene.service.world.rules.version), dict(options)
    )


def _two_versions(scene: Scene, _asker: Asker, _about: About, path: str) -> Asked:
    version = scene.service.world.rules.version
    return Asked(path.replace("{version}", version).replace("{other}", version))


def _rule_file(_scene: Scene, _asker: Asker, _about: About, path: str) -> Asked:
    file = b"version: access\nrules: [{key: all, then: {role: street_office}, basis: x}]\n"
    return Asked(path, {"files": {"file": ("rules.yaml", file, "application/yaml")}, "data": REASON})


def _one_dry_run(scene: Scene, _asker: Asker, _about: About, path: str) -> Asked:
    with scene.service.database.transaction() as session:
        row = DryRun(
            rule_set_id=scene.service.world.rule_set_id,
            content_sha256="",
            state=DryRunState.DONE,
            editor="test",
            wanted=1,
            requested_at=scene.service.clock.now,
        )
        session.add(row)
        session.flush()
        return Asked(path.replace("{dry_run_id}", str(row.id)))


def _upload(_scene: Scene, _asker: Asker, _about: About, path: str) -> Asked:
    picture = a_jpeg(next(_numbers), 48)
    return Asked(path, {"files": {"file": ("x.jpg", picture, "image/jpeg")}, "data": {"kind": "near"}})


def _original(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    return Asked(_photo(scene, asker, about, path))


def _shown(scene: Scene, asker: Asker, about: About, _path: str) -> Asked:
    """Ask by a link that somebody who may see the photo was given."""
    assert isinstance(about, Rows | Foreign)
    secret: bytes = scene.service.app.state.link_secret
    photo_id = scene.thing(asker, about).photo_id
    return Asked(photo_url(photo_id, PhotoSize.SMALL, secret=secret, now=scene.service.clock.now))


def _explaining(scene: Scene, asker: Asker, about: About, path: str) -> Asked:
    assert isinstance(about, Rows | Foreign)
    return Asked(path, {"json": {"number": scene.thing(asker, about).number}})


def _listing(_scene: Scene, _asker: Asker, about: About, path: str) -> Asked:
    return Asked(_queue(about, path))


def _pulling(_scene: Scene, _asker: Asker, about: About, path: str) -> Asked:
    return Asked(_queue(about, path), {"json": {"limit": 1}})


ACTIONS: dict[Action, Mapping[str, Any]] = {
    A.WITHDRAW: {},
    A.RATE: {"score": "satisfied"},
    A.ACCEPT: {},
    A.REJECT: REASON,
    A.REQUEST_VERIFICATION: {},
    A.REPORT_VERIFICATION: PHOTOS | POINT | {"is_true": True},
    A.FILE: {},
    A.VOID: REASON,
    A.DISPATCH: {},
    A.SEND_BACK: REASON,
    A.PASS_REVIEW: {},
    A.REWORK: REASON,
    A.SIGN: {},
    A.ASSIGN: {"handler_id": "1"},
    A.RETURN: REASON,
    A.SUBMIT_RESULT: PHOTOS | {"result": "已清理"},
    A.INTERNAL_REWORK: REASON,
    A.RESOLVE: PHOTOS | {"result": "已清理"},
    A.PASS_CHECK: PHOTOS | POINT,
    A.FAIL_CHECK: PHOTOS | POINT | REASON,
    A.CLOSE: {},
    A.MERGE: {"master": make(NOW, 0)},
    A.UNMERGE: {},
    A.REQUEST_REOPEN: REASON,
    A.ACCEPT_REOPEN: {},
    A.REFUSE_REOPEN: REASON,
    A.SUPPLEMENT: {"text": "还在"},
    A.NOTE: {"text": "已联系"},
}
"""The least that each action needs."""

OWN = dict.fromkeys(Role, frozenset({Rows.OWN}))
AT_WORK = {role: rows - {Rows.OWN} for role, rows in SEES.items()}
OWN_FILTER: dict[str, Any] = {"about": (Rows.OWN, FOREIGN), "sees": OWN, "missing": "FILTER_NOT_FOUND"}

OWN_FOLLOWED: dict[str, Any] = {"about": (Rows.OWN, FOREIGN), "sees": OWN, "missing": "FOLLOWED_NOT_FOUND"}

OPERATIONS: dict[str, Operation] = {
    "POST /api/v1/auth/wechat": Operation((), _post({"code": "dev-anna"})),
    # Nobody of that name: whoever asks gets as far as the password.
    "POST /api/v1/auth/login": Operation((), _post({"login_name": "nobody", "password": "wrong"}), (401, 429)),
    "GET /api/v1/config": Operation((), _get()),
    "GET /health": Operation((), _get()),
    "GET /problems/{code}": Operation(
        (), lambda _scene, _asker, _about, path: Asked(path.replace("{code}", "NOT_FOUND"))
    ),
    "GET /media/{photo_id}/{size}.jpg": Operation((), _shown, about=TARGETS),
    "POST /api/v1/auth/logout": Operation((P.USE_ACCOUNT,), _post({}), (204,), ends_session=True),
    "GET /api/v1/me": Operation((P.USE_ACCOUNT,), _get()),
    "POST /api/v1/photos": Operation((P.UPLOAD_PHOTO,), _upload, (201,)),
    "GET /api/v1/photos/{photo_id}": Operation(
        (P.UPLOAD_PHOTO,), _original, about=TARGETS, sees=OWN, missing="PHOTO_NOT_FOUND"
    ),
    "GET /api/v1/photos/{photo_id}/original": Operation(
        (P.VIEW_ORIGINAL,), _original, about=TARGETS, sees=AT_WORK, missing="PHOTO_NOT_FOUND"
    ),
    "POST /api/v1/reports": Operation((P.SUBMIT_REPORT,), _submit, (201,)),
    "GET /api/v1/reports/{number}": Operation((P.VIEW_REPORT,), _reading, about=TARGETS),
    "GET /api/v1/reports/by-key/{key}": Operation((P.VIEW_OWN_REPORTS,), _by_key, about=(Rows.OWN, FOREIGN)),
    "GET /api/v1/me/reports": Operation((P.VIEW_OWN_REPORTS,), _get()),
    "GET /api/v1/me/updates": Operation((P.VIEW_OWN_REPORTS,), _get(since="2026-11-20T10:00:00+08:00")),
    "GET /api/v1/reports": Operation((P.SEARCH_REPORTS,), _get()),
    # Whoever was given a token for a report may join it, and sees nothing else of it.
    "POST /api/v1/reports/join": Operation((P.JOIN_REPORT,), _join),
    "GET /api/v1/followed": Operation((P.JOIN_REPORT,), _get()),
    "DELETE /api/v1/followed/{followed_id}": Operation((P.JOIN_REPORT,), _one_followed, (204,), **OWN_FOLLOWED),
    "GET /api/v1/reports/{number}/duplicates": Operation((P.FIND_DUPLICATES,), _reading, about=TARGETS, sees=AT_WORK),
    "POST /api/v1/reports/bulk": Operation((P.ACT_IN_BULK,), _bulk, about=TARGETS, acts_on=rows_to(A.NOTE)),
    "GET /api/v1/geo/resolve": Operation((P.RESOLVE_PLACE,), _get(**POINT["point"])),
    "GET /api/v1/geo/components": Operation((P.FIND_COMPONENTS,), _get(**POINT["point"], category="facilities")),
    "GET /api/v1/components/{component}": Operation((P.FIND_COMPONENTS,), _component),
    "GET /api/v1/me/filters": Operation((P.SAVE_FILTER,), _get()),
    "POST /api/v1/me/filters": Operation((P.SAVE_FILTER,), _save_filter, (201,), (None, *Queue)),
    "PUT /api/v1/me/filters/{filter_id}": Operation((P.SAVE_FILTER,), _other_filter, **OWN_FILTER),
    "DELETE /api/v1/me/filters/{filter_id}": Operation((P.SAVE_FILTER,), _one_filter, (204,), **OWN_FILTER),
    "GET /api/v1/templates": Operation((P.VIEW_TEMPLATES,), _get()),
    "POST /api/v1/templates": Operation((P.EDIT_TEMPLATES,), _new_template, (201,)),
    "PUT /api/v1/templates/{template_id}": Operation((P.EDIT_TEMPLATES,), _other_template),
    "DELETE /api/v1/templates/{template_id}": Operation((P.EDIT_TEMPLATES,), _one_template, (204,)),
    "GET /api/v1/queues/counts": Operation((P.VIEW_QUEUE,), _get()),
    "GET /api/v1/queues": Operation((P.VIEW_QUEUE,), _get()),
    "GET /api/v1/queues/{queue}": Operation((P.VIEW_QUEUE,), _listing, about=(*Queue,)),
    "POST /api/v1/queues/{queue}/pull": Operation((P.PULL_QUEUE,), _pulling, about=(*Queue,)),
    "POST /api/v1/reports/{number}/release": Operation((P.PULL_QUEUE,), _reading, (200, 409), TARGETS),
    "GET /api/v1/analytics/handling-time": Operation((P.VIEW_ANALYTICS,), _get(**HANDLING_TIME)),
    "GET /api/v1/analytics/handling-time/reports": Operation((P.VIEW_ANALYTICS,), _get(**HANDLING_TIME)),
    "GET /api/v1/routing/rule-sets": Operation((P.VIEW_RULES,), _get(limit=1)),
    "POST /api/v1/routing/rule-sets": Operation((P.EDIT_RULES,), _rule_file, (201,)),
    "GET /api/v1/routing/rule-sets/{version}": Operation((P.VIEW_RULES,), _for_version()),
    "GET /api/v1/routing/rule-sets/{version}/rules": Operation((P.VIEW_RULES,), _for_version(params={"limit": 1})),
    "GET /api/v1/routing/rule-sets/{version}/file": Operation((P.VIEW_RULES,), _for_version()),
    "GET /api/v1/routing/rule-sets/{version}/diff/{other}": Operation((P.VIEW_RULES,), _two_versions),
    # The version in force is published: who gets in is told that it cannot be checked, or published, again.
    "POST /api/v1/routing/rule-sets/{version}/check": Operation((P.EDIT_RULES,), _for_version(), (409,)),
    "POST /api/v1/routing/rule-sets/{version}/publish": Operation((P.EDIT_RULES,), _for_version(json=REASON), (409,)),
    "POST /api/v1/routing/rule-sets/{version}/retire": Operation((P.EDIT_RULES,), _for_version(json=REASON), (409,)),
    # Nobody works on it here, so only the first who asks gets a dry run of his own.
    "POST /api/v1/routing/rule-sets/{version}/dry-runs": Operation(
        (P.EDIT_RULES,), _for_version(json={"last": 1} | REASON), (202, 409)
    ),
    "GET /api/v1/routing/rule-sets/{version}/dry-runs": Operation((P.VIEW_RULES,), _for_version()),
    "GET /api/v1/routing/dry-runs/{dry_run_id}": Operation((P.VIEW_RULES,), _one_dry_run),
    "GET /api/v1/routing/dry-runs/{dry_run_id}/changes": Operation((P.VIEW_RULES,), _one_dry_run),
    "GET /api/v1/routing/dry-runs/{dry_run_id}/changes.csv": Operation((P.VIEW_RULES,), _one_dry_run),
    "POST /api/v1/routing/explain": Operation((P.EXPLAIN_ROUTING,), _explaining, about=TARGETS, sees=AT_WORK),
    "GET /api/v1/routing/statistics": Operation((P.VIEW_RULES,), _get()),
    "GET /api/v1/routing/suggestions": Operation((P.VIEW_RULES,), _get()),
    "GET /api/v1/analytics/definitions": Operation((P.VIEW_ANALYTICS,), _get()),
    "GET /api/v1/triage/models": Operation((P.VIEW_TRIAGE,), _get()),
    "GET /api/v1/triage/accuracy": Operation((P.VIEW_TRIAGE,), _get(since="2026-11-20T10:00:00+08:00")),
    **{
        f"POST /api/v1/reports/{{number}}/{action.value.replace('_', '-')}": _act(action, body)
        for action, body in ACTIONS.items()
    },
}


def ask(scene: Scene, name: str, asker: Asker, about: About) -> Response:
    """Send the request of an operation, and return the answer."""
    method, path = name.split()
    asked = OPERATIONS[name].ask(scene, asker, about, path)
    headers = asked.options.pop("headers", {}) | _who(scene, asker, ends_session=OPERATIONS[name].ends_session)
    return scene.service.client.request(method, asked.path, headers=headers, **asked.options)


def _who(scene: Scene, asker: Asker, *, ends_session: bool) -> dict[str, str]:
    if asker is None:
        return {}
    return signed_in_again(scene, asker) if ends_session else scene.people[asker].headers
