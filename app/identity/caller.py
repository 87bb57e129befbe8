"""The caller of a request: out of the bearer token, through a cache of a few seconds.

The application holds the cache, `app.state.callers = CallerCache()`, and `app.state.allows_demo_accounts` (bool):
whether demonstration accounts, whose passwords are public, may come in.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from app.domain.errors import Unauthenticated
from app.domain.roles import PERMISSIONS, Caller, Permission, Role
from app.domain.workflow import Action, roles_for
from app.identity.refusals import PermissionMissing, TokenExpired
from app.identity.throttle import CallerThrottle
from app.identity.tokens import KnownCaller, known_caller, token_hash
from app.infra.app_state import from_state
from app.infra.clock import Now
from app.infra.database import Database, DatabaseDep

_LONGEST_TOKEN = 128


class CallerCache:
    """Callers by the hash of their token, each for a few seconds: a revoked token works that much longer.

    Only found callers are kept, so guessed tokens fill nothing. `logout` in the same process is seen at once.
    """

    def __init__(self, *, fresh_for: timedelta = timedelta(seconds=5), most: int = 4096) -> None:
        self._fresh_for = fresh_for
        self._most = most
        self._known: dict[str, tuple[KnownCaller, datetime]] = {}

    def get(self, hashed: str, *, now: datetime) -> KnownCaller | None:
        known, read_at = self._known.get(hashed, (None, now))
        is_fresh = timedelta(0) <= now - read_at < self._fresh_for
        return known if is_fresh else None

    def put(self, hashed: str, known: KnownCaller, *, now: datetime) -> None:
        self._known.pop(hashed, None)
        self._known[hashed] = (known, now)
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]  # the one read longest ago

    def forget(self, hashed: str) -> None:
        self._known.pop(hashed, None)


_bearer = HTTPBearer(auto_error=False, description="登录接口返回的 token")


async def _hash_of_token(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    if credentials is None or not 0 < len(credentials.credentials) <= _LONGEST_TOKEN:
        raise Unauthenticated
    return token_hash(credentials.credentials)


TokenHash = Annotated[str, Depends(_hash_of_token)]
"""The hash of the request's bearer token, not yet compared with anything."""


CallerCacheDep = Annotated[CallerCache, from_state("callers")]


AllowsDemo = Annotated[bool, from_state("allows_demo_accounts")]
"""Whether demonstration accounts may come in: only where nobody but this machine can reach the server."""


async def resolve_caller(
    hashed: TokenHash, cache: CallerCacheDep, database: DatabaseDep, allows_demo: AllowsDemo, now: Now
) -> Caller:
    """Return who is calling; only a token not seen for 5 seconds costs a thread and a query.

    :raises Unauthenticated: no token, an unknown or revoked one, or an account that is inactive or not allowed here
    :raises TokenExpired: the token's time is over
    """
    known = cache.get(hashed, now=now)
    if known is None:
        known = await run_in_threadpool(_look_up, database, hashed, allows_demo=allows_demo)
        cache.put(hashed, known, now=now)
    if known.expires_at <= now:
        raise TokenExpired
    return known.caller


def _look_up(database: Database, hashed: str, *, allows_demo: bool) -> KnownCaller:
    with database.reading() as session:
        return known_caller(session, hashed=hashed, allows_demo=allows_demo)


CallerDep = Annotated[Caller, Depends(resolve_caller)]
"""The caller of the request; without a valid token the answer is 401."""


@dataclass(frozen=True)
class Gate:
    """A dependency that lets only callers with one of `roles` in; the API's description is written from it.

    :raises PermissionMissing: from the dependency, when the caller has none of them
    """

    roles: frozenset[Role]
    name: str

    async def __call__(self, caller: CallerDep) -> Caller:
        if caller.roles.isdisjoint(self.roles):
            raise PermissionMissing(permission=self.name)
        return caller


def require(permission: Permission) -> Gate:
    """Return the gate of a permission, as in `Annotated[Caller, Depends(require(Permission.VIEW_QUEUE))]`."""
    return Gate(PERMISSIONS[permission], permission.value)


def limited(name: str) -> Callable[..., Coroutine[Any, Any, None]]:
    """Return a dependency that counts the caller's requests with `app.state.throttles[name]` (`CallerThrottle`).

    :raises TooManyRequests: from the dependency
    """

    async def counted(
        caller: CallerDep, throttles: Annotated[Mapping[str, CallerThrottle], from_state("throttles")], now: Now
    ) -> None:
        throttles[name].count(caller, now=now)

    return counted


def require_action(*actions: Action) -> Gate:
    """Return the gate of actions on reports: open to the roles that may take one of them in some status."""
    roles = frozenset[Role]().union(*(roles_for(action) for action in actions))
    return Gate(roles, actions[0].value)
