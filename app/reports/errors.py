"""What can be wrong with a report and the things done to it."""

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound


class NothingToSay(Invalid):
    """Neither a category nor a word."""

    code = "REPORT_SAYS_NOTHING"


class PhotoRequired(Invalid):
    """A citizen's or inspector's report, a result or a check without a photo."""

    code = "PHOTO_REQUIRED"


class ConditionRequired(Invalid):
    """Filing needs a filing condition; accepting needs at least a class."""

    code = "CONDITION_REQUIRED"


class VerificationRequired(Conflict):
    """The class is never filed before somebody has been there."""

    code = "VERIFICATION_REQUIRED"


class VerifiedFalse(Conflict):
    """The verification found nothing: void it, do not file it."""

    code = "VERIFIED_FALSE"


class UnknownUnit(Invalid):
    code = "UNIT_UNKNOWN"


class UnitTwice(Invalid):
    """A unit leads and assists, or assists twice."""

    code = "UNIT_TWICE"


class UnitReturnedIt(Conflict):
    """A unit that returned a report gets it again only by a supervisor's ruling."""

    code = "UNIT_RETURNED_IT"


class NeedsRuling(Conflict):
    """After two returns of one report a supervisor decides where it goes."""

    code = "NEEDS_RULING"


class AlreadySigned(Conflict):
    """The unit is at work: a report can no longer be withdrawn."""

    code = "ALREADY_SIGNED"


class NotYourTask(Forbidden):
    """The report is assigned to somebody else in the unit."""

    code = "NOT_YOUR_TASK"


class UnknownHandler(Invalid):
    """Not an active member of the unit."""

    code = "HANDLER_UNKNOWN"


class TooFar(Invalid):
    """A check or verification from a point too far from the report's place."""

    code = "TOO_FAR_FROM_PLACE"


class RatingClosed(Conflict):
    """Rated already, or more than 15 days after closing."""

    code = "RATING_CLOSED"


class ReasonRequired(Invalid):
    """Who is dissatisfied says why."""

    code = "REASON_REQUIRED"


class ClosingConditionNotMet(Conflict):
    """Whoever gives the result, or closes, says themselves that it is not what the filing condition asks for."""

    code = "CLOSING_CONDITION_NOT_MET"


class ReopenClosed(Conflict):
    """Asked for another try before, or more than 15 days after closing."""

    code = "REOPEN_CLOSED"


class ReopenNotRequested(Conflict):
    """Nobody is waiting for an answer."""

    code = "REOPEN_NOT_REQUESTED"


class MasterNotFound(NotFound):
    """No such report among those that the caller may accept."""

    code = "MASTER_NOT_FOUND"


class MasterIsSelf(Invalid):
    """A report does not follow itself."""

    code = "MASTER_IS_SELF"


class MasterIsMerged(Conflict):
    """The master follows another report; merge into that one, so that no chain is made."""

    code = "MASTER_IS_MERGED"


class MasterClosed(Conflict):
    """The master is over: nobody works on it any more."""

    code = "MASTER_CLOSED"


class HasFollowers(Conflict):
    """Other reports follow this one: it neither follows another nor is it withdrawn."""

    code = "HAS_FOLLOWERS"


class NothingToAdd(Invalid):
    """A supplement with neither words nor photos."""

    code = "SUPPLEMENT_EMPTY"


class SupplementsFull(Conflict):
    """The reporter has added as much as a report takes."""

    code = "SUPPLEMENTS_FULL"


class NotesFull(Conflict):
    """Staff have noted as much as a report takes."""

    code = "NOTES_FULL"


class NumberTaken(Conflict):
    """Two reports of one second drew the same number: once in a million pairs."""

    code = "NUMBER_TAKEN"
    retryable = True
