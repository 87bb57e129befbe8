"""What a client asks before anything else: the city's categories and what the server accepts."""

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
