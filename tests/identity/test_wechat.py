"""WeChat's login, by its documented answers."""

import logging

import httpx
import pytest

from app.domain.errors import DomainError
from app.identity.refusals import WeChatBusy, WeChatCodeInvalid, WeChatRateLimited, WeChatRefused, WeChatUserBlocked
from app.identity.wechat import DevelopmentProvider, WeChatProvider
from app.infra.http_client import http_client

SESSION_KEY = "tiihtNczf5v6AKRyjwEUhQ=="


def provider(answer: httpx.Response | Exception, *, seen: list[httpx.Request] | None = None) -> WeChatProvider:
    def reply(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return WeChatProvider("wx-app", "wx-secret", http_client(transport=httpx.MockTransport(reply)))


def test_the_request_is_the_documented_one() -> None:
    seen: list[httpx.Request] = []
    answer = {"openid": "oABC", "session_key": SESSION_KEY, "unionid": "uABC"}
    assert provider(httpx.Response(200, json=answer), seen=seen).openid_for("code&appid=x") == "oABC"
    (request,) = seen
    assert (request.method, request.url.host, request.url.path) == ("GET", "api.weixin.qq.com", "/sns/jscode2session")
    assert dict(request.url.params) == {
        "appid": "wx-app",
        "secret": "wx-secret",
        "js_code": "code&appid=x",
        "grant_type": "authorization_code",
    }


def test_errcode_zero_is_no_error() -> None:
    answer = {"openid": "oABC", "session_key": SESSION_KEY, "errcode": 0, "errmsg": "ok"}
    assert provider(httpx.Response(200, json=answer)).openid_for("c") == "oABC"


@pytest.mark.parametrize(
    ("errcode", "refusal", "is_retryable"),
    [
        (40029, WeChatCodeInvalid, False),
        (40163, WeChatCodeInvalid, False),
        (40226, WeChatUserBlocked, False),
        (45011, WeChatRateLimited, True),
        (-1, WeChatBusy, True),
        (40013, WeChatRefused, False),
        (40125, WeChatRefused, False),
    ],
)
def test_every_documented_error_has_its_refusal(errcode: int, refusal: type[DomainError], is_retryable: bool) -> None:
    answer = {"errcode": errcode, "errmsg": "whatever, rid: 1-2-3"}
    with pytest.raises(refusal) as refused:
        provider(httpx.Response(200, json=answer)).openid_for("c")
    assert type(refused.value) is refusal
    assert refused.value.retryable is is_retryable


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.Response(200, text="<html>login page of some network</html>"),
        httpx.Response(200, json=["a", "list"]),
        httpx.Response(200, json={"session_key": SESSION_KEY}),
        httpx.Response(200, json={"openid": ""}),
        httpx.Response(302, headers={"Location": "https://elsewhere.example"}),
        httpx.ConnectTimeout("no answer"),
        httpx.ReadTimeout("no answer"),
        httpx.ConnectError("refused"),
    ],
)
def test_an_answer_that_makes_no_sense_means_try_again(answer: httpx.Response | Exception) -> None:
    with pytest.raises(WeChatBusy) as refused:
        provider(answer).openid_for("c")
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_secret_and_session_key_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """httpx itself logs the address of every request at INFO, and the address holds the secret."""
    with caplog.at_level(logging.DEBUG):
        provider(httpx.Response(200, json={"openid": "oABC", "session_key": SESSION_KEY})).openid_for("c")
        with pytest.raises(WeChatBusy):
            provider(httpx.Response(500, text=SESSION_KEY)).openid_for("c")
    assert "wx-secret" not in caplog.text
    assert SESSION_KEY not in caplog.text


def test_the_stand_in_believes_names_of_its_own_form_only() -> None:
    stand_in = DevelopmentProvider()
    assert stand_in.openid_for("dev-anna") == "dev:anna"
    for code in ("anna", "dev-", "dev-a\n", "DEV-anna", "dev-" + "x" * 65, "071abcdefGHI"):
        with pytest.raises(WeChatCodeInvalid):
            stand_in.openid_for(code)
