"""Dry runs as tests ask for them, carry them out and read them."""

from typing import Any

from sqlmodel import Session, col, select

from app.infra.database import Database
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.words import RuleSetWords
from app.rulebook.models import DryRun, DryRunChange, DryRunState
from app.rulebook.rehearsals.claiming import Claimed, claim_next
from app.rulebook.rehearsals.request import request_dry_run
from app.rulebook.rehearsals.running import carry_out
from app.rulebook.rehearsals.schemas import DryRunSummary
from tests.builders import NOW
from tests.builders_city import LICUN
from tests.rulebook.past import Past, a_rule, store_past, store_version
from tests.towns import Town

REFUSE = "06010"
SANITATION = "class-06010"
SQUAD_SWEEPS = a_rule("squad-sweeps", {"class": REFUSE, "area": LICUN}, {"role": "enforcement_squad"})
TEAM_SWEEPS = a_rule(SANITATION, {"class": REFUSE}, {"role": "sanitation_team"})


def history(town: Town, *past: Past) -> None:
    with town.database.transaction() as session:
        store_past(session, town.world, past)


def ask(town: Town, words: RuleSetWords, *, last: int = 1_000, state: RuleSetState = RuleSetState.CHECKED) -> int:
    """Store a version and ask for its dry run; return the run's id."""
    with town.database.transaction() as session:
        store_version(session, words, state=state)
        return again(session, words.version, last=last)


def again(session: Session, name: str, *, last: int = 1_000) -> int:
    run = request_dry_run(session, name, last=last, reason="看看影响", editor="user:7", now=NOW)
    return run.id or 0


def claimed(town: Town, *, at: Any = NOW) -> Claimed:
    with town.database.transaction() as session:
        run = claim_next(session, now=at)
    assert run is not None
    return run


def nothing(_done: int, _total: int) -> None:
    """Be told, and say nothing."""


def work(town: Town, **changes: Any) -> None:
    """Carry the next dry run out, as the worker does."""
    what: dict[str, Any] = {"city": town.world.city, "clock": lambda: NOW, "tell": nothing} | changes
    carry_out(town.database, claimed(town), **what)


def row(database: Database, run_id: int) -> DryRun:
    with database.reading() as session:
        return session.get_one(DryRun, run_id)


def summary(database: Database, run_id: int) -> DryRunSummary:
    run = row(database, run_id)
    assert run.state is DryRunState.DONE, run.failure
    return DryRunSummary.model_validate(run.summary)


def changes(database: Database, run_id: int) -> list[DryRunChange]:
    with database.reading() as session:
        wanted = select(DryRunChange).where(DryRunChange.dry_run_id == run_id).order_by(col(DryRunChange.report_id))
        return list(session.exec(wanted))


def rehearse(town: Town, words: RuleSetWords, **options: Any) -> DryRunSummary:
    run_id = ask(town, words, **options)
    work(town)
    return summary(town.database, run_id)


def state_of(database: Database, name: str) -> RuleSetState:
    with database.reading() as session:
        return session.exec(select(RuleSetVersion).where(RuleSetVersion.version == name)).one().state
