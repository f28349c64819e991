"""The report: hostile text is escaped, nothing is fetched, XML parses, a spreadsheet runs no formula."""

import base64
import gzip
import hashlib
import html as html_text
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from junitparser import JUnitXml

from records import unbroken
from same_conformance import assessment, cli, plan, record
from same_conformance.case import parse
from same_conformance.corpus import Layer
from same_conformance.messages import one_line
from same_conformance.report import embed, html, pictures, tables

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \\x00\\x1b[31m \\u202e \\ud800 & ]]> =1+1"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture
def hostile_report(plugin: Callable[..., Path], shelf: Path) -> Path:
    """Return the output of a run of a plug-in that tries; the first test of this file runs it, and all look at it."""
    if (shelf / "out").exists():
        return shelf / "out"
    body = f"""
        def conv(*a, **k):
            raise ValueError("{HOSTILE}" + "x" * 10_000_000)

        def max_pool(*a, **k):
            raise Unsupported("=HYPERLINK(1)")

        implementation = Implementation(
            name="fake", framework="numpy", conv=conv, max_pool=max_pool, summary="<script>alert(3)</script>"
        )
    """
    plugin("fake", body)
    arguments = [
        "run",
        "fake",
        "spec",
        "--case",
        "conv.n5.k3",
        "--case",
        "max_pool.n5.k3",
        "--out",
        str(shelf / "out"),
    ]
    assert CliRunner().invoke(cli.main, arguments).exit_code == 1
    return shelf / "out"


def test_hostile_text_is_escaped_in_html(hostile_report: Path) -> None:
    page = (hostile_report / "index.html").read_text(encoding="utf-8")
    assert page.count("<script") == page.count("</script") == 2  # the data, and the page's own code
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;script&gt;alert(3)" in page
    assert not re.search("[\x00-\x08\x1b\u202e]", page)
    assert len(page) < 250_000


def test_code_and_style_of_the_page_end_no_element_and_match_its_policy(hostile_report: Path) -> None:
    page = (hostile_report / "index.html").read_text(encoding="utf-8")
    policy = html_text.unescape(page.partition('Content-Security-Policy" content="')[2].partition('"')[0])
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    style = page.partition("<style>")[2].partition("</style>")[0]
    code = page.partition("<script>")[2].partition("</script>")[0]
    assert style.endswith("}\n")
    assert code.endswith("})();\n")
    for text in (style, code):
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        assert f"'sha256-{digest}'" in policy


def test_data_come_back_from_the_page_plain_and_compressed() -> None:
    for data in ({"a": ["</script>", "\x00\u202e", [1, 2]]}, {"a": [str(i) for i in range(100_000)]}):
        element = str(embed.block(data))
        head, _, rest = element.partition(">")
        body = rest.removesuffix("</script>")
        assert "<" not in body
        is_packed = "gzip" in head
        assert is_packed == (len(data["a"]) > 10)
        text = gzip.decompress(base64.b64decode(body)) if is_packed else body
        assert json.loads(text)["a"][:2] == ([*data["a"][:2]] if is_packed else ["</script>", "⟨U+0000⟩⟨U+202E⟩"])


def test_a_page_is_the_same_bytes_each_time(hostile_report: Path) -> None:
    found = record.read(hostile_report / "run.jsonl")
    assessed = assessment.assess(found)
    page = html.render(found, assessed, tables.verdicts(assessed))
    assert page == (hostile_report / "index.html").read_text(encoding="utf-8")


def test_an_unfinished_run_can_be_shown(hostile_report: Path) -> None:
    found = record.read(hostile_report / "run.jsonl")
    unfinished = record.Record(found.header, found.results[:1])
    assessed = assessment.assess(unfinished)
    assert "1 result: 2 cases" in html.render(unfinished, assessed, tables.verdicts(assessed))


def test_coverage_counts_every_case_of_the_run(hostile_report: Path) -> None:
    """Two cases that were given, not drawn: conv.n5.k3 and max_pool.n5.k3."""
    page = (hostile_report / "index.html").read_text(encoding="utf-8")
    row = page.partition('<th scope="row">even total padding</th>')[2].partition("</tr>")[0]
    assert re.findall(r">(\d+|none)</", row) == ["1", "none", "none", "1", "none"]
    text = (hostile_report / "summary.md").read_text(encoding="utf-8")
    assert "| even total padding | 1 | 0 | 0 | 1 | 0 |" in text
    assert "| groups \\> 1 | 0 |  |  |  |  |" in text


def test_the_page_fetches_nothing(hostile_report: Path) -> None:
    page = (hostile_report / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"""<(?!a )[^>]*(?:src|href)\s*=\s*["'](?!#)""", page)  # addresses to click on are no requests
    assert "url(" not in page
    assert "@import" not in page
    assert "fetch(" not in page


def test_junit_parses_with_any_message(hostile_report: Path) -> None:
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(hostile_report / "junit.xml"))}
    assert (suites["fake"].tests, suites["fake"].errors, suites["fake"].skipped) == (2, 1, 1)
    assert (suites["spec"].tests, suites["spec"].skipped) == (2, 0)


def test_csv_reads_back_with_one_line_a_row_and_no_formula(hostile_report: Path) -> None:
    path = hostile_report / "results.csv"
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5
    frame = pd.read_csv(path)
    assert list(frame.columns) == tables.COLUMNS
    message = frame.set_index(["implementation", "op"]).loc[("fake", "max_pool"), "message"]
    assert message == "'=HYPERLINK(1)"
    assert frame["message"].dropna().str.len().max() <= 201
    assert frame["contested"].dtype == bool
    assert frame.loc[frame.verdict == "pass", "n_different"].eq(0).all()


def test_the_summary_keeps_messages_from_becoming_markup(hostile_report: Path) -> None:
    text = (hostile_report / "summary.md").read_text(encoding="utf-8")
    assert "<script" not in text.replace("\\<", "")
    assert "## Unexpected verdicts: 1" in text


def test_one_line_cuts_addresses_paths_and_length() -> None:
    assert one_line("at 0xdeadbeef in /usr/lib/python/x.py\nnext") == "at 0x… in …/x.py next"
    assert one_line("a/b and 1/2 stay") == "a/b and 1/2 stay"
    assert len(one_line("y" * 10**7)) == 200
    assert one_line("a\ud800b\u202ec\x00d") == "a b c d"


def test_a_network_is_safe_only_if_every_layer_is(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        [("a", "conv.n5.k3", "pass"), ("a", "conv.n6.k3", "pass"), ("b", "conv.n5.k3", "pass"), ("b", "conv.n6.k3", "value"),
         ("c", "conv.n5.k3", "unsupported"), ("c", "conv.n6.k3", "pass")],
        columns=["implementation", "case", "verdict"],
    )  # fmt: skip
    layers = [
        Layer(parse("conv.n5.k3"), {"Net": ("stem",), "Elsewhere": ("x",)}),
        Layer(parse("conv.n6.k3"), {"Net": ("block1", "block2")}),
        Layer(parse("conv.n9.k3"), {"Elsewhere": ("y",)}),
        Layer(parse("conv.n8.k3"), {"Net": ("by hand",)}, pads=((1, 1),), equals_same=False),
    ]
    (row,) = tables.networks(frame, layers)
    assert (row["network"], row["cases"], row["n_layers"]) == ("Net", ["conv.n5.k3", "conv.n6.k3"], 3)
    fits = row["implementations"]
    assert fits["a"] == {"verdict": "safe", "n_broken": 0}
    smallest = {"case": "conv.n6.k3", "layer": "block1", "why": "value"}
    assert fits["b"] == {"verdict": "wrong", "n_broken": 2, "n_wrong": 2, "n_missing": 0, **smallest}
    assert (fits["c"]["verdict"], fits["c"]["n_wrong"], fits["c"]["n_missing"]) == ("unsupported", 0, 1)


def test_cases_that_the_user_lists_are_judged_like_the_layers_of_a_network(tmp_path: Path) -> None:
    listed = tmp_path / "layers.txt"
    listed.write_text("conv.n225-225.k3-3.s2-2\nconv.n7-7.k2-2\n")
    arguments = ["run", "spec", "torch-half", "--cases-from", str(listed), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0, result.output
    run = record.read(tmp_path / "out" / record.FILE)
    (row,) = tables.networks(tables.verdicts(assessment.assess(run)), tables.layers(run))
    assert row["network"] == tables.OWN
    assert row["implementations"]["spec"]["verdict"] == "safe"
    broken = row["implementations"]["torch-half"]
    assert (broken["verdict"], broken["case"], broken["n_broken"]) == ("wrong", "conv.n7-7.k2-2", 1)
    assert "## Networks: your cases\n" in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")
    assert "your cases" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_every_link_to_a_page_has_a_target(hostile_report: Path) -> None:
    """What begins with /case, /explorer and /calculator is drawn by the page's own code."""
    page = (hostile_report / "index.html").read_text(encoding="utf-8")
    targets = set(re.findall(r'id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"?]+)[^"]*"', page))
    assert {"/", "/impl/fake", "/impl/spec", "/networks", "/rule"} <= links
    assert {link for link in links if not link.startswith("/case/")} <= targets


def test_a_contested_cause_shows_what_the_spec_and_each_witness_say_of_its_smallest_case(tmp_path: Path) -> None:
    cases = ["conv.n1-1-3.k1-1-1.s1-1-3.float64", "conv.n1-1-4.k1-1-1.s1-1-4.float64"]
    arguments = [part for case in cases for part in ("--case", case)]
    result = CliRunner().invoke(cli.main, ["run", "tensorflow", "jax", *arguments, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    page = unbroken((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert (
        "<ul><li><strong>spec</strong> says: shape 1x1x1x1x1: -3752573760</li>"
        "<li><strong>tensorflow</strong> says: 1 of 1 elements differ, by 1.20352e+09 at most</li>"
        "<li><strong>jax</strong> says: the same as the spec</li></ul>"
    ) in page
    assert "same-conformance repro conv.n1-1-3.k1-1-1.s1-1-3.float64 --with tensorflow" in page
    assert "TensorFlow&#39;s own 3-D kernels at stride &gt; kernel, 2 cases" in page


def test_windows_of_a_transposed_convolution_are_turned_round_for_the_page() -> None:
    """A record has them by output element, as an author thinks of them; the page draws what becomes of each input."""
    case = parse("conv_transpose.n2.k3.s2")
    by_output = [[[0, None, None], [None, 0, None], [1, None, 0], [None, 1, None]]]
    recorded = {"implementation": "a", "case": case.id, "expected": None, "observed": None, "windows": by_output}
    found = pictures.pictures(
        record.Record({"implementations": [], "cases": [], "expectations": []}, [], {"pictures": [recorded]}),
        assessment.Assessment(),
    )
    assert found[0]["windows"] == [[[None if i < 0 else i for i in row] for row in plan.same(case).maps[0].tolist()]]
