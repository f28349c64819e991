"""Print the list of mutants in ``docs/mutants.md``: ``python -m same_conformance.mutants``."""

from same_conformance.mutants import catalogue

if __name__ == "__main__":
    print(catalogue(), end="")  # noqa: T201  # that is its purpose
