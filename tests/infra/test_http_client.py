"""Outgoing requests end, and go where they say."""

import httpx
import pytest

from app.infra.http_client import http_client


def test_a_redirect_is_not_followed() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(302, headers={"Location": "http://10.0.0.1/"}))
    with http_client(transport=transport) as client:
        assert client.get("https://api.weixin.qq.com/").status_code == 302


def test_every_wait_has_an_end() -> None:
    with http_client(timeout_s=3, transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        assert client.timeout == httpx.Timeout(3)


def test_an_unreachable_host_fails() -> None:
    with http_client(timeout_s=1, retries=0) as client, pytest.raises(httpx.ConnectError):
        client.get("http://127.0.0.1:1/")
