"""Every action on an existing report that can be taken today, in one table, and the one way to take it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel
from sqlmodel import Session

from app.domain.workflow import BESIDE, Action
from app.reports.access import get_for_update
from app.reports.actions import acceptance, beside, citizen, dispatching, handling, merging, reopening, visits
from app.reports.actions import schemas as words
from app.reports.actions.engine import Context, not_before
from app.reports.models import Report


@dataclass(frozen=True, slots=True)
class Verb:
    """What does it, and what it must bring along: `do(session, report, body, context=...)`."""

    do: Callable[..., None]
    body: type[words.Body]


A = Action
VERBS: Mapping[Action, Verb] = {
    A.ACCEPT: Verb(acceptance.accept, words.AcceptBody),
    A.REJECT: Verb(acceptance.reject, words.ReasonBody),
    A.WITHDRAW: Verb(citizen.withdraw, words.NoteBody),
    A.REQUEST_VERIFICATION: Verb(acceptance.request_verification, words.NoteBody),
    A.REPORT_VERIFICATION: Verb(visits.report_verification, words.VerificationBody),
    A.FILE: Verb(acceptance.file, words.FileBody),
    A.VOID: Verb(acceptance.void, words.ReasonBody),
    A.MERGE: Verb(merging.merge, words.MergeBody),
    A.UNMERGE: Verb(merging.unmerge, words.NoteBody),
    A.DISPATCH: Verb(dispatching.dispatch, words.DispatchBody),
    A.SIGN: Verb(handling.sign, words.NoteBody),
    A.ASSIGN: Verb(handling.assign, words.AssignBody),
    A.RETURN: Verb(handling.return_to_dispatch, words.ReasonBody),
    A.SEND_BACK: Verb(dispatching.send_back, words.ReasonBody),
    A.SUBMIT_RESULT: Verb(handling.submit_result, words.ResultBody),
    A.INTERNAL_REWORK: Verb(handling.internal_rework, words.ReasonBody),
    A.RESOLVE: Verb(handling.resolve, words.ResolveBody),
    A.PASS_REVIEW: Verb(dispatching.pass_review, words.NoteBody),
    A.REWORK: Verb(dispatching.rework, words.ReasonBody),
    A.PASS_CHECK: Verb(visits.pass_check, words.VisitBody),
    A.FAIL_CHECK: Verb(visits.fail_check, words.FailedCheckBody),
    A.CLOSE: Verb(acceptance.close, words.CloseBody),
    A.RATE: Verb(citizen.rate, words.RateBody),
    A.REQUEST_REOPEN: Verb(citizen.request_reopen, words.ReasonBody),
    A.ACCEPT_REOPEN: Verb(reopening.accept_reopen, words.NoteBody),
    A.REFUSE_REOPEN: Verb(reopening.refuse_reopen, words.ReasonBody),
    A.SUPPLEMENT: Verb(beside.supplement, words.SupplementBody),
    A.NOTE: Verb(beside.note, words.RemarkBody),
}


def perform(
    session: Session, number: str, action: Action, body: BaseModel, *, version: int | None, context: Context
) -> Report:
    """Take a report for a change, with its master if it is to follow one, and take the action.

    :raises ReportNotFound: there is none for this caller
    :raises Stale: `version` is given and is no longer the report's
    :raises LeasedByAnother: a colleague holds it
    :raises DomainError: what the action itself refuses
    """
    report = get_for_update(
        session,
        number,
        caller=context.caller,
        version=version,
        now=context.now,
        together_with=body.master if isinstance(body, words.MergeBody) else None,
        heeds_lease=action not in BESIDE,
    )
    VERBS[action].do(session, report, body, context=replace(context, now=not_before(context.now, report)))
    return report
