"""When the demonstration's people get round to something: lognormal delays within their shifts."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.working_time import BEIJING

SPREAD = 0.8
"""Sigma of a delay's logarithm: nine in ten come within 2.8 times the median."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of the Beijing day, weekends included, and how much is done outside them by whoever is on duty."""

    opens: int
    closes: int
    on_duty: float

    def covers(self, at: datetime) -> bool:
        return self.opens <= at.astimezone(BEIJING).hour < self.closes

    def next_opening(self, at: datetime) -> datetime:
        local = at.astimezone(BEIJING)
        day = local if local.hour < self.opens else local + timedelta(days=1)
        return day.replace(hour=self.opens, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)


DESK = Shift(opens=7, closes=22, on_duty=0.25)
ON_THE_ROAD = Shift(opens=8, closes=20, on_duty=0.1)
AWAKE = Shift(opens=7, closes=23, on_duty=0.02)
ALL_NIGHT = Shift(opens=0, closes=24, on_duty=1)


def delay(dice: random.Random, minutes: float) -> timedelta:
    """Return a delay with this median, in whole seconds, a minute at least."""
    return timedelta(seconds=max(60, round(dice.lognormvariate(math.log(minutes * 60), SPREAD))))


def reached(dice: random.Random, at: datetime, minutes: float, shift: Shift) -> datetime:
    """Return when somebody gets round to what arrives at `at`, in a median of `minutes`."""
    ready = at + delay(dice, minutes)
    if shift.covers(ready) or dice.random() < shift.on_duty:
        return ready
    return shift.next_opening(ready) + delay(dice, minutes)
