"""Hold the version, which the packaging metadata reads from here."""

__version__ = "0.1.0"
