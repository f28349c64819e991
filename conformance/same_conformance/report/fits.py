"""Tell how implementations and networks go together, from either side: whom a reader has, or what is to be ported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Network = Mapping[str, Any]
    """A row of ``tables.networks``."""


@dataclass(frozen=True)
class Fit:
    """How one implementation stands to all networks.

    Attributes:
        name: of the implementation.
        n_safe: networks of which it reproduces every layer.
        wrong: networks of which a layer comes out wrong.
        lacking: networks of which it lacks layers, while the others are right.

    """

    name: str
    n_safe: int
    wrong: tuple[Mapping[str, Any], ...]
    lacking: tuple[Mapping[str, Any], ...]

    @property
    def broken(self) -> tuple[Mapping[str, Any], ...]:
        """Return the networks that it does not reproduce, each with what breaks it; those with wrong layers first."""
        return self.wrong + self.lacking


def by_implementation(networks: Sequence[Network]) -> list[Fit]:
    """Return how each implementation stands to the networks."""
    names = networks[0]["implementations"] if networks else ()
    return [_fit(name, networks) for name in names]


def _fit(name: str, networks: Sequence[Network]) -> Fit:
    fits = [{"network": row["network"], **row["implementations"][name]} for row in networks]
    wrong, lacking = (tuple(fit for fit in fits if fit["verdict"] == verdict) for verdict in ("wrong", "unsupported"))
    return Fit(name, len(fits) - len(wrong) - len(lacking), wrong, lacking)


def by_network(networks: Sequence[Network]) -> list[dict[str, Any]]:
    """Return of each network who reproduces it, who gets layers wrong, and who lacks some; who lacks all is left out."""
    return [
        {
            "network": row["network"],
            "n_layers": row["n_layers"],
            "layers": row["layers"],
            "safe": [name for name, _ in _of(row, "safe")],
            "wrong": list(_of(row, "wrong")),
            "lacking": [(name, fit) for name, fit in _of(row, "unsupported") if fit["n_missing"] < row["n_layers"]],
        }
        for row in networks
    ]


def _of(row: Network, verdict: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, fit) for name, fit in row["implementations"].items() if fit["verdict"] == verdict)


def strangers(networks: Sequence[Network]) -> list[str]:
    """Return who offers not one layer of any network."""
    return [
        name
        for name in (networks[0]["implementations"] if networks else ())
        if all(row["implementations"][name].get("n_missing") == row["n_layers"] for row in networks)
    ]
