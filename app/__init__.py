"""随手拍 (suishoupai): the civic-reporting backend."""

__version__ = "0.1.0"
