"""Put the content of a rule file into the database as a draft; what decides today is not touched."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy import select as select_columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.routing.file_format import content_sha256
from app.routing.loading import version_in_force
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion
from app.routing.recording import record, refuse_frozen, version_if_any
from app.routing.refusals import RuleSetChanged, RuleSetNotFound
from app.routing.words import RuleSetWords, rule_row, section_rows

_CHUNK = 2_000
_SAYS = ("conditions", "decision", "basis", "powers", "valid_from", "valid_until")
Row = dict[str, Any]


def import_draft(
    session: Session, words: RuleSetWords, *, editor: str, reason: str, now: datetime, based_on: str | None = None
) -> RuleSetVersion:
    """Make a version of this content, or give one that was never published this content; it is a draft afterwards.

    A rule that says the same as under its key before, in the replaced draft or in the version this one is based on,
    keeps its editor.

    :param words: validated, shapes in WGS-84
    :param based_on: the name of a version; the one in force unless said
    :raises RuleSetNotFound: no such version to be based on
    :raises RuleSetFrozen: the version was published
    :raises RuleSetChanged: somebody else makes a version of this name at this moment
    """
    base = _base(session, based_on, now=now)
    version = version_if_any(session, words.version)
    if version is None:
        version = _begun(session, words, now=now)
    refuse_frozen(version)
    editors = _editors(session, [each for each in (base, version) if each is not None])
    _fill(version, words, editor=editor, based_on=base)
    session.execute(delete(RoutingRule).where(col(RoutingRule.rule_set_id) == version.id))
    add_rules(session, words, rule_set_id=version.id or 0, editor=editor, editors=editors)
    facts = {"rules": len(words.rules), "content_sha256": version.content_sha256, "based_on": version.based_on}
    record(session, version, RuleSetState.DRAFT, editor=editor, reason=reason, now=now, facts=facts)
    return version


def add_rules(
    session: Session, words: RuleSetWords, *, rule_set_id: int, editor: str, editors: Mapping[str, tuple[Row, str]]
) -> None:
    """Insert the rows of all rules.

    :param editors: what a rule said before and who wrote that, by key
    """
    rows = [
        _by_its_editor(rule_row(rule, rule_set_id=rule_set_id, position=position, editor=editor), editors)
        for position, rule in enumerate(words.rules)
    ]
    for start in range(0, len(rows), _CHUNK):
        session.execute(insert(RoutingRule), rows[start : start + _CHUNK])


def _by_its_editor(row: Row, editors: Mapping[str, tuple[Row, str]]) -> Row:
    said, editor = editors.get(row["key"], (None, ""))
    return {**row, "editor": editor} if said == {name: row[name] for name in _SAYS} else row


def _base(session: Session, name: str | None, *, now: datetime) -> RuleSetVersion | None:
    if name is None:
        try:
            return session.get(RuleSetVersion, version_in_force(session, now=now))
        except LookupError:
            return None
    found = session.exec(select(RuleSetVersion).where(RuleSetVersion.version == name)).first()
    if found is None:
        raise RuleSetNotFound(rule_set=name)
    return found


def _begun(session: Session, words: RuleSetWords, *, now: datetime) -> RuleSetVersion:
    version = RuleSetVersion(version=words.version, state=RuleSetState.DRAFT, note="", editor="", created_at=now)
    session.add(version)
    try:
        session.flush()  # for its id
    except IntegrityError:
        raise RuleSetChanged(rule_set=words.version) from None
    return version


def _fill(version: RuleSetVersion, words: RuleSetWords, *, editor: str, based_on: RuleSetVersion | None) -> None:
    version.note = words.note
    version.editor = editor
    version.sections = dict(section_rows(words))
    version.content_sha256 = content_sha256(words)
    version.based_on = based_on.version if based_on is not None and based_on.id != version.id else version.based_on
    version.checked_city_version = None
    version.check_report = None


def _editors(session: Session, versions: Iterable[RuleSetVersion]) -> dict[str, tuple[Row, str]]:
    """Return what each rule says and who wrote it; of several versions the last one counts."""
    table: Any = RoutingRule
    columns = (table.key, table.editor, *(getattr(table, name) for name in _SAYS))
    found = {}
    for version in versions:
        for key, editor, *said in session.execute(select_columns(*columns).where(table.rule_set_id == version.id)):
            found[key] = (dict(zip(_SAYS, said, strict=True)), editor)
    return found
