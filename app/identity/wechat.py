"""Turning a login code into an openid: WeChat's server, or a stand-in for development.

Contract (auth.code2Session): GET /sns/jscode2session with appid, secret, js_code and
grant_type=authorization_code is answered with `{openid, session_key, unionid?}` or `{errcode, errmsg}`, always
under status 200. The session key can decrypt personal data: it is neither kept nor logged.
"""

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Protocol

import httpx  # noqa: TID251 - for the names of its types; app.infra.http_client makes the client

from app.domain.errors import DomainError
from app.identity.refusals import WeChatBusy, WeChatCodeInvalid, WeChatRateLimited, WeChatRefused, WeChatUserBlocked

CODE_TO_SESSION = "https://api.weixin.qq.com/sns/jscode2session"


class _WithoutSecret(logging.Filter):
    """Drops the line that httpx writes for every request: the address in it holds the secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        return CODE_TO_SESSION not in record.getMessage()


_WITHOUT_SECRET = _WithoutSecret()

_REFUSALS: dict[object, Callable[[], DomainError]] = {
    -1: partial(WeChatBusy, retry_after_s=1),
    40029: WeChatCodeInvalid,
    40163: WeChatCodeInvalid,  # the code has been used
    40226: WeChatUserBlocked,
    45011: partial(WeChatRateLimited, retry_after_s=60),
}


class CodeExchange(Protocol):
    """Asks somebody who can know which user a login code belongs to."""

    def openid_for(self, code: str) -> str:
        """Return the user's openid. Talks to a network: never call it inside a transaction.

        :raises WeChatCodeInvalid: the code is unknown, used or too old
        :raises DomainError: one of the other refusals of WeChat
        """
        ...


class WeChatProvider:
    """WeChat's own answer, for one mini-program."""

    def __init__(self, app_id: str, secret: str, client: httpx.Client) -> None:
        self._app_id = app_id
        self._secret = secret
        self._client = client
        logging.getLogger("httpx").addFilter(_WITHOUT_SECRET)

    def openid_for(self, code: str) -> str:
        answer = self._ask(code)
        refusal = answer.get("errcode", 0)
        if isinstance(refusal, int) and refusal != 0:
            refused = _REFUSALS.get(refusal, partial(WeChatRefused, errcode=refusal))
            raise refused()
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise WeChatBusy(retry_after_s=1)
        return openid

    def _ask(self, code: str) -> dict[str, object]:
        wanted = {
            "appid": self._app_id,
            "secret": self._secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        try:
            response = self._client.get(CODE_TO_SESSION, params=wanted)
            answer = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            # The cause is left out on purpose: its text holds the URL and with it the secret.
            raise WeChatBusy(retry_after_s=1) from None
        if not isinstance(answer, dict):
            raise WeChatBusy(retry_after_s=1)
        return answer


class DevelopmentProvider:
    """Believes every name it is told: the code `dev-anna` is the user `dev:anna`.

    The composition root refuses to use it on anything but a loopback address.
    """

    _CODE = re.compile(r"dev-([0-9A-Za-z_-]{1,64})")

    def openid_for(self, code: str) -> str:
        found = self._CODE.fullmatch(code)
        if found is None:
            raise WeChatCodeInvalid
        return f"dev:{found[1]}"
