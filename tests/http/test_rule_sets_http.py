"""Rule sets over HTTP: upload, check, publish, compare, download, take back; and what is refused there."""

import itertools
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from httpx2 import Response

from app.city.version import bump_version
from app.domain.roles import Role
from app.routing.file_format import MAX_BYTES, FileFormat, read_rule_file, write_rule_file
from app.routing.queries import version_named
from app.routing.rehearse import mark_rehearsed
from tests.http.strict_client import Person, Service
from tests.routing.rule_sets import a_file, everything_about_rules, line_of, rule_text

BASE = "/routing/rule-sets"
_names = itertools.count(1)


@pytest.fixture
def editor(service: Service) -> Person:
    return service.as_role(Role.ADMINISTRATOR)


def a_name() -> str:
    return f"http-{next(_names)}"


def upload(person: Person, data: bytes, **form: str) -> Response:
    return person.client.post(
        f"/api/v1{BASE}",
        files={"file": ("规则.yaml", data, "application/octet-stream")},
        data={"reason": "新规定"} | form,
        headers=person.headers,
    )


def imported(person: Person, *rules: str) -> str:
    """Upload a good file and return the name of its version."""
    name = a_name()
    answer = upload(person, a_file(*rules, version=name))
    assert answer.status_code == 201, answer.text
    return name


def rehearsed(service: Service, name: str) -> None:
    with service.database.transaction() as session:
        version = version_named(session, name)
        sha256 = version.content_sha256
        mark_rehearsed(
            session, version.id or 0, content_sha256=sha256, editor="x", facts={"total": 0}, now=service.clock.now
        )


def follow(service: Service) -> None:
    """Let every process follow, as its ticker does."""
    service.clock.now += timedelta(seconds=2)
    service.app.state.world.cities.reload()  # a tick asks once a second, and this clock goes back after every test
    service.app.state.world.refresh()


def published(service: Service, person: Person, *rules: str) -> str:
    name = imported(person, *rules)
    assert person.post(f"{BASE}/{name}/check").json()["check"]["is_publishable"]
    rehearsed(service, name)
    answer = person.post(f"{BASE}/{name}/publish", {"reason": "已批准"})
    assert answer.status_code == 200, answer.text
    return name


def problem(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_whole_life_of_a_version(service: Service, editor: Person) -> None:
    before = service.world.rules.version
    name = imported(editor, rule_text("x", when='{class: "06010"}'))
    draft = editor.get(f"{BASE}/{name}").json()
    assert (draft["state"], draft["state_name"], draft["based_on"]) == ("draft", "草稿", before)
    assert (draft["rule_count"], draft["section_counts"]["areas"], draft["check"]) == (2, 1, None)
    check = editor.post(f"{BASE}/{name}/check").json()
    assert (check["state"], check["check"]["tie_count"]) == ("checked", 0)
    early = editor.post(f"{BASE}/{name}/publish", {"reason": "急"})
    assert problem(early) == (409, "RULE_SET_NOT_READY")
    assert "已试运行" in early.json()["message"]
    rehearsed(service, name)
    live = editor.post(f"{BASE}/{name}/publish", {"reason": "已批准"}).json()
    assert (live["state"], live["is_in_force"]) == ("published", True)
    me = f"user:{editor.caller.user_id}"
    assert [(step["state"], step["editor"], step["reason"]) for step in live["events"]] == [
        ("published", me, "已批准"),
        ("rehearsed", "x", ""),
        ("checked", me, ""),
        ("draft", me, "新规定"),
    ]
    follow(service)
    assert service.world.rules.version == name
    sent = service.as_role(Role.CITIZEN).report()
    assert editor.get(f"/reports/{sent['number']}").status_code == 200
    gone = editor.post(f"{BASE}/{name}/retire", {"reason": "有误"}).json()
    assert (gone["state"], gone["is_in_force"]) == ("retired", False)
    follow(service)
    assert service.world.rules.version == before
    assert editor.get(f"{BASE}/{before}").json()["is_in_force"]


def test_a_later_moment(service: Service, editor: Person) -> None:
    name = imported(editor)
    editor.post(f"{BASE}/{name}/check")
    rehearsed(service, name)
    now = service.clock.now
    past = editor.post(
        f"{BASE}/{name}/publish", {"reason": "x", "effective_from": (now - timedelta(seconds=1)).isoformat()}
    )
    assert problem(past) == (422, "RULE_SET_INTO_THE_PAST")
    assert "不能倒填日期" in past.json()["message"]
    later = editor.post(
        f"{BASE}/{name}/publish", {"reason": "x", "effective_from": (now + timedelta(days=900)).isoformat()}
    )
    assert (later.json()["state"], later.json()["is_in_force"]) == ("published", False)
    assert editor.post(f"{BASE}/{name}/retire", {"reason": "改期"}).status_code == 200
    follow(service)  # the units that came with it


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("0001-01-01T00:00:00+14:00", "不符合要求"),
        ("9999-12-31T23:59:59+00:00", "应早于 2100 年"),
        (4102444800, "ISO 8601"),
    ],
)
def test_a_moment_that_no_calendar_has(service: Service, editor: Person, moment: object, words: str) -> None:
    name = imported(editor)
    editor.post(f"{BASE}/{name}/check")
    rehearsed(service, name)
    answer = editor.post(f"{BASE}/{name}/publish", {"reason": "x", "effective_from": moment})
    assert problem(answer) == (422, "VALIDATION")
    assert words in answer.json()["errors"][0]["detail"]
    assert editor.get(f"{BASE}/{name}").json()["state"] == "rehearsed"


@pytest.mark.parametrize("file_format", FileFormat)
def test_what_is_downloaded_says_what_was_uploaded(service: Service, editor: Person, file_format: FileFormat) -> None:
    name = imported(editor, rule_text("x", when='{class: "06010", channels: [service, citizen]}'))
    answer = editor.get(f"{BASE}/{name}/file", format=file_format.value)
    assert quote(f"{name}.{file_format.value}") in answer.headers["content-disposition"]
    words = read_rule_file(answer.content).words
    assert upload(editor, answer.content).status_code == 201
    again = editor.get(f"{BASE}/{name}/file", format=file_format.value)
    assert read_rule_file(again.content).words == words
    assert service.world.rules.version != name


def test_a_workbook_is_taken_too(editor: Person) -> None:
    name = a_name()
    words = read_rule_file(a_file(version=name)).words
    answer = upload(editor, write_rule_file(words, FileFormat.XLSX), based_on="none")
    assert problem(answer) == (404, "RULE_SET_NOT_FOUND")
    answer = upload(editor, write_rule_file(words, FileFormat.XLSX))
    assert answer.json()["version"] == name


def test_versions_and_rules_are_paged(editor: Person) -> None:
    rules = [rule_text(f"r{n}", when=f'{{class: "06010", area: "37021300600100{n}"}}') for n in range(1, 8)]
    name = imported(editor, *rules)
    imported(editor)
    first = editor.get(BASE, limit=1).json()
    second = editor.get(BASE, limit=1, cursor=first["next_cursor"]).json()
    assert second["items"][0]["version"] == name
    keys: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = editor.get(f"{BASE}/{name}/rules", limit=3, **cursor).json()
        keys += [rule["key"] for rule in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert keys == ["everything", *(f"r{n}" for n in range(1, 8))]
    assert page["items"][-1]["when"] == {"class": "06010", "area": "370213006001007"}


def test_two_versions_are_compared(editor: Person) -> None:
    one = imported(editor, rule_text("x", when='{class: "06010"}'), rule_text("gone", when='{class: "09"}'))
    other = imported(editor, rule_text("x", when='{class: "06011"}'), rule_text("new", when='{class: "09"}'))
    (rules,) = editor.get(f"{BASE}/{one}/diff/{other}").json()["sections"]
    assert (rules["section"], rules["added"], rules["removed"]) == ("rules", ["new"], ["gone"])
    change = {"field": "when.class", "before": "06010", "after": "06011"}
    assert rules["changed"] == [{"item": "x", "fields": [change]}]


def test_a_bad_file_is_refused_with_lines_and_changes_nothing(service: Service, editor: Person) -> None:
    data = a_file(rule_text("x", then="{unit: nobody}"), rule_text("y", when="{area: '9999'}"), version=a_name())
    with service.database.reading() as session:
        before = everything_about_rules(session)
    answer = upload(editor, data)
    assert problem(answer) == (422, "RULE_FILE_REFUSED")
    told = answer.json()
    assert [(each["line"], each["item"], each["field"]) for each in told["findings"]] == [
        (line_of(data, "unit: nobody"), "x", "then.unit"),
        (line_of(data, "area: '9999'"), "y", "when.area"),
    ]
    assert told["count"] == 2
    assert "没有单位“nobody”" in told["message"]
    with service.database.reading() as session:
        assert everything_about_rules(session) == before


def test_ties_are_told_with_a_witness_and_cannot_be_published(service: Service, editor: Person) -> None:
    name = imported(editor, rule_text("a", when='{class: "06"}'), rule_text("b", when='{class: "06"}'))
    answer = editor.post(f"{BASE}/{name}/check").json()
    assert (answer["state"], answer["check"]["is_publishable"]) == ("draft", False)
    assert answer["check"]["ties"][0]["rules"] == ["a", "b"]
    assert answer["check"]["ties"][0]["witness"]["facts"]["class"].startswith("06")
    with pytest.raises(Exception, match="RULE_SET_NOT_READY"):
        rehearsed(service, name)
    assert problem(editor.post(f"{BASE}/{name}/publish", {"reason": "x"})) == (409, "RULE_SET_NOT_READY")


def test_a_hundred_megabytes_are_refused_before_they_are_read(editor: Person) -> None:
    answer = upload(editor, b"#" * (MAX_BYTES + 1024 * 1024))
    assert answer.status_code == 413
    answer = upload(editor, b"#" * (MAX_BYTES + 1))
    assert problem(answer) == (422, "RULE_FILE_REFUSED")
    assert "16 MB" in answer.json()["message"]


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001])
def test_who_changes_rules_says_why(editor: Person, reason: str) -> None:
    assert upload(editor, a_file(version=a_name()), reason=reason).status_code == 422
    name = imported(editor)
    for step in ("publish", "retire"):
        assert problem(editor.post(f"{BASE}/{name}/{step}", {"reason": reason})) == (422, "VALIDATION")


def test_what_was_published_is_frozen(service: Service, editor: Person) -> None:
    name = published(service, editor)
    assert problem(upload(editor, a_file(rule_text("x", when='{class: "06"}'), version=name))) == (
        409,
        "RULE_SET_FROZEN",
    )
    assert problem(editor.post(f"{BASE}/{name}/check")) == (409, "RULE_SET_FROZEN")
    editor.post(f"{BASE}/{name}/retire", {"reason": "测试完毕"})
    follow(service)


def test_the_last_version_stays(service: Service, editor: Person) -> None:
    name = service.world.rules.version
    assert problem(editor.post(f"{BASE}/{name}/retire", {"reason": "x"})) == (409, "RULE_SET_LAST")


def test_a_city_that_changed_asks_for_another_check(service: Service, editor: Person) -> None:
    name = imported(editor)
    editor.post(f"{BASE}/{name}/check")
    rehearsed(service, name)
    with service.database.transaction() as session:
        bump_version(session, now=service.clock.now)
    answer = editor.post(f"{BASE}/{name}/publish", {"reason": "x"})
    assert problem(answer) == (409, "RULE_SET_CHECKED_BEFORE")
    follow(service)
    again = editor.post(f"{BASE}/{name}/check").json()
    assert (again["state"], again["checked_city_version"]) == ("rehearsed", service.world.city.version)


@pytest.mark.parametrize("path", ["none", "none/rules", "none/file", "none/diff/none"])
def test_a_version_that_is_not_there(editor: Person, path: str) -> None:
    assert problem(editor.get(f"{BASE}/{path}")) == (404, "RULE_SET_NOT_FOUND")


def test_desks_read_and_only_administrators_write(service: Service) -> None:
    desk = service.as_role(Role.DISPATCHER)
    assert desk.get(BASE).status_code == 200
    assert problem(upload(desk, a_file(version=a_name()))) == (403, "PERMISSION_MISSING")
    assert problem(service.as_role(Role.CITIZEN).get(BASE)) == (403, "PERMISSION_MISSING")
