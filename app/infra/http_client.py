"""Outgoing HTTP to fixed, known hosts (WeChat, SMS gateways): time limits, few retries, no redirects."""

import httpx


def http_client(
    *, timeout_s: float = 5, retries: int = 2, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Return a client to be closed by its owner.

    Only failed connections are retried: a request that may have arrived is not sent twice. Redirects are not
    followed and the environment's proxies are ignored, so a request reaches the host it names or fails.
    Never pass it an address that a user supplied.

    :param timeout_s: for connecting, for each read and write, and for a free connection; seconds
    :param transport: for tests, e.g. `httpx.MockTransport`
    """
    return httpx.Client(
        timeout=timeout_s,
        follow_redirects=False,
        trust_env=False,
        transport=transport or httpx.HTTPTransport(retries=retries, limits=httpx.Limits(max_connections=16)),
    )
