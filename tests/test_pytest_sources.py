"""What is tested, and where it comes from: installed, live, a file; and what whoever does not use the plug-in pays."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes import HALF, RIGHT, Install
from same_conformance.testsuite.finding import Passed
from same_conformance.testsuite.suite import Suite
from same_conformance.testsuite.trial import Trial

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('"mine", ops=["conf"]', "ops has 'conf': use some of conv, depthwise_conv*"),
        ('"mine", ranks=[4]', "ranks has 4: use some of 1, 2, 3"),
        ('"mine", profile="full"', "profile 'full' is not known: use one of quick, standard, deep"),
        ('"mine", cases=0', "cases must be 1 or more, got 0"),
        ('"mine", ops="conf", ranks=1', "ops has 'conf': use some of conv, depthwise_conv*"),
        ("5", "got int, but an Implementation is needed*"),
    ],
)
def test_wrong_arguments_are_told_at_the_line_in_one(
    arguments: str, said: str, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    suite(arguments)
    result = pytester.runpytest()
    assert result.ret == 2
    result.stdout.fnmatch_lines([f"*test_mine.py:3: conformance_tests: {said}"])


LIVE = "from their_package import implementation as here"


@pytest.fixture
def package(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the author's package, which is not installed: a module that imports another beside it."""
    their = pytester.mkpydir("their_package")
    text = "from same_conformance import Implementation\nfrom .wrong import half\n"
    their.joinpath("__init__.py").write_text(
        f"{text}implementation = Implementation(name='theirs', framework='numpy', build=half)\n"
    )
    their.joinpath("wrong.py").write_text(HALF.partition("implementation")[0])
    monkeypatch.syspath_prepend(str(pytester.path))


@pytest.mark.usefixtures("package", "unexplained")
@pytest.mark.parametrize("how", ["here", '"their_package/__init__.py:implementation"'])
def test_an_implementation_is_given_as_an_object_or_by_its_file_without_being_installed(
    how: str, suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    suite(f'{how}, ops=["conv"], ranks=[1]', before=LIVE)
    result = pytester.runpytest("-k", "even_kernel or no_padding", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["4 of 4 cases are not SAME: theirs*"])


def test_an_object_may_live_in_the_test_module_itself(suite: Callable[..., None], pytester: pytest.Pytester) -> None:
    text = (
        "from same_conformance import Implementation, spec\n"
        "def right(case):\n"
        "    return lambda x, *rest: spec.execute(case.resized(x.shape[1:-1]), (x, *rest)).astype(case.dtype)\n"
        "mine = Implementation(name='mine', framework='numpy', build=right)"
    )
    suite('mine, ops=["conv"], ranks=[1]', before=text)
    pytester.runpytest("-k", "even_kernel").assert_outcomes(passed=1)


def test_an_object_that_no_module_holds_is_refused_with_what_to_do(
    suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    suite(
        "Implementation(name='mine', framework='numpy', conv=print)",
        before="from same_conformance import Implementation",
    )
    result = pytester.runpytest()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*test_mine.py:3: conformance_tests: no module holds the Implementation 'mine'*"])


def test_a_file_that_is_missing_is_an_error_that_names_it(
    suite: Callable[..., None], pytester: pytest.Pytester
) -> None:
    suite('"src/mine.py:implementation", ops=["conv"], ranks=[1]')
    result = pytester.runpytest("-k", "even_kernel")
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(["the file src/mine.py does not exist; give the name of an implementation*"])


def test_another_interpreter_runs_it(
    plugin: Install, suite: Callable[..., None], pytester: pytest.Pytester, tmp_path: Path
) -> None:
    """A link to this interpreter is another one, and a missing one is told."""
    plugin("mine", RIGHT)
    suite('"mine", ops=["conv"], ranks=[1], python="nowhere/python"')
    result = pytester.runpytest("-k", "even_kernel")
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(["--python mine=nowhere/python: there is no such interpreter*"])
    suite(f'"mine", ops=["conv"], ranks=[1], python={sys.executable!r}')
    pytester.runpytest("-k", "even_kernel").assert_outcomes(passed=1)
    trial = Trial(Suite("my mine.py:implementation", python="there/python"), pytester.path)
    assert trial.options == "--with 'my mine.py:implementation' --python 'my mine.py:implementation=there/python'"


def test_after_a_test_that_was_cut_short_the_next_one_has_workers(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("mine", RIGHT)
    suite = Suite("mine", ops=("conv",), ranks=(1,))
    first, second, *_ = suite.groups()
    trial = Trial(suite, tmp_path)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(trial.judge, "judge", lambda *_: (_ for _ in ()).throw(TimeoutError))
            with pytest.raises(TimeoutError):
                trial.examine(first)
        for group in (first, second):
            finding, tally = trial.examine(group)
            assert finding == Passed()
            assert tally.n_passed == len(group.cases)
    finally:
        trial.close()


LOADED = """
import json, sys, pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "same_conformance", *sys.argv[1:]])
print(json.dumps(sorted(sys.modules)))
"""
HEAVY = {"numpy", "hypothesis", "click", "pandas", "rich", "jinja2", "torch", "tensorflow", "jax", "keras"}


def loaded(directory: Path, *arguments: str) -> set[str]:
    """Return the modules that a process has imported after pytest ran in `directory` with no plug-in but ours."""
    result = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=directory,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_who_does_not_use_it_pays_for_one_small_module(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
    modules = loaded(tmp_path)
    assert {m for m in modules if m.partition(".")[0] == "same_conformance"} == {
        "same_conformance",
        "same_conformance._version",
        "same_conformance.pytest_plugin",
    }
    assert not HEAVY & modules


def test_the_test_above_would_notice(tmp_path: Path) -> None:
    line = "from same_conformance.pytest_plugin import conformance_tests\ntest_same = conformance_tests('mine')\n"
    (tmp_path / "test_mine.py").write_text(line)
    assert {"numpy", "hypothesis"} <= loaded(tmp_path, "--collect-only")


def test_a_worker_that_imports_a_test_module_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
    import sys
    from same_conformance.pytest_plugin import conformance_tests
    test_same = conformance_tests("mine", profile="standard")
    print(*{m.partition(".")[0] for m in sys.modules})
    """
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert not HEAVY & set(result.stdout.split())
