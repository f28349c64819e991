"""Turn results into the tables that every form of the report shows."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from same_conformance import corpus, mutants
from same_conformance.case import OPS
from same_conformance.corpus import Layer
from same_conformance.errors import UsageError
from same_conformance.judge import FAILURES, VERDICTS, expected_shape
from same_conformance.messages import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from same_conformance.assessment import Assessed, Assessment
    from same_conformance.case import Case
    from same_conformance.record import Record

TYPES = {
    "case": "str",
    "op": "str",
    "dims": "int64",
    "size": "str",
    "kernel": "str",
    "stride": "str",
    "dilation": "str",
    "padding": "str",
    "batch": "int64",
    "channels": "str",
    "groups": "int64",
    "output_size": "str",
    "dtype": "str",
    "compared": "str",
    "implementation": "str",
    "version": "str",
    "verdict": "str",
    "expected_shape": "str",
    "observed_shape": "str",
    "n_different": "Int64",
    "max_abs_difference": "Float64",
    "contested": "bool",
    "witnesses": "str",
    "expected_failure": "str",
    "diagnosis": "str",
    "message": "str",
}
"""The columns of the results, with the types that pandas calls so; only those that begin with a capital can be missing."""

COLUMNS = list(TYPES)
_TEXTS = [column for column, kind in TYPES.items() if kind == "str"]
_NUMBERS = [column for column, kind in TYPES.items() if kind[0].isupper()]

_CHUNK = 1_000
"""Rows that are text at one time; the text of all would take more memory than everything else in a run."""
_ROW_GROUP = 20_000
"""Rows of a part of a Parquet file: enough that compression finds what repeats."""


def results(record: Record, rows: Sequence[Assessed]) -> pd.DataFrame:
    """Return `rows` with the columns `COLUMNS`.

    Tuples are written with an x between their numbers; shapes are channel last. The two numbers are empty unless
    there are two arrays of one shape to compare.
    """
    versions = {about["name"]: about["version"] for about in record.header["implementations"]}
    rule_of = {about["name"]: about["rule"] for about in record.header["implementations"]}
    sentences = _sentences(record)
    texts = [(*_fields(row.result.case), *_findings(row, versions, rule_of, sentences)) for row in rows]
    frame = pd.DataFrame(texts, columns=COLUMNS)
    return frame.astype(TYPES)


def read(path: Path) -> pd.DataFrame:
    """Read ``results.csv`` or ``mismatches.csv`` with the types that they were written with.

    Left to itself, pandas takes ``size`` for a number where a run has one axis only, the version 2.10 for 2.1, and a
    message that says NA for none.
    """
    return pd.read_csv(path, dtype=cast("Any", TYPES), keep_default_na=False, na_values={c: [""] for c in _NUMBERS})


def write_parquet(record: Record, assessment: Assessment, path: Path) -> None:
    """Write all results as Parquet: the columns of the CSV, with their types, and texts as they are.

    Raises:
        UsageError: if pyarrow is not installed.

    """
    pyarrow, parquet = parquet_library()
    writer: Any = None
    try:
        for begin in range(0, max(len(assessment.rows), 1), _ROW_GROUP):
            frame = results(record, assessment.rows[begin : begin + _ROW_GROUP])
            table = pyarrow.Table.from_pandas(frame, schema=writer and writer.schema, preserve_index=False)
            writer = writer or parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def parquet_library() -> tuple[Any, Any]:
    """Return pyarrow and what writes Parquet in it.

    Raises:
        UsageError: if it is not installed; says how to get it.

    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError(
            f"--parquet needs pyarrow ({one_line(str(error))}); try: python -m pip install pyarrow"
        ) from None
    return pa, parquet


def write_csvs(record: Record, assessment: Assessment, results_path: Path, mismatches_path: Path) -> None:
    """Write all results, and apart from them the rows that are neither `pass` nor `unsupported`.

    Expected failures are among the latter, with their reason beside them.
    """
    with (
        results_path.open("w", encoding="utf-8", newline="") as everything,
        mismatches_path.open("w", encoding="utf-8", newline="") as mismatches,
    ):
        for begin in range(0, max(len(assessment.rows), 1), _CHUNK):
            frame = results(record, assessment.rows[begin : begin + _CHUNK])
            wrong = frame[~frame["verdict"].isin(["pass", "unsupported"])]
            for file, part in ((everything, frame), (mismatches, wrong)):
                _no_formulas(part).to_csv(file, index=False, header=begin == 0, lineterminator="\n")


def verdicts(assessment: Assessment) -> pd.DataFrame:
    """Return the columns ``case``, ``op``, ``implementation`` and ``verdict`` of all results, as categories."""
    found = [row.result for row in assessment.rows]
    columns = {
        "case": pd.Categorical([result.case.id for result in found]),
        "op": pd.Categorical([result.case.op for result in found]),
        "implementation": pd.Categorical([result.implementation for result in found]),
        "verdict": pd.Categorical([result.judgement.verdict for result in found]),
    }
    return pd.DataFrame(columns)


@lru_cache(maxsize=_CHUNK)
def _fields(case: Case) -> tuple[Any, ...]:
    spatial = (case.size, case.kernel, case.stride, case.dilation)
    return (
        case.id,
        case.op,
        case.rank,
        *map(by_x, spatial),
        case.padding,
        case.batch,
        by_x(case.channels),
        case.groups,
        by_x(case.output_size),
        case.dtype,
        case.compared,
    )


def _sentences(record: Record) -> dict[tuple[str, str, str], str]:
    """Return the diagnosis of each implementation, op and verdict."""
    return {
        (cause["implementation"], cause["op"], verdict): cause["sentence"]
        for cause in record.footer.get("causes", [])
        for verdict in cause["verdicts"]
    }


def _findings(
    row: Assessed, versions: dict[str, str], rule_of: dict[str, str], sentences: dict[tuple[str, str, str], str]
) -> tuple[Any, ...]:
    j = row.result.judgement
    name = row.result.implementation
    rule = mutants.RULES.get(rule_of[name])
    diagnosis = rule.sentence if rule and row.standing == "expected failure" else ""
    if row.standing == "unexpected":
        diagnosis = sentences.get((name, row.result.case.op, j.verdict), "")
    return (
        name,
        versions[name],
        j.verdict,
        by_x(expected_shape(row.result.case, j.verdict)),
        by_x(j.observed_shape or ()),
        j.n_different,
        j.max_abs_difference,
        row.contested,
        row.witnesses,
        row.why if row.standing == "expected failure" else "",
        diagnosis,
        j.message,
    )


@cache  # a table of 100,000 rows repeats a few hundred of them
def by_x(numbers: tuple[int, ...]) -> str:
    """Write numbers with an x between them.

    >>> by_x((1, 5, 5, 2))
    '1x5x5x2'
    """
    return "x".join(map(str, numbers))


def _no_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe before each cell that a spreadsheet would take for a formula."""
    safe = frame.copy()
    for column in _TEXTS:
        safe[column] = safe[column].map(_no_formula)
    return safe


def _no_formula(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def matrix(frame: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts: a row per implementation, and for each op a column per verdict that occurs."""
    counts = frame.groupby(["implementation", "op", "verdict"], observed=True).size().unstack(fill_value=0)  # noqa: PD010
    return counts.reindex(columns=[v for v in VERDICTS if v in counts.columns])


def cells(frame: pd.DataFrame) -> dict[str, dict[str, dict[str, int]]]:
    """Return the matrix as ``{implementation: {op: {verdict: count}}}``, zero counts left out."""
    counted = matrix(frame)
    table: dict[str, dict[str, dict[str, int]]] = {}
    for key, row in counted.iterrows():
        implementation, op = cast("tuple[str, str]", key)
        table.setdefault(implementation, {})[op] = {str(verdict): int(n) for verdict, n in row.items() if n}
    return {name: {op: ops.get(op, {}) for op in OPS} for name, ops in table.items()}


OWN = "your cases"
"""What stands for a network's name where the user listed the cases."""


def layers(record: Record) -> list[Layer]:
    """Return the layers of the networks, and the cases that the user listed as those of a network of their own.

    A whole profile was given no cases but those that expectations name. Where a record does not say what narrowed its
    run, its cases count as listed.
    """
    is_listed = not {"--case", "?"}.isdisjoint(record.header.get("narrowed", ["?"]))
    own = [Layer(case, {OWN: (case.id,)}) for case in record.of_origin("given")] if is_listed else []
    return [*own, *corpus.read_networks()]


def networks(frame: pd.DataFrame, layers: Iterable[Layer]) -> list[dict[str, Any]]:
    """Say for each network which implementations reproduce all of its SAME layers, and which layer breaks the others.

    A layer that is padded by hand counts where its padding is that of SAME. Returns a dict per network: ``network``,
    ``n_layers``, ``cases``, ``layers`` (the names of each case's) and ``implementations``, a dict from name to ``verdict`` (``safe``, ``wrong`` or
    ``unsupported``), ``n_broken``, and of those that are not safe ``n_wrong`` and ``n_missing``, the layers that come out
    wrong and that are not offered, and ``case``, ``layer`` and ``why`` of the smallest case that breaks it.
    """
    wanted: dict[str, dict[str, list[str]]] = {}
    for layer in layers:
        if layer.is_same:
            for network, paths in layer.layers.items():
                wanted.setdefault(network, {}).setdefault(layer.case.id, []).extend(paths)
    needed = {case for cases in wanted.values() for case in cases}
    ran = frame[frame["case"].isin(needed)]
    verdict_of = {
        (name, case): v for name, case, v in zip(ran["implementation"], ran["case"], ran["verdict"], strict=True)
    }
    names = sorted(set(ran["implementation"]))
    table = []
    for network, cases in sorted(wanted.items(), key=lambda item: (item[0] != OWN, item[0])):
        if not all(any((name, case) in verdict_of for name in names) for case in cases):
            continue  # only part of the network's layers ran
        row = {"network": network, "cases": list(cases), "layers": cases, "n_layers": sum(map(len, cases.values()))}
        row["implementations"] = {
            name: _fitness(cases, lambda case, name=name: verdict_of.get((name, case), "unsupported")) for name in names
        }
        table.append(row)
    return table


def _fitness(cases: dict[str, list[str]], verdict_of: Any) -> dict[str, Any]:
    """Return how one implementation stands to one network: its smallest case that breaks it, wrong before unsupported."""
    wrong = [case for case in cases if verdict_of(case) in FAILURES]
    missing = [case for case in cases if verdict_of(case) == "unsupported"]
    broken = wrong or missing
    if not broken:
        return {"verdict": "safe", "n_broken": 0}
    n_wrong, n_missing = (sum(len(cases[case]) for case in part) for part in (wrong, missing))
    return {
        "verdict": "wrong" if wrong else "unsupported",
        "n_broken": n_wrong or n_missing,
        "n_wrong": n_wrong,
        "n_missing": n_missing,
        "case": broken[0],
        "layer": cases[broken[0]][0],
        "why": verdict_of(broken[0]),
    }
