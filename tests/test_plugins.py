"""Plug-ins are found without being imported, and a broken or doubled package harms nobody but itself."""

import copy
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from same_conformance import API_VERSION, __version__, api, claims, cli, implementation, plugins
from same_conformance.case import OPS, parse
from same_conformance.errors import PluginError

Install = Callable[..., Path]
GOOD = "implementation = Implementation(name='fake', framework='numpy', build=right)"


def command(*args: object) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def run(out: Path, *args: object) -> Result:
    return command("run", "--case", "conv.n5.k3", "--out", out, *args)


def leave(path: Path, info: str, metadata: str | None, entry_points: bytes) -> None:
    """Leave a distribution's metadata in a directory of the path, as an installer would."""
    (path / info).mkdir(parents=True)
    if metadata is not None:
        (path / info / "METADATA").write_text(metadata)
    (path / info / "entry_points.txt").write_bytes(entry_points)


def test_of_two_versions_of_one_package_the_first_on_the_path_counts(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for Python's import; their names may be spelt differently."""
    plugin("fake", GOOD, distribution="their.fake")
    older = tmp_path / "older"
    entry = f"[{plugins.GROUP}]\nfake = elsewhere:implementation\nonly-there = elsewhere:other\n".encode()
    leave(older, "Their_Fake-0.9.dist-info", "Metadata-Version: 2.1\nName: Their_Fake\nVersion: 0.9\n", entry)
    monkeypatch.setattr("sys.path", [*os.sys.path, str(older)])  # type: ignore[attr-defined]
    found = {e.name: e for e in plugins.installed()}
    assert (found["fake"].version, "only-there" in found) == ("1.0", False)
    assert run(tmp_path / "out", "fake").exit_code == 0


@pytest.mark.parametrize(
    ("metadata", "entry_points", "why"),
    [
        ("Metadata-Version: 2.1\nName: broken\nVersion: 1\n", b"[\xff\xfe]", "its entry points cannot be read"),
        ("Metadata-Version: 2.1\nVersion: 1\n", f"[{plugins.GROUP}]\nx = y:z\n".encode(), "its metadata has no Name"),
        (None, f"[{plugins.GROUP}]\nx = y:z\n".encode(), "its metadata has no Name"),
    ],
)
def test_a_package_with_broken_metadata_is_left_out_with_a_warning(
    plugin: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    metadata: str | None,
    entry_points: bytes,
    why: str,
) -> None:
    plugin("fake", GOOD)
    leave(tmp_path / "broken", "broken-1.dist-info", metadata, entry_points)
    monkeypatch.syspath_prepend(str(tmp_path / "broken"))
    for result in (run(tmp_path / "out", "fake"), command("list")):
        assert result.exit_code == 0, result.output
        (line,) = (line for line in result.output.splitlines() if "broken-1.dist-info is left out" in line)
        assert why in line


def test_a_package_that_has_nothing_to_do_with_us_is_not_spoken_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tmp_path, "other-1.dist-info", None, b"[console_scripts]\nx = y:z\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    said: list[str] = []
    plugins.installed(said.append)
    assert said == []


def test_two_packages_with_one_name_fail_for_that_name_only(plugin: Install, tmp_path: Path) -> None:
    plugin("fake", GOOD, distribution="one")
    plugin("fake", GOOD, distribution="two")
    plugin("fine", GOOD.replace("fake", "fine"))
    why = (
        "two packages register an implementation called 'fake': one (plugin_one:implementation) and "
        "two (plugin_two:implementation); uninstall one of them, or ask its author for another name"
    )
    assert run(tmp_path, "fine", "spec").exit_code == 0
    result = run(tmp_path, "fake", "spec")
    assert result.exit_code == 3
    assert f"fake did not start: {why}" in result.output
    assert "spec" in (tmp_path / "results.csv").read_text()
    for asked in (run(tmp_path, "fake"), command("show", "conv.n5.k3", "--with", "fake")):
        assert asked.exit_code == 3
        assert why in asked.output
    listed = command("list")
    assert listed.exit_code == 0
    assert "one 1.0" in listed.output
    assert "two 1.0" in listed.output
    assert listed.output.count(f"cannot start: {why}") == 2


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ({"ranks": 2}, "mine: ranks must be a tuple, got 2; write ranks=(2,), with the comma"),
        (
            {"dtypes": "float32"},
            "mine: dtypes must be a tuple, got 'float32'; write dtypes=('float32',), with the comma",
        ),
        ({"paddings": None}, "mine: paddings must be a tuple, got None; write paddings=('same',), with the comma"),
        ({"ranks": (4,)}, "mine: ranks has 4: use some of 1, 2, 3"),
        ({"ranks": ()}, "mine: ranks is empty: use some of 1, 2, 3"),
        ({"ops": "conv"}, "mine: ops must be a tuple, got 'conv'; write ops=('conv',), with the comma"),
        (
            {"ops": ("conv", "relu")},
            "mine: ops has 'relu': use some of conv, depthwise_conv, conv_transpose, max_pool, avg_pool",
        ),
        (
            {"ops": ("max_pool",), "build": None, "conv": print},
            "mine: ops has 'max_pool', for which there is no function",
        ),
        ({"environment": "X=1"}, "mine: environment must map names of variables to texts, got 'X=1'"),
        ({"environment": None}, "mine: environment must map names of variables to texts, got None"),
    ],
)
def test_a_claim_that_is_no_tuple_is_refused_with_the_way_to_write_it(claim: dict[str, object], message: str) -> None:
    with pytest.raises(PluginError) as caught:
        implementation.Implementation(**{"name": "mine", "framework": "numpy", "build": lambda case: case, **claim})  # type: ignore[arg-type]
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("claim", "case", "why"),
    [
        ({"ranks": (2,)}, "conv.n5.k3", "mine does not claim rank 1 (it claims rank 2)"),
        ({"ranks": (1, 2)}, "conv.n5-5-5.k3-3-3", "mine does not claim rank 3 (it claims rank 1, 2)"),
        ({"dtypes": ("float32",)}, "conv.n5.k3.float64", "mine does not claim float64 (it claims float32)"),
        ({"paddings": ("same",)}, "conv.n5.k3.same_lower", "mine does not claim same_lower (it claims same)"),
        ({"ops": ("max_pool",)}, "conv.n5.k3", "mine has no conv"),
    ],
)
def test_what_is_not_claimed_is_named_so_that_a_number_is_known_to_be_a_rank(
    claim: dict[str, object], case: str, why: str
) -> None:
    mine = implementation.Implementation(name="mine", framework="numpy", build=lambda case: case, **claim)  # type: ignore[arg-type]
    assert claims.obstacle(mine, parse(case)) == why


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"api": 2}, "Implementation asks for api=2, but this is same-conformance {}, which has 1: {}"),
        ({"api": 2, "curvature": 3}, "Implementation asks for api=2, but this is same-conformance {}, which has 1: {}"),
        ({"api": 0}, "Implementation: api must be an integer from 1 to 1, got 0"),
        ({"api": "1"}, "Implementation: api must be an integer from 1 to 1, got '1'"),
        (
            {"curvature": 3},
            "Implementation got curvature=…, which same-conformance {} does not know; it may be of a newer version: {}",
        ),
        (
            {"rank": (2,)},
            "Implementation got rank=…, which same-conformance {} does not know; did you mean ranks? Else it may be of a newer version: {}",
        ),
    ],
)
def test_a_plug_in_for_a_newer_version_is_told_what_to_upgrade(keywords: dict[str, object], message: str) -> None:
    with pytest.raises(PluginError) as caught:
        implementation.Implementation(name="mine", framework="numpy", build=lambda case: case, **keywords)  # type: ignore[arg-type]
    assert str(caught.value) == message.format(__version__, api.UPGRADE)


def test_a_plug_in_may_say_which_version_of_the_contract_it_is_for() -> None:
    mine = implementation.Implementation(name="mine", framework="numpy", build=lambda case: case, api=API_VERSION)
    assert copy.copy(mine) == mine
    assert "api" not in mine.describe()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("from same_conformance import Newer", "ImportError: cannot import name 'Newer' from 'same_conformance'"),
        ("import same_conformance.newer", "ModuleNotFoundError: No module named 'same_conformance.newer'"),
        (
            "import same_conformance\nsame_conformance.Newer",
            "AttributeError: module 'same_conformance' has no attribute 'Newer'",
        ),
    ],
)
def test_a_plug_in_that_imports_what_only_a_newer_version_has_is_told_what_to_upgrade(
    plugin: Install, line: str, message: str
) -> None:
    plugin("fake", line)
    result = command("show", "conv.n5.k3", "--with", "fake")
    assert result.exit_code == 3
    advice = f"this is same-conformance {__version__}: check the spelling, or get a newer one: {api.UPGRADE}"
    assert f"fake did not start: {message}; {advice}" in result.stderr
    assert "Traceback" not in result.output


def test_ops_may_be_claimed_for_what_is_built_and_follow_from_the_functions_else() -> None:
    def offered(**keywords: object) -> tuple[str, ...]:
        return implementation.Implementation(name="mine", framework="numpy", **keywords).ops  # type: ignore[arg-type]

    assert offered(build=print) == OPS
    assert offered(build=print, ops=("conv",)) == ("conv",)
    assert offered(conv=print, max_pool=print) == ("conv", "max_pool")
    assert offered(conv=print, max_pool=print, ops=("max_pool",)) == ("max_pool",)
