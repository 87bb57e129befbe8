"""The client side of a load: a few threads, each with a connection of its own that stays open."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection

THREADS = 8


@dataclass(frozen=True, slots=True)
class Post:
    """One request to be sent, with a word that a right answer must hold."""

    path: str
    body: bytes
    expected: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def send(port: int, posts: Sequence[Post]) -> None:
    """Send all of them over `THREADS` connections and return when the last has been answered.

    :raises RuntimeError: an answer was not 201 or not what was expected
    """
    shares = [posts[each::THREADS] for each in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda share: _send_share(port, share), shares))


def _send_share(port: int, posts: Sequence[Post]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        for post in posts:
            headers = {"Content-Type": "application/json", **post.headers}
            connection.request("POST", post.path, body=post.body, headers=headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 201 or post.expected not in answer:
                raise RuntimeError(f"{post.path} answered {response.status}: {answer[:500]!r}")
    finally:
        connection.close()
