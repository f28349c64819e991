"""Every command and snippet of the documentation works, shows what it prints, and every link leads somewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from documents import links, page
from documents.room import Room
from same_conformance.record import Record

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
LINKING = sorted({*PAGES, ROOT / "CHANGELOG.md", ROOT / "reports/README.md", *(ROOT / "examples").rglob("*.md")})
NOT_RUN: dict[tuple[str, str], str] = {}
"""What is marked as not run, by page and first line, and why. A mark must be here too, so that nobody overlooks it."""

Furnish = Callable[[Path], object]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def furnish(made: Callable[..., Record], kept: Callable[[Record, Path], Path]) -> Furnish:
    """Return a function that puts a finished run into a directory."""
    return lambda path: kept(made({"mine": {"conv.n5.k3": "pass"}}), path)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_block_of_the_page_works_and_prints_what_the_page_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, furnish: Furnish
) -> None:
    found = Room(page.read(path, ROOT), tmp_path, ROOT, monkeypatch, furnish).problems()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", LINKING, ids=name_of)
def test_every_link_of_the_page_leads_somewhere(path: Path) -> None:
    found = links.broken(page.read(path, ROOT), ROOT)
    assert not found, "\n".join(found)


def test_what_is_not_run_is_listed_with_its_reason() -> None:
    blocks = [block for path in PAGES for block in page.read(path, ROOT).blocks]
    assert {(b.page, b.title): b.what for b in blocks if b.mark == "not run"} == NOT_RUN


def test_a_page_that_is_made_by_a_program_is_made_again_by_a_test() -> None:
    made = [path for path in PAGES if page.read(path, ROOT).is_generated]
    assert {"facts.md", "findings.md"} <= {path.name for path in made}
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py") if path != Path(__file__)]
    assert [path for path in made if not any(path.name in text for text in tests)] == []


GOOD = """# A page

See [the end](#the-end).

<!-- file: mine.py -->
```python
SIZE = 5
```

```python
from mine import SIZE
assert SIZE == 5
```

```python
>>> SIZE + 1
6
```

```console
$ same-conformance explain --size 6 --kernel 3 --stride 2
...
  total  = max((3 - 1) * 2 + 3 - 6, 0) = max(1, 0) = 1
...
$ same-conformance diff OLD NEW > changes.txt
$ python mine.py
$ python -m pip install -e ".[torch]" -r tests/requirements.txt && nox -s conformance -- --cases 9
```

```toml
[a]
b = 1
```

```json
{"a": 1}
{"b": 2}
```

<!-- docs/pictures/draw.py -->
```python
HERE = Path(__file__).parent
```

```yaml
- run: same-conformance run --cases 9
```

## The end
"""


def problems_of(text: str, tmp_path: Path, patch: pytest.MonkeyPatch, furnish: Furnish) -> list[str]:
    """Return what the tests above find on a page of this text."""
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "room").mkdir()
    read = page.read(path, tmp_path)
    return [*links.broken(read, tmp_path), *Room(read, tmp_path / "room", ROOT, patch, furnish).problems()]


def test_a_page_that_works_has_no_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, furnish: Furnish) -> None:
    assert problems_of(GOOD, tmp_path, monkeypatch, furnish) == []
    assert "no worse: 1 unchanged" in (tmp_path / "room" / "changes.txt").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("--stride 2", "--strides 2", "No such option '--strides'"),
        ("explain --size", "explane --size", "same-conformance has no command 'explane'"),
        ("max(1, 0) = 1", "max(1, 0) = 2", "prints something else"),
        ("--size 6", "--size six", "ended with 2"),
        ("SIZE == 5", "SIZE == 6", "AssertionError"),
        ("SIZE + 1\n6", "SIZE + 1\n7", "Expected:"),
        ("SIZE = 5", "SIZE = (5", "was never closed"),
        ("SIZE = 5", "SIZE = 5\nprint(1 / 0)", "ZeroDivisionError"),
        ("b = 1", "b = ", "Invalid value"),
        ("- run:", "- run: [", "expected"),
        ('{"b": 2}', '{"b": 2', "delimiter"),
        ("HERE = Path", "THERE = Path", "does not stand in docs/pictures/draw.py"),
        ("run --cases 9\n", "run --case 9\n", "--case"),
        ("nox -s conformance", "nox -s conform", "nox has no session conform"),
        ("-- --cases 9", "-- --cases nine", "--cases"),
        ("[torch]", "[touch]", "there is no extra touch"),
        ("tests/requirements.txt", "tests/requires.txt", "there is no such file"),
        ("python mine.py", "python yours.py", "there is no file yours.py"),
        ("$ python mine.py", "$ make", "make is no program"),
        ("$ python mine.py", "$ python mine.py | head", "is not understood"),
        ("```toml", "```fortran", "nothing executes a block in fortran"),
        ("```toml", "```", "nothing executes a block in no language"),
        ("```toml", "<!-- not run: -->\n```toml", "the mark 'not run' says nothing"),
        ("```toml", "<!-- excerpt of: pyproject.toml -->\n```toml", "does not stand in pyproject.toml"),
        ("#the-end)", "#the-and)", "has no anchor the-and"),
        ("(#the-end)", "(end.md)", "there is no end.md"),
        ("$ python mine.py", "$ same-conformance run mine\n0 failed", "takes long and is not executed"),
    ],
)
def test_what_is_wrong_on_a_page_is_found(
    old: str, new: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, furnish: Furnish
) -> None:
    assert GOOD.count(old) == 1
    found = problems_of(GOOD.replace(old, new), tmp_path, monkeypatch, furnish)
    assert any(message in problem for problem in found), found


RUN = """
```console
$ same-conformance run {name} --case max_pool.n4.k2
...
report: reports/latest/index.html
```
"""


def test_a_page_may_take_the_readers_own_implementation_for_granted_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, furnish: Furnish
) -> None:
    (problem,) = problems_of(RUN.format(name="mine") + RUN.format(name="yours"), tmp_path, monkeypatch, furnish)
    assert problem.startswith("page.md:9: same-conformance run yours --case max_pool.n4.k2 ended with 2:")
    assert "implementation 'yours' is not installed" in problem
