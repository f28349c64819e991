"""Implementations and networks, from either side."""

from __future__ import annotations

from typing import Any

import pytest

from records import about, header
from same_conformance.case import parse
from same_conformance.record import Record
from same_conformance.report import fits, tables

SAFE = {"verdict": "safe", "n_broken": 0}


def broken(verdict: str, n_wrong: int, n_missing: int) -> dict[str, Any]:
    counts = {"n_broken": n_wrong or n_missing, "n_wrong": n_wrong, "n_missing": n_missing}
    return {"verdict": verdict, "case": "conv.n5.k3", "layer": "stem", "why": "value", **counts}


NETWORKS = [
    {"network": "A", "n_layers": 2, "layers": {}, "implementations": {"good": SAFE, "bad": broken("wrong", 1, 1), "none": broken("unsupported", 0, 2)}},
    {"network": "B", "n_layers": 3, "layers": {}, "implementations": {"good": SAFE, "bad": broken("unsupported", 0, 1), "none": broken("unsupported", 0, 3)}},
]  # fmt: skip


def test_who_offers_no_layer_of_any_network_is_a_stranger() -> None:
    assert fits.strangers(NETWORKS) == ["none"]
    assert fits.strangers([]) == []


def test_an_implementation_has_its_networks_counted_by_what_breaks_them() -> None:
    good, bad, none = fits.by_implementation(NETWORKS)
    assert (good.name, good.n_safe, good.broken) == ("good", 2, ())
    assert [fit["network"] for fit in bad.wrong] == ["A"]
    assert [fit["network"] for fit in bad.lacking] == ["B"]
    assert (bad.n_safe, none.n_safe, len(none.lacking)) == (0, 0, 2)
    assert fits.by_implementation([]) == []


def test_a_network_has_who_reproduces_it_and_leaves_out_who_offers_nothing_of_it() -> None:
    first, second = fits.by_network(NETWORKS)
    assert (first["safe"], [name for name, _ in first["wrong"]], first["lacking"]) == (["good"], ["bad"], [])
    assert [(name, fit["n_missing"]) for name, fit in second["lacking"]] == [("bad", 1)]


@pytest.mark.parametrize(("narrowed", "networks"), [([], []), (["--op"], []), (["--case"], [tables.OWN])])
def test_a_case_that_an_expectation_names_is_none_of_the_user_s(narrowed: list[str], networks: list[str]) -> None:
    case = parse("conv.n5.k4")
    head = header([case], about("fake")) | {"cases": [[case.id, "given"]], "narrowed": narrowed}
    layers = tables.layers(Record(head, [], {}, [case]))
    assert [network for layer in layers if layer.case == case for network in layer.layers] == networks
