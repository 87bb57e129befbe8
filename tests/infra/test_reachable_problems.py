"""The problems an endpoint can have are found by following its code: calls, methods, partials, tables, protocols."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.cells import Cell, InvalidCellCode
from app.domain.errors import DomainError, Unauthenticated
from app.domain.report_number import InvalidReportNumber, parse
from app.identity import api as identity
from app.identity.caller import Gate, resolve_caller
from app.identity.refusals import (
    PermissionMissing,
    TokenExpired,
    TooManyAttempts,
    WeChatBusy,
    WeChatCodeInvalid,
    WrongCredentials,
)
from app.infra.reachable_problems import reachable_problems
from app.reports.actions import citizen, dispatching
from app.reports.errors import AlreadySigned, NeedsRuling, RatingClosed


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (parse, InvalidReportNumber),  # named in the function itself
        (Cell, InvalidCellCode),  # in what runs when one is made
        (Gate, PermissionMissing),  # in what runs when it is called
        (resolve_caller, Unauthenticated),  # in what it hands to a thread
        (identity.log_in_by_password, TooManyAttempts),  # a method of what an annotation names
        (identity.log_in_by_wechat, WeChatCodeInvalid),  # behind a protocol, out of a table
        (identity.log_in_by_wechat, WeChatBusy),  # the same, as a partial
    ],
)
def test_a_problem_is_found_wherever_the_code_leads(call: Callable[..., Any], kind: type[DomainError]) -> None:
    assert kind in reachable_problems([call])


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (citizen.withdraw, RatingClosed),
        (citizen.rate, AlreadySigned),
        (citizen.rate, NeedsRuling),
        (dispatching.pass_review, NeedsRuling),
        (identity.log_in_by_wechat, WrongCredentials),
        (identity.log_in_by_password, TokenExpired),
    ],
)
def test_a_problem_of_other_code_is_not_found(call: Callable[..., Any], kind: type[DomainError]) -> None:
    assert kind not in reachable_problems([call])


@pytest.mark.parametrize("name", ["app.identity.tokens", "app.identity.tokens.known_caller"])
def test_what_lies_outside_is_not_followed(name: str) -> None:
    assert Unauthenticated not in reachable_problems([resolve_caller], outside={name})
    assert TokenExpired in reachable_problems([resolve_caller], outside={name})
