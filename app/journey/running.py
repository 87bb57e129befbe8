"""Takes the steps one after the other, prints each with its time and stops at the first that is not as expected."""

import time

from rich.console import Console
from rich.markup import escape

from app.journey.server import Server, Unexpected, Unreachable
from app.journey.steps import STEPS, Journey, NotADemo
from app.texts import text


def travel(base: str, *, password: str, timeout_s: float, console: Console) -> bool:
    """Play all steps against a server and return whether each went as expected.

    :param timeout_s: the most any request may wait, in seconds
    """
    console.print(text("journey.title", base=base), style="bold", highlight=False)
    began = time.perf_counter()
    with Server(base, timeout_s=timeout_s) as server:
        journey = Journey(server, password)
        for place, (name, step) in enumerate(STEPS.items(), start=1):
            words, started = text(f"journey.step.{name}"), time.perf_counter()
            try:
                detail = step(journey)
            except Unexpected as differs:
                reason = text("journey.failed", step=words, expected=differs.expected, got=differs.got)
                return _stop(console, reason)
            except (NotADemo, Unreachable) as missing:
                return _stop(console, str(missing))
            took = text("journey.milliseconds", ms=round((time.perf_counter() - started) * 1_000))
            console.print(f"[green]✓[/] {place:2} {words}  [cyan]{took}[/]  [dim]{escape(detail)}[/]", highlight=False)
    seconds = round(time.perf_counter() - began, 1)
    done = text("journey.done", count=len(STEPS), seconds=seconds, number=journey.number)
    console.print(done, style="bold green", highlight=False)
    return True


def _stop(console: Console, reason: str) -> bool:
    console.print(f"✗ {escape(reason)}", style="bold red", highlight=False, soft_wrap=True)
    return False
