"""Run the suite's cases as the tests of a library: what `same_conformance.pytest_plugin` is made of."""
