"""The only table of HTTP statuses: one per family of errors, with the families that exist only at the edge."""

from app.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Stale, Unauthenticated


class PayloadTooLarge(DomainError):
    code = "PAYLOAD_TOO_LARGE"


class UnsupportedMedia(DomainError):
    code = "UNSUPPORTED_MEDIA_TYPE"


class MethodNotAllowed(DomainError):
    code = "METHOD_NOT_ALLOWED"


class RequestTimeout(DomainError):
    """The body did not arrive in time."""

    code = "REQUEST_TIMEOUT"
    retryable = True


class TooManyRequests(DomainError):
    """The fact `retry_after_s` (whole seconds) becomes the Retry-After header."""

    code = "TOO_MANY_REQUESTS"
    retryable = True


class Unavailable(DomainError):
    """Something we depend on does not answer; `retry_after_s` as in `TooManyRequests`."""

    code = "UNAVAILABLE"
    retryable = True


class DatabaseUnavailable(Unavailable):
    code = "DATABASE_UNAVAILABLE"


class ValidationFailed(Invalid):
    """The fact `errors` lists the fields."""

    code = "VALIDATION"


class MalformedJson(Invalid):
    code = "MALFORMED_JSON"


class MalformedBody(Invalid):
    """The framework could not read the body as what its Content-Type says."""

    code = "MALFORMED_BODY"


FAMILY_STATUS: dict[type[DomainError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    RequestTimeout: 408,
    Conflict: 409,
    Stale: 412,
    PayloadTooLarge: 413,
    UnsupportedMedia: 415,
    Invalid: 422,
    TooManyRequests: 429,
    DomainError: 500,
    Unavailable: 503,
}

# What the framework raises by itself. Its 400 is a body it cannot read: invalid, like any other bad input.
_FAMILY_OF_STATUS = {status: family for family, status in FAMILY_STATUS.items()} | {400: MalformedBody}


def status_of(error: DomainError) -> int:
    return status_of_kind(type(error))


def status_of_kind(kind: type[DomainError]) -> int:
    """Return the status of the nearest family among the kind's ancestors."""
    return next(FAMILY_STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in FAMILY_STATUS)


def family_of(status: int) -> type[DomainError]:
    """Return the family that speaks for a status the framework chose; the unexpected ones are ours to explain."""
    return _FAMILY_OF_STATUS.get(status, DomainError)
