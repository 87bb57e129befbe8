"""`python -m bench [name]`: measure all or one, one BENCH line per figure; falling short is said, not an error."""

import sys
from collections.abc import Callable, Iterator

from bench.deciding import check_rules, compile_rules, decide, decide_growth
from bench.dispatchers import dispatchers_postgres, dispatchers_sqlite
from bench.dry_run import dry_run
from bench.importing import import_cells, import_components, import_million
from bench.lines import Line
from bench.listing import list_postgres, list_sqlite, search_postgres, search_sqlite
from bench.locating import locate, locate_million, reload_cells
from bench.photos import photo_pipeline
from bench.rule_files import rule_files
from bench.statements import statements_action, statements_list, statements_submit
from bench.submitting import submit_postgres, submit_sqlite
from bench.triage import triage_infer

MEASUREMENTS: dict[str, Callable[[], Iterator[Line]]] = {
    each.__name__: each
    for each in (
        submit_sqlite,
        submit_postgres,
        statements_submit,
        statements_list,
        statements_action,
        photo_pipeline,
        locate,
        decide,
        decide_growth,
        compile_rules,
        check_rules,
        rule_files,
        locate_million,
        reload_cells,
        import_cells,
        import_million,
        import_components,
        dispatchers_sqlite,
        dispatchers_postgres,
        list_sqlite,
        search_sqlite,
        list_postgres,
        search_postgres,
        dry_run,
        triage_infer,
    )
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.exit(f"no such measurement: {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}")
    for name in names or MEASUREMENTS:
        for line in MEASUREMENTS[name]():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
