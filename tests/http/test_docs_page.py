"""The page at /docs: our own bytes only, cached as long as they are the same."""

import re

import pytest

from tests.http.strict_client import Service

FILES = ["start.js", "swagger-ui-bundle.js", "swagger-ui.css"]

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def links(service: Service) -> dict[str, str]:
    """Return what the page loads: file name -> address."""
    page = service.client.get("/docs").text
    found = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page)
    return {re.sub(r"^docs/|\?.*$", "", link): f"/{link}" for link in found}


def test_the_page_loads_its_files_from_this_server_and_has_no_script_in_itself(service: Service) -> None:
    page = service.client.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>随手拍 · 接口文档</title>" in page.text
    assert sorted(links(service)) == FILES
    assert "://" not in page.text
    assert re.search(r"<script(?![^>]*src=)|\son\w+=|<style", page.text) is None


@pytest.mark.parametrize("name", FILES)
def test_a_file_may_be_kept_for_ever_under_its_digest_and_is_not_sent_twice(service: Service, name: str) -> None:
    link = links(service)[name]
    file = service.client.get(link)
    assert (file.status_code, file.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    again = service.client.get(link, headers={"If-None-Match": file.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for other in (link.split("?")[0], f"{link}0"):
        assert service.client.get(other).headers["cache-control"] == "no-cache"


def test_nothing_else_of_the_package_is_served(service: Service) -> None:
    for name in ("redoc.standalone.js", "__init__.py", "..%2F__init__.py", "swagger-ui.css%00"):
        assert service.client.get(f"/docs/{name}").status_code == 404
    assert service.client.post("/docs").status_code == 405


def test_what_is_described_is_served_without_logging_in(service: Service) -> None:
    description = service.client.get("/openapi.json")
    assert description.status_code == 200
    assert not {"/docs", "/docs/{name}", "/openapi.json"} & description.json()["paths"].keys()
