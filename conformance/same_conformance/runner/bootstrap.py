"""Start a worker: ``INTERPRETER bootstrap.py REQUESTS_FD REPLIES_FD``.

A script outside the import system on purpose. The interpreter may belong to another environment, where nothing of
ours is installed; this makes our package importable there under its name, and nothing that lies beside it.
"""

import importlib.util
import os
import sys


def _make_importable(package_dir):
    spec = importlib.util.spec_from_file_location(
        "same_conformance",
        os.path.join(package_dir, "__init__.py"),
        submodule_search_locations=[package_dir],
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["same_conformance"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or os.curdir) != here]  # our runner is no place to import from
    _make_importable(os.path.dirname(here))
    from same_conformance.runner.worker import main

    main(int(sys.argv[1]), int(sys.argv[2]))
