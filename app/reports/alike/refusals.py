"""Why a report is not taken yet, or not joined."""

from app.domain.errors import Conflict, Forbidden, NotFound


class PossibleDuplicates(Conflict):
    """Others have probably reported the same; join one, or send it again with `duplicates_acknowledged`.

    Carries the `candidates` as `DuplicateRead`, nothing that tells whose or which reports they are.
    """

    code = "POSSIBLE_DUPLICATES"


class JoinTokenInvalid(Forbidden):
    """Not made by us for this caller, altered, or expired."""

    code = "JOIN_TOKEN_INVALID"


class JoinOwnReport(Conflict):
    """Who reported a problem follows it anyway."""

    code = "JOIN_OWN_REPORT"


class JoinReportOver(Conflict):
    """The report was closed or ended meanwhile: nobody works on it any more."""

    code = "JOIN_REPORT_OVER"


class FollowedNotFound(NotFound):
    """The caller has joined no such report."""

    code = "FOLLOWED_NOT_FOUND"
