"""Know which failures are expected: of the wrong rules that come with us, and of what a file lists.

An expectation is two-way. A failure that it does not cover is unexpected; and it is stale when a case that it covers
ran and passed, because then the bug is gone and the list lies. So does one that matches nothing.
"""

from same_conformance.expectations.entry import Expectation
from same_conformance.expectations.reading import parse, parse_all, read
from same_conformance.expectations.review import check, named_cases, strangers
from same_conformance.expectations.standing import Expectations, Standing

__all__ = [
    "Expectation",
    "Expectations",
    "Standing",
    "check",
    "named_cases",
    "parse",
    "parse_all",
    "read",
    "strangers",
]
