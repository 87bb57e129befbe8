"""CPU of a rule file with 10,000 rules in the default city: read, validated, stored, checked, written."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.city import default_data
from app.city.snapshot import CitySnapshot, load_snapshot
from app.domain.working_time import beijing_day
from app.infra.clock import now
from app.infra.database import Database
from app.routing.check import examine
from app.routing.file_format import FileFormat, read_rule_file, write_rule_file
from app.routing.import_draft import import_draft
from app.routing.loading import load_rulebook
from app.routing.validating import understand
from app.setup import load_city, prepare_schema
from bench.lines import Line

RULES = 10_000
ROUNDS = 5
TARGET_S = 5


def rule_files() -> Iterator[Line]:
    """Measure each step of a file's way; best of five, CPU seconds."""
    data = ten_thousand_rules()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'rules.db'}"
        prepare_schema(url)
        with Database(url, sqlite_synchronous="OFF") as database:
            load_city(database, now=now())
            with database.reading(snapshot=True) as session:
                city = load_snapshot(session, today=beijing_day(now()))
            yield from _lines(database, city, data)


def _lines(database: Database, city: CitySnapshot, data: bytes) -> Iterator[Line]:
    words = understand(data, city=city)
    workbook = write_rule_file(words, FileFormat.XLSX)
    stored: list[int] = []

    def store() -> None:
        with database.transaction() as session:
            version = import_draft(session, words, editor="bench", reason="bench", now=now())
            session.flush()
            stored.append(version.id or 0)

    def load() -> None:
        with database.reading() as session:
            load_rulebook(session, stored[-1])

    steps: dict[str, Callable[[], object]] = {
        "rule_file_understand_yaml": lambda: understand(data, city=city),
        "rule_file_understand_xlsx": lambda: understand(workbook, city=city),
        "rule_file_import": store,
        "rule_set_load": load,
        "rule_set_check": lambda: examine(read_rule_file(data), city=city, from_day=beijing_day(now())),
        "rule_file_export_yaml": lambda: write_rule_file(words, FileFormat.YAML),
        "rule_file_export_xlsx": lambda: write_rule_file(words, FileFormat.XLSX),
    }
    for name, step in steps.items():
        yield Line(name, min(_cpu(step) for _ in range(ROUNDS)), "s", TARGET_S)


def _cpu(step: Callable[[], object]) -> float:
    started = time.process_time()
    step()
    return time.process_time() - started


def ten_thousand_rules() -> bytes:
    """Return a file with a rule for every class in every street, and more for the first cells of streets."""
    streets = [street.code for street in default_data.streets()]
    classes = sorted({condition.class_code for condition in default_data.catalogue().conditions})
    kinds = ("enforcement_squad", "sanitation_team", "street_office", "urban_management", "water")
    areas = [*streets, *(f"{street}001" for street in streets)]
    rules = [
        f'  - key: r-{code}-{area}\n    when: {{class: "{code}", area: "{area}"}}\n'
        f"    then: {{role: {kinds[(i + j) % len(kinds)]}}}\n    basis: 街道职责清单第 {i} 条\n"
        for j, area in enumerate(areas)
        for i, code in enumerate(classes)
    ]
    return ("version: bench\nrules:\n" + "".join(rules[:RULES])).encode()
