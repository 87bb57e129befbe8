"""What can be wrong, in five families; the HTTP status belongs to the family, the words to `app.texts`."""

from typing import ClassVar


class DomainError(Exception):
    """Base of every expected failure.

    `code` is stable and public. `facts` travel to the client beside the Chinese message of `app.texts`
    (key `problem.<code>`), so they hold only what the caller may see.
    """

    code: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts: dict[str, object] = facts

    def __str__(self) -> str:
        return f"{self.code} {self.facts}" if self.facts else self.code


class NotFound(DomainError):
    code = "NOT_FOUND"


class Forbidden(DomainError):
    code = "FORBIDDEN"


class Conflict(DomainError):
    code = "CONFLICT"


class Invalid(DomainError):
    code = "INVALID"


class Stale(DomainError):
    """Somebody else changed the thing since the caller read it."""

    code = "STALE_VERSION"


class Unauthenticated(DomainError):
    """No valid token: outside the five families because it is about the caller, not the request."""

    code = "UNAUTHENTICATED"
