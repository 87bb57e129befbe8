"""The page at /docs as a person sees it: a real browser, a real server, and nothing but the two of them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from app.domain.roles import Role
from app.identity.tokens import issue_token
from app.main import describe
from tests.builders import staff
from tests.http.conftest import an_app
from tests.http.strict_client import Clock
from tests.towns import Town

FLAGS = [
    "--no-sandbox",  # it will not start as root without this, and it sees only our own server
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000
"""For a machine that does much else at the same time."""

ME = "#operations-identity-who_am_i_api_v1_me_get"
SUBMIT = "#operations-reports-submit_report_api_v1_reports_post"


@dataclass
class Watched:
    """A page, where it was asked from, and what went wrong on it."""

    page: Page
    base: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"{request.url}: {request.failure}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)


@pytest.fixture
def base(town: Town) -> Iterator[str]:
    """Give the address of a server that runs in a thread of this process."""
    app = an_app(str(town.database.engine.url), Clock())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@contextmanager
def opened(browser_path: str, base: str, picture: Path) -> Iterator[Watched]:
    """Open the page in a new browser; a picture is left behind when the block fails."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(locale="zh-CN")
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        try:
            yield Watched(page, base)
        except BaseException:
            page.screenshot(path=picture, full_page=True)
            raise
        finally:
            browser.close()


def a_token(town: Town) -> str:
    with town.database.transaction() as session:
        somebody = staff(session, Role.ACCEPTOR)
        return issue_token(session, user_id=somebody.user_id, lifetime=timedelta(days=1), now=Clock().now)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_person_reads_the_page_logs_in_and_tries_an_endpoint(
    base: str, town: Town, browser_path: str, tmp_path: Path
) -> None:
    operations = sum(len(methods) for methods in describe()["paths"].values())
    with opened(browser_path, base, tmp_path / "docs.png") as watched:
        page = watched.page
        page.goto(f"{base}/docs")
        expect(page).to_have_title("随手拍 · 接口文档")
        expect(page.locator(".opblock")).to_have_count(operations)

        log_in(page, a_token(town))
        page.locator(ME).click()
        page.locator(ME).get_by_role("button", name="Execute").click()
        expect(page.locator(f"{ME} .live-responses-table .response-col_status").last).to_contain_text("200")
        expect(page.locator(f"{ME} .live-responses-table .response-col_description").last).to_contain_text("acceptor")

        page.locator(SUBMIT).click()
        expect(page.locator(f"{SUBMIT} .body-param__text")).to_contain_text("路口有人占道摆摊")
        expect(page.locator(f"{SUBMIT} .responses-table")).to_contain_text("PHOTO_TAKEN 照片已经用于另一件上报")

        assert page.evaluate("localStorage.length + document.cookie.length") == 0, "the token is kept nowhere"
    assert watched.complaints == []
    assert {url for url in watched.asked if not url.startswith((f"{base}/", "data:"))} == set()


def log_in(page: Page, token: str) -> None:
    page.locator("button.authorize").first.click()
    form = page.locator(".auth-container")
    form.locator("input").fill(token)
    form.get_by_role("button", name="Apply credentials").click()
    form.get_by_role("button", name="Close").click()
