"""Hold the errors that users meet: each says what was got, what is allowed, and the next step."""

from __future__ import annotations


class SameConformanceError(Exception):
    """Base of every error that this package raises on purpose; the command line prints it in one line."""


class CaseError(SameConformanceError, ValueError):
    """A case, or the text of one, is not valid."""


class UsageError(SameConformanceError):
    """The command was given something it cannot work with (exit code 2)."""


class PluginError(SameConformanceError):
    """An entry point cannot be turned into an implementation."""


class StartError(SameConformanceError):
    """An implementation, or the worker it lives in, did not start (exit code 3).

    Attributes:
        output: what the worker printed.

    """

    output = ""


class CorpusError(SameConformanceError):
    """The file of the corpus is not as it must be."""


class RecordError(SameConformanceError):
    """The record of a run cannot be read or continued."""


class Unsupported(Exception):  # noqa: N818  # raised to say a fact, not an error; authors read it as a word
    """Raise this from an implementation to say that it does not offer what the case asks for.

    >>> raise Unsupported("strides above 1")
    Traceback (most recent call last):
    same_conformance.errors.Unsupported: strides above 1
    """
