"""Merge the records of several runs, such as the shards of one, into one record.

Shards may have cases or implementations in common, or neither. What ran twice must have come out the same, with the same
versions, on the same sources of ours: otherwise the result would be the record of no run at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from same_conformance.case import Case, parse
from same_conformance.errors import CaseError, RecordError
from same_conformance.record import Damage, Record, Result

_ORIGINS = ("corpus", "network", "packed", "drawn", "given", "required")
"""Where a case comes from that several shards have: the first of these that one of them says."""

_SHOWN = 3
_RECORDINGS = "run the shards with one version of same-conformance, or compare them with diff"


def merge(records: Mapping[str, Record]) -> Record:
    """Return one record of all `records`, which are called by the names that errors use; their order does not matter.

    A record on its own is given back with what a footer must have, where it has none.

    Raises:
        RecordError: if they contradict each other: names the implementation, the case, and both records.

    """
    if len(records) == 1:
        (record,) = records.values()
        return Record(record.header, record.results, _footer([record]), record.cases, record.damage)
    named = dict(sorted(records.items(), key=lambda item: (str(item[1].header.get("began", "")), _key(item[1]))))
    _check_ours(named)
    parts = list(named.values())
    implementations = _implementations(named)
    results = _results(named)
    origins = _origins(parts)
    headers = [record.header for record in parts]
    merged: dict[str, Any] = {
        **headers[0],
        "began": min((str(h["began"]) for h in headers if h.get("began")), default=""),
        "command": "; ".join(_distinct(h["command"] for h in headers)),
        "profile": ", ".join(_distinct(h["profile"] for h in headers)),
        "seed": _one_or_text([h["seed"] for h in headers]),
        "cases": [[case.id, origin] for case, origin in origins.items()],
        "n_drawn": (n_drawn := sum(origin == "drawn" for origin in origins.values())),
        "n_wanted": max(n_drawn, *(h["n_wanted"] for h in headers)),
        "implementations": list(implementations.values()),
        "expectations": _distinct(entry for h in headers for entry in h["expectations"]),
        "named": _distinct(name for h in headers for name in h.get("named", [])),
        "requirements": _distinct(requirement for h in headers for requirement in h.get("requirements", [])),
        "recorded": _recorded(named),
        "narrowed": _distinct(option for h in headers for option in h.get("narrowed", ["?"])),
        "variables": {k: " | ".join(_distinct(values)) for k, values in _gathered(h["variables"] for h in headers)},
        "n_asked": len({(name, case) for record in parts for name in record.names for case in record.cases}),
    }
    failed = {name: why[0] for name, why in _gathered(h["not_started"] for h in headers) if name not in implementations}
    merged["not_started"] = failed
    merged["not_installed"] = [
        name for name in failed if all(name in h["not_installed"] for h in headers if name in h["not_started"])
    ]
    damage = [Damage(d.line, f"{d.why}, in {label}") for label, record in named.items() for d in record.damage]
    return Record(merged, results, _footer(parts), list(origins), damage)


def _key(record: Record) -> str:
    """Return what orders records whatever they are called, so that the same shards give the same bytes."""
    return repr((sorted(record.names), [case.id for case in record.cases], record.header["command"]))


def _check_ours(named: Mapping[str, Record]) -> None:
    versions = {label: (r.header["same_conformance"], r.header.get("spec_sources")) for label, r in named.items()}
    (first, ours), *others = versions.items()
    for label, theirs in others:
        if theirs != ours:
            raise RecordError(
                f"{first} and {label} were judged by different sources of same-conformance ({_dashed(ours)} and "
                f"{_dashed(theirs)}) and cannot be merged: run the shards with one version, or compare them with diff"
            )


def _dashed(version: Iterable[Any]) -> str:
    return "-".join(map(str, version))


def _implementations(named: Mapping[str, Record]) -> dict[str, dict[str, Any]]:
    """Return the descriptions of all implementations, by name."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    variables = {label: record.header["variables"] for label, record in named.items()}
    for label, record in named.items():
        for about in record.header["implementations"]:
            other, theirs = found.setdefault(about["name"], (label, about))
            different = [key for key in sorted(about.keys() | theirs.keys()) if about.get(key) != theirs.get(key)]
            if not different and variables[label] != variables[other]:
                raise RecordError(
                    f"{about['name']} ran with other environment variables in {label} than in {other}: "
                    "run the shards in one environment, or compare them with diff"
                )
            if different:
                key = different[0] if "version" not in different else "version"
                raise RecordError(
                    f"{about['name']} is not the same in {other} and {label}: {key} {theirs.get(key)!r} and "
                    f"{about.get(key)!r}; merge shards of one version, and compare versions with diff"
                )
    return {name: found[name][1] for name in sorted(found)}


def _recorded(named: Mapping[str, Record]) -> dict[str, dict[str, Any]]:
    """Return what all records say of recorded witnesses, by name; they must be of one recording."""
    found: dict[str, dict[str, Any]] = {}
    for label, record in named.items():
        for name, about in record.header.get("recorded", {}).items():
            theirs = found.setdefault(name, {**about, "said": {}})
            if {**about, "said": 0} != {**theirs, "said": 0}:
                raise RecordError(f"{label} has another recording of {name} than the others: {_RECORDINGS}")
            theirs["said"] = {**theirs["said"], **about["said"]}
    return dict(sorted(found.items()))


def _results(named: Mapping[str, Record]) -> list[Result]:
    """Return all results in canonical order of their cases, once each."""
    found: dict[tuple[str, Case], tuple[str, Result]] = {}
    conflicts = []
    for label, record in named.items():
        for result in record.results:
            other, theirs = found.setdefault((result.implementation, result.case), (label, result))
            if theirs != result:
                conflicts.append((other, theirs, label, result))
    if conflicts:
        told = "; ".join(
            f"{a.implementation} on {a.case.id}: {a.judgement.verdict} in {first}, {b.judgement.verdict} in {second}"
            for first, a, second, b in conflicts[:_SHOWN]
        )
        more = f"; and {len(conflicts) - _SHOWN} more" if len(conflicts) > _SHOWN else ""
        raise RecordError(
            f"{len(conflicts)} outcomes contradict each other ({told}{more}): "
            "merge shards of one run, or compare them with diff"
        )
    results = [result for _, result in found.values()]
    return sorted(results, key=lambda r: (r.case.canonical_key, r.implementation))


def _origins(records: Sequence[Record]) -> dict[Case, str]:
    """Return every case with where it comes from, in canonical order."""
    rank = {origin: i for i, origin in enumerate(_ORIGINS)}
    found: dict[Case, str] = {}
    for record in records:
        for case, (_, origin) in zip(record.cases, record.header["cases"], strict=True):
            found[case] = min(found.get(case, origin), origin, key=lambda o: (rank.get(o, len(rank)), o))
    return {case: found[case] for case in sorted(found, key=lambda c: c.canonical_key)}


def _footer(records: Sequence[Record]) -> dict[str, Any]:
    """Return what the footers say together; ``n_unfinished`` is how many are missing, and left out if none is."""
    footers = [record.footer for record in records if record.footer]
    outputs = {k: "\n".join(_distinct(texts)) for k, texts in _gathered(f.get("outputs") or {} for f in footers)}
    merged: dict[str, Any] = {
        "seconds": round(sum(f.get("seconds") or 0 for f in footers), 1),
        "start_seconds": round(sum(f.get("start_seconds") or 0 for f in footers), 1),
        "outputs": outputs,
        "unpacked": _distinct(entry for f in footers for entry in f.get("unpacked", [])),
        "causes": _causes([cause for f in footers for cause in f.get("causes", [])]),
    }
    n_unfinished = sum(not record.is_finished for record in records)
    if len(records) == 1 and not n_unfinished:
        return {**merged, **records[0].footer}
    return {**merged, "n_unfinished": n_unfinished} if n_unfinished else merged


def _causes(causes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the causes of all shards; of those that say the same of one op, the one with the smallest case.

    How many cases were wrong is then what that shard counted: the shares of shards cannot be added where they overlap.
    """
    best: dict[tuple[str, ...], tuple[tuple[Any, ...], dict[str, Any]]] = {}
    for cause in causes:
        said = tuple(str(cause[key]) for key in ("implementation", "op", "compared", "calls", "sentence", "where"))
        rank = (*_size(cause["case"]), -cause["n_ran"], str(cause))
        if said not in best or rank < best[said][0]:
            best[said] = (rank, cause)
    return [cause for _, (_, cause) in sorted(best.items())]


def _size(case_id: str) -> tuple[Any, ...]:
    """Return what orders ids as the canonical order does, and those that are none last."""
    try:
        return (0, parse(case_id).canonical_key)
    except CaseError:
        return (1, case_id)


def _gathered(mappings: Iterable[Mapping[str, str]]) -> list[tuple[str, list[str]]]:
    """Return for each key, in order, the distinct values that the mappings have for it."""
    found: dict[str, list[str]] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            if value not in found.setdefault(key, []):
                found[key].append(value)
    return sorted(found.items())


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return the values, each once, as they come; they need not be hashable."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _one_or_text(values: Iterable[Any]) -> Any:
    """Return the value that all share, or a text that names all."""
    distinct = _distinct(values)
    return distinct[0] if len(distinct) == 1 else ", ".join(map(str, distinct))
