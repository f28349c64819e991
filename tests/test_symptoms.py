"""Who gives no result, or one of another form, in nearly every case is sent to `check`; who is wrong otherwise is not."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from same_conformance import cli
from same_conformance.assessment import assess
from same_conformance.case import parse
from same_conformance.doctor import symptoms
from same_conformance.judge import Judgement
from same_conformance.record import Record

Install = Callable[..., Path]
Make = Callable[..., Record]

NO_ARRAY = Judgement("error", message="TypeError: conv returned list, but a numpy.ndarray is expected")
RAISES = Judgement("error", message="ValueError: bad channels")
PASS = Judgement("pass", (1, 5, 3))


def shape(*lengths: int) -> Judgement:
    return Judgement("shape", lengths, message=f"shape {list(lengths)}")


def said(made: Make, outcomes: Mapping[str, Judgement], *names: str, **header: object) -> list[str]:
    """Return what is said of ``mine``, whose file is called so, after a run with these outcomes."""
    record = made({"mine": outcomes}, **header)
    return symptoms.lines(record, assess(record), names or ["mine"], {"mine": "venv/bin/python"})


@pytest.mark.parametrize(
    ("outcome", "symptom"),
    [
        (NO_ARRAY, "conv returns list, but a numpy.ndarray is expected"),
        (RAISES, "conv has no result in 2 of 2 cases (ValueError: bad channels)"),
        (Judgement("crash", message="killed"), "conv has no result in 2 of 2 cases (killed)"),
        (shape(5, 3), "conv returned (5, 3): an axis of (1, 5, 3) is missing (conv.n5.k3.c2-3)"),
        (shape(1, 3, 5), "conv returned (1, 3, 5): that is channels first; framework numpy expects channels last, (1, 5, 3)"),
        (shape(15), "conv returned 1 axes where 3 are expected (conv.n5.k3.c2-3)"),
        (Judgement("dtype", (1, 5, 3), message="dtype float64, the operands have float32"), "conv: dtype float64, the operands"),
    ],
)  # fmt: skip
def test_what_no_attempt_at_same_gives_leads_to_check(made: Make, outcome: Judgement, symptom: str) -> None:
    gradient = {"conv.n5.k3.c2-3.input_gradient": PASS}  # forward results tell
    (line,) = said(made, {"conv.n5.k3.c2-3": outcome, "conv.n5.k4.c2-3": outcome, **gradient})
    assert line.startswith(f"mine: {symptom}")
    assert line.endswith(
        "if it is the plug-in that is broken, `same-conformance check mine --python mine=venv/bin/python` finds out where"
    )


@pytest.mark.parametrize(
    "outcome",
    [
        PASS,
        shape(1, 4, 3),
        Judgement("value", (1, 5, 3), 2, 1.0),
        Judgement("unsupported", message="not offered"),
    ],
)
def test_what_is_right_wrong_or_not_offered_does_not(made: Make, outcome: Judgement) -> None:
    assert said(made, {"conv.n5.k3.c2-3": outcome}) == []


@pytest.mark.parametrize("verdict", [shape(1, 4, 3), Judgement("value", (1, 5, 3), 2, 1.0)])
def test_who_is_wrong_where_nothing_is_padded_is_sent_to_check_unless_most_is_right(
    made: Make, verdict: Judgement
) -> None:
    wrong = {"conv.n5.k1.c2-3": verdict, "conv.n5.k3.c2-3": verdict}
    (line,) = said(made, wrong)
    assert line.startswith(
        "mine: conv is wrong even where kernel and stride are 1 and nothing is padded (conv.n5.k1.c2-3): if it is the plug-in"
    )
    assert said(made, {"conv.n5.k1.c2-3": PASS, "conv.n5.k3.c2-3": verdict}) == []
    assert said(made, {**wrong, "conv.n6.k3": PASS, "conv.n7.k3": PASS, "conv.n8.k3": PASS}) == []


def test_one_error_among_right_results_does_not(made: Make) -> None:
    assert said(made, {"conv.n5.k3.c2-3": RAISES, "conv.n5.k5.c2-3": PASS}) == []


def test_neither_do_failures_that_are_expected_nor_implementations_that_come_with_us(
    made: Make, described: Callable[..., object]
) -> None:
    entry = {"implementation": "mine", "op": "conv", "verdict": "error", "reason": "later", "link": "not reported"}
    assert said(made, {"conv.n5.k3": RAISES}, expectations=[entry]) == []
    assert said(made, {"conv.n5.k3": RAISES}, implementations=[described("mine", builtin=True)]) == []


def test_several_ops_are_one_line_and_a_file_is_called_as_it_was_given(
    made: Make, described: Callable[..., object]
) -> None:
    about = described("mine", distribution="my file.py")
    outcomes = {"conv.n5.k3": RAISES, "max_pool.n5.k3": RAISES, "avg_pool.n5.k3": PASS}
    (line,) = said(made, outcomes, "spec", "a b/my file.py:it", implementations=[about])
    assert "(ValueError: bad channels) (and 1 more ops): if" in line
    assert "`same-conformance check 'a b/my file.py:it' --python mine=venv/bin/python`" in line


def test_a_run_of_a_broken_plug_in_says_so_last_and_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from same_conformance import Implementation\n"
        "implementation = Implementation(name='mine', framework='numpy', max_pool=lambda x, **_: [x])\n"
    )
    cases = [word for text in ("max_pool.n1.k1", "max_pool.n4.k2") for word in ("--case", parse(text).id)]
    result = CliRunner().invoke(cli.main, ["run", f"{file}:implementation", *cases, "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == (
        "mine: max_pool returns list, but a numpy.ndarray is expected: if it is the plug-in that is broken, "
        f"`same-conformance check {file}:implementation` finds out where"
    )
    assert result.output.count("same-conformance check") == 1


def test_where_nothing_started_check_is_named_unless_only_a_framework_is_missing(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("mine", "import nowhere_at_all")
    run = ["run", "mine", "--case", "conv.n5.k3", "--out", str(tmp_path)]
    result = CliRunner().invoke(cli.main, run)
    assert result.exit_code == 3
    assert "No module named 'nowhere_at_all'; `same-conformance check mine` says what to do" in result.stderr
    plugin("other", "implementation = Implementation(name='other', framework='torch', build=right)")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'their-other'}")
    result = CliRunner().invoke(cli.main, ["run", "other", *run[2:], "--python", f"other={bare(tmp_path)}"])
    assert result.exit_code == 3
    assert "torch is not installed" in result.stderr
    assert "same-conformance check" not in result.stderr


def bare(path: Path) -> Path:
    """Return an interpreter that has NumPy and no framework."""
    import venv

    import numpy as np

    venv.create(path / "bare", with_pip=False, symlinks=True)
    (site,) = (path / "bare").glob("lib/*/site-packages")
    for name in ("numpy", "numpy.libs"):
        (site / name).symlink_to(Path(np.__file__).parents[1] / name)
    return path / "bare/bin/python"
