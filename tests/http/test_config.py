"""What a client asks before anything else: the city's categories and what the server accepts."""

from dataclasses import replace

from app.domain.questions import Choice, Question
from app.infra.blobs import BlobStore
from app.main import create_app
from tests.builders import NOW
from tests.builders_city import IN_LICUN
from tests.http.strict_client import Service, StrictClient


def test_a_client_learns_the_citizens_categories_and_the_limits(service: Service) -> None:
    answer = service.client.get("/api/v1/config")
    config = answer.json()
    assert [each["name"] for each in config["categories"]] == [
        "卫生脏乱",
        "车辆乱停乱放",
        "杂物乱堆乱放",
        "公共设施缺损",
        "乱贴乱画小广告",
        "占路经营",
        "缆线杂乱",
        "绿化带损坏缺株",
        "公益广告破损褪色",
        "门头招牌破损杂乱",
    ]
    assert all(each["hint"] and each["icon"] for each in config["categories"])
    assert config["limits"] == {
        "photos_max": 9,
        "photo_bytes_max": 10_000_000,
        "description_max": 2000,
        "datums": ["gcj02", "wgs84", "bd09", "cgcs2000"],
    }
    assert config["now"] == "2026-11-20T10:00:00+08:00"
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_a_category_brings_the_questions_whose_answers_decide(service: Service) -> None:
    config = service.client.get("/api/v1/config").json()
    questions = {each["code"]: each["questions"] for each in config["categories"]}
    assert {code for code, asked in questions.items() if asked} == {"parking"}
    assert questions["parking"] == [
        {
            "code": "place_type",
            "text": "车停在什么地方？",
            "choices": [{"code": "carriageway", "text": "车行道上"}, {"code": "pavement", "text": "人行道上"}],
        }
    ]
    assert config["rule_set"] == "default-2"
    # Those of categories that only staff use, and for reports without a category.
    assert [each["code"] for each in config["questions"]] == ["place_type", "place_type", "consequence"]


def test_every_choice_of_a_public_category_is_taken(service: Service) -> None:
    citizen = service.citizen()
    categories = service.client.get("/api/v1/config").json()["categories"]
    sent = [
        citizen.report(category=category["code"], answers={question["code"]: choice["code"]})
        for category in categories
        for question in category["questions"]
        for choice in question["choices"]
    ]
    assert {each["status"] for each in sent} == {"dispatched"}
    assert len(sent) == 2


def test_other_rules_in_force_give_another_tag(service: Service) -> None:
    """The client that asks with the old one gets the new questions at once."""
    holder = service.app.state.world
    before = holder.current()
    tag = service.client.get("/api/v1/config").headers["etag"]
    question = Question("colour", "什么颜色？", frozenset({"sanitation"}), (Choice("red", "红"),))
    rulebook = replace(before.rulebook, rule_set_id=before.rule_set_id + 1, questions=(question,))
    holder._world = replace(before, rulebook=rulebook)
    try:
        changed = service.client.get("/api/v1/config", headers={"If-None-Match": tag})
    finally:
        holder._world = before
    assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)
    asked = {
        each["code"]: [question["code"] for question in each["questions"]] for each in changed.json()["categories"]
    }
    assert (asked["sanitation"], asked["parking"]) == (["colour"], [])


def test_an_unchanged_city_is_not_sent_again(service: Service) -> None:
    tag = service.client.get("/api/v1/config").headers["etag"]
    unchanged = service.client.get("/api/v1/config", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    assert service.client.get("/api/v1/config", headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_largest_photo_is_the_one_the_server_takes(service: Service) -> None:
    tag = service.client.get("/api/v1/config").headers["etag"]
    frugal = service.app.state.settings.model_copy(update={"max_upload_mb": 1})
    with StrictClient(create_app(frugal, clock=service.clock, blobs=BlobStore.memory())) as client:
        changed = client.get("/api/v1/config", headers={"If-None-Match": tag})
        assert (changed.status_code, changed.json()["limits"]["photo_bytes_max"]) == (200, 1_000_000)
        assert changed.headers["etag"] != tag
        headers = service.citizen().headers
        too_large = client.post("/api/v1/photos", files={"file": bytes(1_000_001)}, headers=headers)
        assert (too_large.status_code, too_large.json()["code"]) == (413, "PHOTO_TOO_LARGE")


def test_what_the_config_promises_is_accepted_and_one_more_is_not(service: Service) -> None:
    limits = service.client.get("/api/v1/config").json()["limits"]
    citizen = service.citizen()
    photos = [citizen.photo() for _ in range(limits["photos_max"])]
    most = citizen.submission(photo_ids=photos, description="字" * limits["description_max"])
    assert citizen.post("/reports", most).status_code == 201
    assert citizen.post("/reports", most | {"photo_ids": [*photos, "x"]}).status_code == 422
    assert citizen.post("/reports", most | {"description": most["description"] + "字"}).status_code == 422
    for datum in limits["datums"]:
        location = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": datum, "source": "gps"}
        answer = citizen.post("/reports", citizen.submission(location=location))
        assert answer.status_code == 201, datum
        assert answer.json()["status"] == "dispatched"


def test_a_running_service_says_so(service: Service) -> None:
    assert service.client.get("/health").text == "ok"
    assert service.clock.now == NOW
