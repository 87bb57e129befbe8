"""Everything people read, keyed, in one place per language; Chinese is the only one shipped."""

from app.texts.zh_cn import TEXTS


def text(key: str, /, **facts: object) -> str:
    """Return the sentence behind `key` with its facts filled in.

    :raises KeyError: the key or one of its facts is missing, a mistake a test finds
    """
    return TEXTS[key].format(**facts)


def has_text(key: str) -> bool:
    return key in TEXTS
