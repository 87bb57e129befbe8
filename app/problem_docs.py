"""The pages behind the `type` of every problem: openapi/problems.md, made from the error classes and their texts."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import app
from app.domain.errors import DomainError, NotFound
from app.infra.problem_families import status_of_kind as status_of
from app.texts import text
from app.texts.zh_cn import TEXTS


def problem_kinds() -> list[type[DomainError]]:
    """Return every kind of error the program can answer with, ordered by status and code."""
    _import_all_packages()
    return sorted(set(_and_below(DomainError)), key=lambda kind: (status_of(kind), kind.code))


def render() -> str:
    """Return the page: one section per status, one part per code, with the sentence a person sees.

    :raises KeyError: a code has no text
    """
    parts = [f"# {text('problem_docs.title')}", text("problem_docs.introduction")]
    shown_status = 0
    for kind in problem_kinds():
        status = status_of(kind)
        if status != shown_status:
            parts.append(f"## {status} {text(f'problem_title.{status}')}")
            shown_status = status
        parts.extend(_part(kind))
    return "\n\n".join(parts) + "\n"


def page_of(code: str) -> str:
    """Return the page behind one problem's `type`, in Markdown.

    :raises NotFound: no error has this code
    """
    kind = next((each for each in problem_kinds() if each.code == code), None)
    if kind is None:
        raise NotFound
    status = status_of(kind)
    heading = f"# {code}\n\n{status} {text(f'problem_title.{status}')}"
    return "\n\n".join([heading, *list(_part(kind))[1:]]) + "\n"


def _part(kind: type[DomainError]) -> Iterator[str]:
    yield f"### {kind.code}"
    yield TEXTS[f"problem.{kind.code}"]  # the template itself: a fact stands there as its name in braces
    if kind.retryable:
        yield text("problem_docs.retryable")


def _and_below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    """Yield the class and all its subclasses; those of tests do not count."""
    if kind.__module__.startswith("app."):
        yield kind
    for below in kind.__subclasses__():
        yield from _and_below(below)


def _import_all_packages() -> None:
    """Import every module below a package of `app`, so that all error classes exist; not the composition roots."""
    for package in pkgutil.iter_modules(app.__path__, "app."):
        if package.ispkg:
            for module in pkgutil.walk_packages(import_module(package.name).__path__, f"{package.name}."):
                import_module(module.name)
