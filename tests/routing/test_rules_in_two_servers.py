"""Two servers on one database: what one publishes decides in the other within five seconds, without a request to it."""

import json
import time
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sqlmodel import Session

from app.domain.roles import Role
from app.identity.models import UserAccount
from app.identity.tokens import issue_token
from app.infra.clock import now as real_now
from app.infra.database import Database
from tests.builders_city import IN_LICUN
from tests.journeys.test_sigkill import PICTURE, _server
from tests.routing.rule_sets import a_file, rehearsed, rule_text

WITHIN_S = 5
WATER = "370213.water"


def test_a_version_published_in_one_server_decides_in_the_other(committed_url: str, tmp_path: Path) -> None:
    with Database(committed_url) as database:
        with database.transaction() as session:
            editor, citizen = token_of(session, Role.ADMINISTRATOR), token_of(session, Role.CITIZEN)
        with _server(database, tmp_path) as (_, first), _server(database, tmp_path) as (_, second):
            assert unit_of_a_report(second, citizen, staff=editor) != WATER
            rule = rule_text("parking-to-water", when='{class: "09009"}', then=f"{{unit: {WATER}}}")
            upload(first, editor, a_file(rule))
            assert post(first, editor, "/api/v1/routing/rule-sets/v2/check")["state"] == "checked"
            with database.transaction() as session:
                rehearsed(session, "v2", real_now())
            # The second server is not asked anything until the time is over.
            post(first, editor, "/api/v1/routing/rule-sets/v2/publish", {"reason": "已批准"})
            time.sleep(WITHIN_S)
            assert unit_of_a_report(second, citizen, staff=editor) == WATER
            assert unit_of_a_report(first, citizen, staff=editor) == WATER
            post(second, editor, "/api/v1/routing/rule-sets/v2/retire", {"reason": "有误"})
            time.sleep(WITHIN_S)
            assert unit_of_a_report(first, citizen, staff=editor) != WATER


def token_of(session: Session, role: Role) -> str:
    now = real_now()
    account = UserAccount(display_name="人员", roles=[role.value], created_at=now)
    session.add(account)
    session.flush()
    return issue_token(session, user_id=account.id or 0, lifetime=timedelta(days=1), now=now)


def ask(port: int, method: str, path: str, *, token: str, body: bytes = b"", kind: str = "application/json") -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        answer = response.read()
        assert response.status in {200, 201}, answer
        return json.loads(answer)
    finally:
        connection.close()


def post(port: int, token: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return ask(port, "POST", path, token=token, body=json.dumps(body or {}).encode())


def upload(port: int, token: str, data: bytes) -> None:
    send_form(port, token, "/api/v1/routing/rule-sets", {"reason": "新规定"}, data)


def send_form(port: int, token: str, path: str, fields: dict[str, str], data: bytes) -> Any:
    edge = "a-line-that-is-in-no-file"
    part = f'--{edge}\r\nContent-Disposition: form-data; name="'
    written = "".join(f'{part}{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    head = f'{written}{part}file"; filename="x"\r\nContent-Type: application/octet-stream\r\n\r\n'
    body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
    return ask(port, "POST", path, token=token, body=body, kind=f"multipart/form-data; boundary={edge}")


def unit_of_a_report(port: int, citizen: str, *, staff: str) -> str:
    """Send a report of a wrongly parked car, and return which unit the rules dispatched it to."""
    photo = send_form(port, citizen, "/api/v1/photos", {"kind": "near"}, PICTURE)["photo_id"]
    lon, lat = IN_LICUN
    report = {
        "category": "parking",
        "description": "路口乱停",
        "location": {"lon": lon, "lat": lat, "datum": "wgs84", "source": "pin"},
        "photo_ids": [photo],
        "duplicates_acknowledged": True,
    }
    number = post(port, citizen, "/api/v1/reports", report)["number"]
    found = ask(port, "GET", f"/api/v1/reports/{number}", token=staff)
    return str(found["unit"])
