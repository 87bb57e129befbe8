"""`suishoupai triage train | evaluate | list | activate | propose`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from app.domain.errors import DomainError
from app.infra.clock import now
from app.stage_bars import bar_per_stage
from app.texts import text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import RenderableType

    from app.infra.database import Database
    from app.reports.world import World
    from app.triage.samples import Sample
    from app.triage.schemas import TriageModelRead

EDITOR = "cli"
LAST = 50_000
LAST_MAX = 200_000
WORTH_MEASURING = 50
"""Reports closed since the training below which a figure on them says nothing."""

Tell = Callable[[str, int, int], None]
"""Hears the step, how much of it is done, and how much there is."""

Last = Annotated[int, typer.Option(min=1, max=LAST_MAX, help=text("triage.option_last"))]


def add_triage(
    app: typer.Typer,
    *,
    open_database: "Callable[[], AbstractContextManager[Database]]",
    console: Console,
    progress_bars: Callable[[], Progress],
) -> None:
    """Add the group `triage`; the caller decides which database and where to print."""
    group = typer.Typer(no_args_is_help=True, help=text("triage.help"))
    app.add_typer(group, name="triage")
    desk = _Desk(open_database, console, progress_bars)

    @group.command("train", help=text("triage.help_train"))
    def train(
        *,
        last: Last = LAST,
        activate: Annotated[bool, typer.Option("--activate", help=text("triage.option_activate"))] = False,
        threshold: Annotated[str, typer.Option(help=text("triage.option_threshold"))] = "auto",
        demo: Annotated[bool, typer.Option("--demo", help=text("triage.option_demo"))] = False,
    ) -> None:
        wanted = desk.read_threshold(threshold)
        if find_spec("sklearn") is None:
            desk.refuse("triage.no_scikit_learn")
        with desk.at_work() as database:
            version = desk.train(database, last=last, threshold=wanted, with_demo=demo)
            desk.show_figures(database, version)
            if activate:
                desk.activate(database, version)
            else:
                desk.say("triage.not_active", version=version)

    @group.command("evaluate", help=text("triage.help_evaluate"))
    def evaluate(
        version: Annotated[str | None, typer.Argument(help=text("triage.argument_version"))] = None,
        *,
        last: Last = LAST,
    ) -> None:
        with desk.at_work() as database:
            model = desk.show_figures(database, version)
            desk.evaluate_since(database, model, last=last)

    @group.command("list", help=text("triage.help_list"))
    def list_all() -> None:
        with desk.at_work() as database:
            desk.list_models(database)

    @group.command("activate", help=text("triage.help_activate"))
    def activate_one(version: Annotated[str, typer.Argument(help=text("triage.argument_version"))]) -> None:
        with desk.at_work() as database:
            desk.activate(database, version)

    @group.command("propose", help=text("triage.help_propose"))
    def propose(
        words: Annotated[str, typer.Argument(help=text("triage.argument_text"))],
        *,
        category: Annotated[str | None, typer.Option(help=text("triage.option_category"))] = None,
    ) -> None:
        with desk.at_work() as database:
            desk.propose(database, words, category)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the commands read and print."""

    open_database: "Callable[[], AbstractContextManager[Database]]"
    console: Console
    progress_bars: Callable[[], Progress]

    @contextmanager
    def at_work(self) -> "Iterator[Database]":
        """Give the database; what cannot be done is one sentence."""
        from sqlalchemy.exc import OperationalError, ProgrammingError

        try:
            with self.open_database() as database:
                yield database
        except DomainError as refused:
            self.refuse(f"problem.{refused.code}", **refused.facts)
        except (OperationalError, ProgrammingError) as failed:  # not there, not migrated, or held for too long
            self.refuse("triage.database", detail=failed.orig)

    def refuse(self, key: str, **facts: object) -> NoReturn:
        self.say(key, style="red", **facts)
        raise typer.Exit(1)

    def say(self, key: str, *, style: str | None = None, **facts: object) -> None:
        self.console.print(text(key, **facts), style=style, markup=False, highlight=False, soft_wrap=True)

    def show(self, parts: "Iterable[RenderableType]") -> None:
        for part in parts:
            self.console.print(part, markup=False, highlight=False, soft_wrap=True)

    def read_threshold(self, written: str) -> float | None:
        from app.triage.calibrating import LOWEST_THRESHOLD, NEVER

        try:
            threshold = None if written == "auto" else float(written)
        except ValueError:
            self.refuse("triage.bad_threshold")
        if threshold is not None and not LOWEST_THRESHOLD <= threshold <= NEVER:
            self.refuse("triage.bad_threshold")
        return threshold

    def train(self, database: "Database", *, last: int, threshold: float | None, with_demo: bool) -> str:
        """Learn from closed reports, store the model and return its version."""
        from app.triage.samples import TooFewReports
        from app.triage.train import learn, store_model

        triage = self._world(database).triage
        with self.progress_bars() as bars:
            tell = bar_per_stage(bars, "triage")
            samples = _samples(database, tell, last=last, with_demo=with_demo)
            try:
                learnt = learn(samples, triage=triage, threshold=threshold, progress=tell)
            except TooFewReports:
                self._say_what_was_left_out(database, with_demo=with_demo)
                raise
        with database.transaction() as session:
            version = store_model(session, learnt, editor=EDITOR, now=now()).version
        self.say("triage.trained", version=version, reports=learnt.reports, size=len(learnt.packed) // 1024)
        return version

    def _say_what_was_left_out(self, database: "Database", *, with_demo: bool) -> None:
        from app.reports.closed_texts import count_demo_texts

        with database.reading() as session:
            count = 0 if with_demo else count_demo_texts(session)
        if count:
            self.say("triage.demo_left_out", count=count)

    def show_figures(self, database: "Database", version: str | None) -> "TriageModelRead":
        """Show the figures from the training of a model, of the one in use without a version, and return it."""
        from app.triage.loading import ModelNotFound
        from app.triage.queries import find_model
        from app.triage.showing import evaluation_parts

        with database.reading() as session:
            model = find_model(session, version)
        if model is None and version is not None:
            raise ModelNotFound(version=version)
        if model is None:
            self.refuse("triage.no_model")
        self.show(evaluation_parts(model.evaluation, version=model.version, city=self._world(database).city))
        return model

    def evaluate_since(self, database: "Database", model: "TriageModelRead", *, last: int) -> None:
        """Show how the very weights in the row do on what was closed after the training."""
        from app.triage.loading import model_of, row_of
        from app.triage.measuring import evaluate
        from app.triage.samples import new_wordings
        from app.triage.showing import evaluation_parts

        world = self._world(database)
        with self.progress_bars() as bars:
            tell = bar_per_stage(bars, "triage")
            samples = _samples(database, tell, last=last, with_demo=model.is_synthetic)
            since = [sample for sample in samples if sample.closed_at > model.evaluation.until]
            if len(since) < WORTH_MEASURING:
                self.say("triage.none_since", n=len(since), least=WORTH_MEASURING)
                return
            with database.reading() as session:
                weights = model_of(row_of(session, model.version))
            figures = evaluate(
                world.triage.with_model(weights),
                since,
                new_words=new_wordings(since, known=samples[len(since) :]),
                trained_on=model.reports,
                progress=lambda done, total: tell("measure", done, total),
            )
        self.say("triage.since_then", n=len(since), last=last)
        self.show(evaluation_parts(figures, version=model.version, city=world.city))

    def list_models(self, database: "Database") -> None:
        from app.infra.paging import PageRequest
        from app.triage.queries import list_models
        from app.triage.showing import models_table

        with database.reading() as session:
            newest = list_models(session, PageRequest(limit=100)).items
        self.show([models_table(newest)] if newest else [text("triage.no_models")])

    def activate(self, database: "Database", version: str) -> None:
        from app.triage.activate import activate

        with database.transaction() as session:
            activate(session, version)
        self.say("triage.activated", version=version)

    def propose(self, database: "Database", words: str, category: str | None) -> None:
        from app.triage.showing import proposal_parts

        world = self._world(database)
        if category is not None:
            world.city.default_condition(category)  # refuses one that does not exist
        proposal = world.triage.propose(words, category=category)
        self.show(proposal_parts(proposal) if proposal else [text("triage.silent")])

    def _world(self, database: "Database") -> "World":
        from app.reports.world import WorldHolder

        try:
            return WorldHolder(database, clock=now).current()
        except LookupError:
            self.refuse("triage.no_city")


def _samples(database: "Database", tell: Tell, *, last: int, with_demo: bool) -> "list[Sample]":
    from app.reports.closed_texts import closed_texts

    samples: list[Sample] = []
    with database.reading() as session:
        for sample in closed_texts(session, last=last, with_demo=with_demo):
            samples.append(sample)
            if len(samples) % 1000 == 0:
                tell("read", len(samples), last)
    tell("read", 1, 1)
    return samples
