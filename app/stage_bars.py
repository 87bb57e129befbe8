"""Progress at the terminal: a bar for each stage of something long."""

from collections.abc import Callable

from rich.progress import Progress, TaskID

from app.texts import has_text, text


def bar_per_stage(bars: Progress, *parts: str) -> Callable[[str, int, int], None]:
    """Return a callback for (stage, done, total) that gives each stage a bar of its own.

    The words of a stage are `<part>.progress.<stage>`, of the first of `parts` that has them.
    """
    tasks: dict[str, TaskID] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            keys = [f"{part}.progress.{stage}" for part in parts]
            tasks[stage] = bars.add_task(text(next(filter(has_text, keys), keys[-1])), total=total)
        bars.update(tasks[stage], completed=done, total=total)

    return tell
