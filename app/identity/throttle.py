"""A brake on guessing passwords, and one on flooding: per login name and per caller, never per address.

A mini-program's gateway is one address for a whole city, so counting addresses would close the service to everybody.
"""

from datetime import datetime, timedelta

from app.domain.roles import Caller, Role
from app.identity.refusals import TooManyAttempts
from app.infra.throttle import Throttle


class LoginThrottle:
    """Counts tries per login name, known or not; a right password wipes the slate."""

    def __init__(self, *, limit: int = 10, window: timedelta = timedelta(minutes=15), most_names: int = 10_000) -> None:
        self._tries = Throttle(limit=limit, window=window, most_keys=most_names, refusal=TooManyAttempts)

    def begin_try(self, login_name: str, *, now: datetime) -> None:
        """Count a try before it is made.

        :raises TooManyAttempts: the name has used up its tries
        """
        self._tries.count(login_name, now=now)

    def succeeded(self, login_name: str) -> None:
        self._tries.forget(login_name)


class CallerThrottle:
    """Counts what one caller sends in an hour; programs of the city (service role) are trusted with any number."""

    def __init__(self, *, per_hour: int) -> None:
        self._sent = Throttle(limit=per_hour, window=timedelta(hours=1))

    def count(self, caller: Caller, *, now: datetime) -> None:
        """Count one request of a caller.

        :raises TooManyRequests: more than the hour allows
        """
        if not caller.has(Role.SERVICE):
            self._sent.count(str(caller.user_id), now=now)
