"""`python -m app` and the `suishoupai` command."""

from app.cli import app


def main() -> None:
    app()


if __name__ == "__main__":
    main()
