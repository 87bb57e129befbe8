"""The ticker repeats, never overlaps, and never stops or stays silent."""

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from app.infra.scheduler import MAX_ROUNDS, Failure, Ticker


@pytest.fixture
def ticker(now: datetime) -> Ticker:
    return Ticker(clock=lambda: now)


def test_a_job_is_repeated_until_nothing_is_left(ticker: Ticker, now: datetime) -> None:
    batches = iter([100, 100, 3, 0, 99])
    ticker.every(60, "fan_out", lambda: next(batches))
    assert ticker.tick("fan_out") == 203
    assert next(batches) == 99
    assert ticker.last_success == {"fan_out": now}


def test_a_backlog_is_bounded_per_tick(ticker: Ticker) -> None:
    ticker.every(60, "endless", lambda: 1)
    assert ticker.tick("endless") == MAX_ROUNDS


def test_a_stop_waits_for_the_batch_that_runs_and_not_for_the_backlog(ticker: Ticker) -> None:
    ticker.start()
    ticker.stop()
    ticker.every(60, "endless", lambda: 1)
    assert ticker.tick("endless") == 1


def test_a_failure_is_logged_and_kept_until_the_next_success(ticker: Ticker, now: datetime) -> None:
    outcomes: Iterator[int | Exception] = iter([KeyError("13800000000"), KeyError(), 0])

    def job() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    ticker.every(60, "deliver", job)
    with capture_logs() as lines:
        ticker.tick("deliver")
        ticker.tick("deliver")
    assert ticker.failures == {"deliver": Failure(count=2, error="KeyError", since=now, at=now)}
    assert [(line["event"], line["job"], line["log_level"]) for line in lines] == [
        ("job failed", "deliver", "error")
    ] * 2
    ticker.tick("deliver")
    assert ticker.failures == {}


def test_two_jobs_may_not_share_a_name(ticker: Ticker) -> None:
    ticker.every(60, "deliver", lambda: 0)
    with pytest.raises(ValueError, match="deliver"):
        ticker.every(60, "deliver", lambda: 0)


def test_it_ticks_at_once_and_again_and_survives_failures(ticker: Ticker) -> None:
    runs = threading.Semaphore(0)

    def job() -> int:
        runs.release()
        raise RuntimeError

    ticker.every(0.02, "failing", job)
    ticker.start()
    try:
        assert all(runs.acquire(timeout=5) for _ in range(3))
    finally:
        ticker.stop()
    assert ticker.failures["failing"].count >= 3


def test_a_slow_job_is_never_run_twice_at_a_time(ticker: Ticker) -> None:
    running, most = 0, 0
    lock, thrice = threading.Lock(), threading.Semaphore(0)

    def job() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.05)
        with lock:
            running -= 1
        thrice.release()
        return 0

    ticker.every(0.01, "slow", job)
    ticker.start()
    try:
        assert all(thrice.acquire(timeout=5) for _ in range(3))
    finally:
        ticker.stop()
    assert most == 1


def test_stopping_waits_for_the_running_job(ticker: Ticker) -> None:
    started, ended = threading.Event(), threading.Event()

    def job() -> int:
        started.set()
        threading.Event().wait(0.1)
        ended.set()
        return 0

    ticker.every(60, "slow", job)
    ticker.start()
    assert started.wait(5)
    ticker.stop(wait=True)
    assert ended.is_set()
