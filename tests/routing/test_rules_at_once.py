"""People who change rules at the same moment: what was published stays what it is."""

import threading

import pytest

from app.domain.errors import DomainError
from app.infra.database import Database
from app.routing import import_draft as importing
from app.routing.import_draft import import_draft
from app.routing.models import RuleSetState
from app.routing.publish import publish
from app.routing.queries import version_named, words_named
from app.routing.refusals import RuleSetFrozen
from app.routing.validating import understand
from app.setup import load_city
from tests.builders import NOW, the_world
from tests.routing.rule_sets import a_file, checked, imported, rehearsed, rule_text

PATIENCE_S = 30


def test_a_file_that_meets_its_own_publication_does_not_replace_it(
    committed_postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import has read the version as its base, a draft, when it is published; SQLite has one writer at a time."""
    database = committed_postgres
    load_city(database, now=NOW)
    city = the_world(database).city
    with database.transaction() as session:
        imported(session, a_file(), city, NOW)
        assert checked(session, "v2", city, NOW).is_publishable
        rehearsed(session, "v2", NOW)
    other = understand(a_file(rule_text("x", when='{class: "06010"}')), city=city)
    has_read, is_published = threading.Event(), threading.Event()
    read_base, met = importing._base, []

    def reads_and_waits(*arguments: object, **named: object) -> object:
        base = read_base(*arguments, **named)  # type: ignore[arg-type]
        has_read.set()
        assert is_published.wait(PATIENCE_S)
        return base

    def replace() -> None:
        try:
            with database.transaction() as session:
                import_draft(session, other, editor="甲", reason="再改", now=NOW, based_on="v2")
        except DomainError as refused:
            met.append(type(refused))

    monkeypatch.setattr(importing, "_base", reads_and_waits)
    importer = threading.Thread(target=replace)
    importer.start()
    assert has_read.wait(PATIENCE_S)
    with database.transaction() as session:
        publish(session, "v2", effective_from=None, editor="乙", reason="施行", now=NOW)
    is_published.set()
    importer.join(PATIENCE_S)
    assert met == [RuleSetFrozen]
    with database.reading() as session:
        assert version_named(session, "v2").state is RuleSetState.PUBLISHED
        assert [rule.key for rule in words_named(session, "v2").rules] == ["everything"]
