"""Dispatchers at one desk, all at once: each pulls reports and acts on them until the queue is empty."""

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import Lock
from typing import Any

MOST_AT_A_TIME = 3
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Hold:
    """When a report was surely in somebody's hands: from the answer that gave it to the request that gave it away.

    Instants are seconds of the monotonic clock of this process.
    """

    number: str
    user_id: int
    since: float
    until: float


@dataclass(slots=True)
class Board:
    """What everybody writes down: who held what, who dispatched what, and how often each answer came."""

    holds: list[Hold] = field(default_factory=list)
    dispatched: list[tuple[str, int]] = field(default_factory=list)
    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    in_hand: dict[str, tuple[int, int]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def somebody_elses(self, user_id: int) -> tuple[str, int] | None:
        """Return the number and version of a report that a colleague holds at this moment, as far as is known."""
        with self.lock:
            found = [(number, version) for number, (owner, version) in self.in_hand.items() if owner != user_id]
        return found[-1] if found else None


@dataclass(slots=True)
class Dispatcher:
    """One person with a connection of their own, to one of the servers."""

    user_id: int
    token: str
    port: int
    board: Board
    dice: random.Random
    trouble: float
    given_back: set[str] = field(default_factory=set)

    def work(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            while items := self._pull(connection, self.dice.randint(1, MOST_AT_A_TIME)):
                self._handle(connection, items)
        finally:
            connection.close()

    def _handle(self, connection: HTTPConnection, items: Sequence[dict[str, Any]]) -> None:
        since = time.monotonic()
        to_give_back = [item for item in items if self._happens() and item["number"] not in self.given_back]
        to_dispatch = [item for item in items if item not in to_give_back]
        with self.board.lock:
            self.board.in_hand |= {item["number"]: (self.user_id, item["version"]) for item in to_dispatch}
        if self._happens():
            self._ask_again(connection, items)
        for item in to_give_back:
            self.given_back.add(item["number"])
            self._hold(item, since)
            self._succeed(connection, "release", f"/reports/{item['number']}/release", {})
        for item in to_dispatch:
            if self._happens():
                self._grab(connection)
            self._dispatch(connection, item, since)

    def _happens(self) -> bool:
        return self.dice.random() < self.trouble

    def _pull(self, connection: HTTPConnection, limit: int) -> list[dict[str, Any]]:
        answer = self._succeed(connection, "pull", "/queues/dispatch/pull", {"limit": limit})
        items: list[dict[str, Any]] = answer["items"]
        return items

    def _ask_again(self, connection: HTTPConnection, items: Sequence[dict[str, Any]]) -> None:
        """Pull as after a lost answer: it has to be the same reports."""
        again = [item["number"] for item in self._pull(connection, len(items))]
        is_same = again == [item["number"] for item in items]
        self._count("the same again" if is_same else "something else", 200)

    def _dispatch(self, connection: HTTPConnection, item: dict[str, Any], since: float) -> None:
        number = item["number"]
        self._hold(item, since)
        headers = {"If-Match": f'"{item["version"]}"'}
        self._succeed(connection, "dispatch", f"/reports/{number}/dispatch", {}, **headers)
        with self.board.lock:
            del self.board.in_hand[number]
            self.board.dispatched.append((number, self.user_id))

    def _grab(self, connection: HTTPConnection) -> None:
        """Try to dispatch what a colleague holds."""
        found = self.board.somebody_elses(self.user_id)
        if found is not None:
            number, version = found
            headers = {"If-Match": f'"{version}"'}
            status, _ = self._post(connection, "grab", f"/reports/{number}/dispatch", {}, **headers)
            if status == 200:
                self.board.dispatched.append((number, self.user_id))

    def _hold(self, item: dict[str, Any], since: float) -> None:
        self.board.holds.append(Hold(item["number"], self.user_id, since, time.monotonic()))

    def _succeed(
        self, connection: HTTPConnection, what: str, path: str, body: dict[str, Any], **headers: str
    ) -> dict[str, Any]:
        status, answer = self._post(connection, what, path, body, **headers)
        if status != 200:
            raise RuntimeError(f"{what} {path} answered {status}: {answer}")
        return answer

    def _post(
        self, connection: HTTPConnection, what: str, path: str, body: dict[str, Any], **headers: str
    ) -> tuple[int, dict[str, Any]]:
        own = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", f"/api/v1{path}", json.dumps(body).encode(), own | headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        self._count(what, response.status, answer.get("code", ""))
        return response.status, answer

    def _count(self, what: str, status: int, code: str = "") -> None:
        with self.board.lock:
            self.board.answers[what, status, code] += 1


def work_off(ports: Sequence[int], people: Sequence[tuple[int, str]], *, seed: int, trouble: float = 0.0) -> Board:
    """Let everybody work at once until each has pulled nothing, and return what they wrote down.

    :param people: user id and token of each dispatcher; they take the servers in turn
    :param trouble: how often, as a share, somebody asks again, gives a report back or reaches for a colleague's
    :raises RuntimeError: what a holder may do was refused
    """
    board = Board()
    crowd = [
        Dispatcher(user_id, token, ports[index % len(ports)], board, random.Random(seed + index), trouble)
        for index, (user_id, token) in enumerate(people)
    ]
    with ThreadPoolExecutor(len(crowd)) as threads:
        for done in [threads.submit(each.work) for each in crowd]:
            done.result()
    return board
