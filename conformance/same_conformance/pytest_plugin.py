"""Test an implementation of SAME with pytest: one line of a test module becomes one test per op and class of cases.

    from same_conformance.pytest_plugin import conformance_tests

    test_same = conformance_tests("mine")

pytest loads this module in every environment that has this package, so it imports nothing but pytest; everything else is
imported where a test module asks for it, and nothing is started before the first test runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, assert_never, overload

import pytest

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from same_conformance.implementation import Implementation
    from same_conformance.testsuite.session import Session, Test
    from same_conformance.testsuite.suite import Suite


def conformance_tests(
    implementation: str | Implementation,
    *,
    profile: str = "quick",
    ops: str | Sequence[str] = (),
    ranks: int | Sequence[int] = (),
    cases: int | None = None,
    seed: int = 0,
    expectations: str | PathLike[str] | None = None,
    python: str | PathLike[str] | None = None,
) -> Callable[..., None]:
    """Return a test of `implementation`, to be assigned to a name that pytest collects.

    It is parametrized: ``test_same[conv-even_kernel]`` is the test of the convolutions with an even kernel, and each
    case is in one test. A test fails if any of its cases does, and is skipped if the implementation offers none of them.
    The cases run in a worker process, which the first test starts.

    Args:
        implementation: the name of an installed one, an `Implementation`, or ``"path/to/file.py:attribute"``.
        profile: ``quick``, ``standard`` or ``deep``, as of ``same-conformance run``.
        ops: only these; by default all.
        ranks: only these; by default all.
        cases: how many cases to draw, instead of the profile's number; drawn cases are tests of their own, one per op.
        seed: of the drawing.
        expectations: a TOML file of known failures; a test whose failures are all known is ``xfailed``.
        python: the interpreter of another virtual environment to run it in.

    Paths are relative to pytest's root directory.

    """
    from same_conformance.errors import SameConformanceError
    from same_conformance.testsuite.suite import suite_of

    caller = sys._getframe(1)  # noqa: SLF001  # the only way to the line that a test is reported at
    where = (caller.f_code.co_filename, caller.f_lineno)
    try:
        suite = suite_of(
            implementation,
            caller.f_globals,
            profile=profile,
            n_cases=cases,
            seed=seed,
            ops=(ops,) if isinstance(ops, str) else tuple(ops),
            ranks=(ranks,) if isinstance(ranks, int) else tuple(ranks),
            expectations=str(expectations or ""),
            python=str(python or ""),
        )
    except SameConformanceError as error:
        raise _collect_error(where, error) from None
    parametrized = pytest.mark.parametrize("same_conformance", _Parameters(suite, where), indirect=True)
    test: Callable[..., None] = parametrized(_test_at(*where))
    return test


def _test_at(path: str, line: int) -> Callable[..., None]:
    """Return the test function, which says of itself that it is at the line that asked for it."""

    def test(same_conformance: Test) -> None: _conclude(same_conformance)  # fmt: skip  # in one line, which is that of the caller

    test.__code__ = test.__code__.replace(co_filename=path, co_firstlineno=line)
    return test


def _collect_error(where: tuple[str, int], error: Exception) -> Exception:
    path, line = where
    return pytest.Collector.CollectError(f"{path}:{line}: conformance_tests: {error}")


class _Parameters(Sequence[Any]):
    """The tests' parameters; they are not made before pytest asks for them, because a worker may import a test module."""

    def __init__(self, suite: Suite, where: tuple[str, int]) -> None:
        self._suite = suite
        self._where = where

    @cached_property
    def _all(self) -> list[Any]:
        from same_conformance.errors import SameConformanceError

        try:
            return [pytest.param((self._suite, group), id=group.id) for group in self._suite.groups()]
        except SameConformanceError as error:
            raise _collect_error(self._where, error) from None

    def check(self, root: Path) -> None:
        """See that the lists of known failures can be read: one error of the test module, in place of one for each test.

        Raises:
            pytest.Collector.CollectError: if not.

        """
        from same_conformance.errors import SameConformanceError

        try:
            self._suite.known_failures(root)
        except SameConformanceError as error:
            raise _collect_error(self._where, error) from None

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Check what our tests are parametrized with, before their parameters are made."""
    for marker in metafunc.definition.iter_markers("parametrize"):
        for argument in marker.args:
            if isinstance(argument, _Parameters):
                argument.check(metafunc.config.rootpath)


def _conclude(test: Test) -> None:
    """Run a test and tell pytest how it went."""
    __tracebackhide__ = True
    from same_conformance.testsuite.finding import Failed, FailedAsExpected, NotOffered, Passed, Unmatched

    finding = test.run()
    match finding:
        case Passed():
            return
        case NotOffered(why):
            pytest.skip(why)
        case FailedAsExpected(why):
            pytest.xfail(why)
        case Failed():
            pytest.fail(test.explain(finding), pytrace=False)
        case Unmatched(entries):
            lines = [f"{len(entries)} expectations match no case: remove them, or correct what they select", *entries]
            pytest.fail("\n  ".join(lines), pytrace=False)
        case _:
            assert_never(finding)


@pytest.fixture(scope="session")
def _same_conformance_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """Hold the workers of this process, which end with it."""
    from same_conformance.testsuite.session import Session

    cache = getattr(request.config, "cache", None)  # there is none with -p no:cacheprovider
    scripts = (
        cache.mkdir("same-conformance")
        if cache
        else request.getfixturevalue("tmp_path_factory").mktemp("same-conformance")
    )
    with Session(request.config.rootpath, scripts) as session:
        yield session


@pytest.fixture
def same_conformance(request: pytest.FixtureRequest, _same_conformance_session: Session) -> Test:
    """Return the test of a group of cases; an implementation that does not start is an error here, and no failure."""
    from same_conformance.errors import SameConformanceError

    suite, group = request.param
    try:
        return _same_conformance_session.test(suite, group, request.node.nodeid, request.node.user_properties)
    except SameConformanceError as error:
        why = str(error)
    pytest.fail(why, pytrace=False)  # out here, because pytest would show the error that was handled as well


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of each implementation how many cases its tests had, because a test that passes may hold what was not offered."""
    reports = [
        report
        for outcome in ("passed", "failed", "skipped", "xfailed")
        for report in terminalreporter.getreports(outcome)
        if getattr(report, "when", "") == "call" and ("implementation" in dict(report.user_properties))
    ]
    if reports and terminalreporter.verbosity >= 0:
        from same_conformance.testsuite.summary import lines

        terminalreporter.section("same-conformance")
        for line in lines(dict(report.user_properties) for report in reports):
            terminalreporter.write_line(line)
