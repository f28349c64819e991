"""Picture a case: what was expected, what came out, and which window reads what. As data first, then for a terminal."""

from same_conformance.picture.model import Picture as Picture
