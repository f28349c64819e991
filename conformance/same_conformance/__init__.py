"""Check implementations of ``padding="SAME"`` against the rule, on real frameworks.

An author needs two names: `Implementation` describes what is to be checked, and `Unsupported` is what it raises
for what it does not offer. Hypothesis strategies for cases are in `same_conformance.strategies`.
"""

from same_conformance._version import __version__
from same_conformance.api import API_VERSION
from same_conformance.case import Case
from same_conformance.errors import Unsupported
from same_conformance.implementation import Implementation

__all__ = ["API_VERSION", "Case", "Implementation", "Unsupported", "__version__"]
