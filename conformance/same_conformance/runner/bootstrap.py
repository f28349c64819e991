"""Start a worker: ``INTERPRETER bootstrap.py REQUESTS_FD REPLIES_FD``.

A script outside the import system on purpose. The interpreter may belong to another environment, where nothing of
ours is installed; this makes our package importable there under its name, and nothing that lies beside it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

RUNNER = Path(__file__).resolve().parent


def make_importable(package: Path) -> None:
    """Import the package in directory `package` as ``same_conformance``."""
    spec = importlib.util.spec_from_file_location(
        "same_conformance", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {package}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["same_conformance"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    sys.path[:] = [p for p in sys.path if Path(p).resolve() != RUNNER]  # our own folder is no place to import from
    make_importable(RUNNER.parent)
    from same_conformance.runner.worker import main

    main(int(sys.argv[1]), int(sys.argv[2]))
