"""The steps of the journey, in order: each plays one role, checks what came back and says it in a few words."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.demo.people import handler_of, lead_of, login_of
from app.demo.photos import picture
from app.domain.roles import Role
from app.journey.server import Server, Unexpected, check
from app.media.models import PhotoKind
from app.texts import text

CATEGORY = "street_vending"
PLACE = {"lon": 120.4201, "lat": 36.1607, "datum": "gcj02", "source": "pin", "address": "李沧区李村街道"}
MOST_PULLS = 60
MOST_PAGES = 60

_API = "/api/v1"


@dataclass
class Journey:
    """What the journey knows so far."""

    server: Server
    password: str
    key: str = field(default_factory=lambda: f"journey-{secrets.token_hex(8)}")
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    photo_ids: list[str] = field(default_factory=list)
    number: str = ""
    unit: str = ""
    status: str = ""

    def act(self, who: str, verb: str, body: dict[str, Any], *, then: str) -> None:
        """Do something to the report and check where it stands afterwards."""
        state = self.server.post(f"{_API}/reports/{self.number}/{verb}", body, token=self.tokens[who])
        check(then, state["status"], "status")
        self.status = state["status"]

    def log_in(self, who: str, login: str) -> None:
        """Log a member of staff in.

        :raises NoDemoAccounts: the server does not know this name and password
        """
        body = {"login_name": login, "password": self.password}
        try:
            signed_in = self.server.post(f"{_API}/auth/login", body)
        except Unexpected as refused:
            if "WRONG_CREDENTIALS" not in refused.got:
                raise
            raise NotADemo(text("journey.no_accounts", login=login)) from None
        self.tokens[who], self.ids[who] = signed_in["token"], signed_in["user"]["id"]

    def photo(self, who: str, kind: PhotoKind) -> str:
        """Upload a photo and return its id."""
        files = {"file": ("photo.jpg", picture(CATEGORY, kind, seed=secrets.randbelow(1_000)), "image/jpeg")}
        fields = {"kind": kind.value}
        answer = self.server.call(
            "POST", f"{_API}/photos", token=self.tokens[who], expect=201, files=files, data=fields
        )
        return str(answer["photo_id"])

    def pull(self, who: str, queue: str) -> int:
        """Pull until the report comes, give the others back and return how many were before it.

        :raises Unexpected: the queue is empty and it has not come
        """
        others: list[str] = []
        for _ in range(MOST_PULLS):
            answer = self.server.post(f"{_API}/queues/{queue}/pull", {"limit": 20}, token=self.tokens[who])
            numbers = [item["number"] for item in answer["items"]]
            others += [number for number in numbers if number != self.number]
            if self.number in numbers or not numbers:
                break
        for number in others:
            self.server.post(f"{_API}/reports/{number}/release", {}, token=self.tokens[who])
        if self.number not in numbers:
            raise Unexpected(expected=f"queue {queue}: {self.number}", got=f"{len(others)} others")
        return len(others)


class NotADemo(Exception):
    """The server has not what the journey needs: the demonstration's accounts and the development login."""


Step = Callable[[Journey], str]


def open_(journey: Journey) -> str:
    config = journey.server.get(f"{_API}/config")
    names = {each["code"]: each["name"] for each in config["categories"]}
    check(True, CATEGORY in names, CATEGORY)
    return str(names[CATEGORY])


def log_in_citizen(journey: Journey) -> str:
    code = f"dev-journey-{secrets.token_hex(4)}"
    try:
        signed_in = journey.server.post(f"{_API}/auth/wechat", {"code": code})
    except Unexpected as refused:
        if "WECHAT" not in refused.got:
            raise
        raise NotADemo(text("journey.no_development_login")) from None
    journey.tokens["citizen"] = signed_in["token"]
    return code


def log_in_desks(journey: Journey) -> str:
    desks = (Role.ACCEPTOR, Role.DISPATCHER, Role.INSPECTOR, Role.SUPERVISOR)
    for role in desks:
        journey.log_in(role.value, login_of(role))
    return "、".join(login_of(role) for role in desks)


def upload(journey: Journey) -> str:
    journey.photo_ids = [journey.photo("citizen", kind) for kind in (PhotoKind.NEAR, PhotoKind.FAR)]
    return " ".join(journey.photo_ids)


def _submission(journey: Journey) -> dict[str, Any]:
    return {
        "category": CATEGORY,
        "description": text("journey.words"),
        "location": PLACE,
        "photo_ids": journey.photo_ids,
        "duplicates_acknowledged": True,  # the last journey's report may still be open at this place
    }


def _send(journey: Journey) -> dict[str, Any]:
    path, token = f"{_API}/reports", journey.tokens["citizen"]
    state: dict[str, Any] = journey.server.post(path, _submission(journey), token=token, expect=201, key=journey.key)
    return state


def submit(journey: Journey) -> str:
    state = _send(journey)
    journey.number, journey.status, journey.unit = state["number"], state["status"], state["unit"] or ""
    return f"{journey.number} {state['status_text']}"


def resend(journey: Journey) -> str:
    check(journey.number, _send(journey)["number"], "number")
    found = journey.server.get(f"{_API}/reports/by-key/{journey.key}", token=journey.tokens["citizen"])
    check(journey.number, found["number"], "number")
    return journey.key


def read_timeline(journey: Journey) -> str:
    report = journey.server.get(f"{_API}/reports/{journey.number}", token=journey.tokens["citizen"])
    actions = [entry["action"] for entry in report["timeline"]]
    check("submit", actions[0], "timeline[0].action")
    check(2, len(report["photos"]), "photos")
    return str(report["timeline"][-1]["text"])


def route_by_hand(journey: Journey) -> str:
    """Do at the desks what the rules have not done; nothing when they have."""
    if journey.status == "submitted":
        journey.act("acceptor", "accept", {}, then="accepted")
        journey.act("acceptor", "file", {}, then="filed")
        journey.act("dispatcher", "dispatch", {}, then="dispatched")
    check("dispatched", journey.status, "status")
    report = journey.server.get(f"{_API}/reports/{journey.number}", token=journey.tokens["dispatcher"])
    journey.unit = report["unit"]
    return f"{report['unit_name']} {report['why'] or ''}"


def log_in_unit(journey: Journey) -> str:
    journey.log_in("lead", lead_of(journey.unit))
    journey.log_in("handler", handler_of(journey.unit))
    return lead_of(journey.unit)


def sign_and_assign(journey: Journey) -> str:
    before = journey.pull("lead", "unit")
    journey.act("lead", "sign", {}, then="handling")
    journey.act("lead", "assign", {"handler_id": journey.ids["handler"]}, then="handling")
    return f"+{before}"


def submit_result(journey: Journey) -> str:
    body = {"result": text("journey.result"), "photo_ids": [journey.photo("handler", PhotoKind.AFTER)]}
    journey.act("handler", "submit-result", body, then="handling")
    return str(body["result"])


def resolve(journey: Journey) -> str:
    journey.act("lead", "resolve", {"result": text("journey.result")}, then="resolved")
    return journey.status


def rework(journey: Journey) -> str:
    before = journey.pull("dispatcher", "dispatch")
    journey.act("dispatcher", "rework", {"reason": text("journey.reason")}, then="handling")
    return f"+{before}"


def resolve_again(journey: Journey) -> str:
    photo_ids = [journey.photo("lead", PhotoKind.AFTER)]
    journey.act("lead", "resolve", {"result": text("journey.result_again"), "photo_ids": photo_ids}, then="resolved")
    return journey.status


def pass_review(journey: Journey) -> str:
    journey.act("dispatcher", "pass-review", {}, then="checking")
    return journey.status


def pass_check(journey: Journey) -> str:
    point = {name: PLACE[name] for name in ("lon", "lat", "datum")}
    photo_ids = [journey.photo("inspector", PhotoKind.CHECK)]
    body = {"photo_ids": photo_ids, "point": point, "note": text("journey.note")}
    journey.act("inspector", "pass-check", body, then="checked")
    return journey.status


def close(journey: Journey) -> str:
    journey.act("acceptor", "close", {}, then="closed")
    return journey.status


def rate(journey: Journey) -> str:
    journey.act("citizen", "rate", {"score": "satisfied", "is_solved": True}, then="closed")
    return "satisfied"


def measure(journey: Journey) -> str:
    """Open the figures of today's category and look for the report behind them."""
    token = journey.tokens["supervisor"]
    figures = journey.server.get(f"{_API}/analytics/handling-time?group_by=category", token=token)
    row = next((row for row in figures["rows"] if row["key"] == CATEGORY), None)
    if row is None or row["n"] < 1:
        raise Unexpected(expected=f"{CATEGORY}: n >= 1", got=str(row))
    cursor: str | None = ""
    for _ in range(MOST_PAGES):
        page = journey.server.get(f"{row['reports_url']}&limit=100{cursor}", token=token)
        for item in page["items"]:
            if item["number"] == journey.number:
                return f"n={row['n']} {item['duration_s']} s"
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    raise Unexpected(expected=f"{row['reports_url']}: {journey.number}", got=f"n={row['n']}")


STEPS: dict[str, Step] = {
    "open": open_,
    "log_in_citizen": log_in_citizen,
    "log_in_desks": log_in_desks,
    "upload": upload,
    "submit": submit,
    "resend": resend,
    "read_timeline": read_timeline,
    "route_by_hand": route_by_hand,
    "log_in_unit": log_in_unit,
    "sign_and_assign": sign_and_assign,
    "submit_result": submit_result,
    "resolve": resolve,
    "rework": rework,
    "resolve_again": resolve_again,
    "pass_review": pass_review,
    "pass_check": pass_check,
    "close": close,
    "rate": rate,
    "measure": measure,
}
"""Every step by name; its words are the text `journey.step.<name>`."""
