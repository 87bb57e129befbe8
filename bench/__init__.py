"""How fast, against what, measured how: `python -m bench [name]`; results.md keeps what was found."""
