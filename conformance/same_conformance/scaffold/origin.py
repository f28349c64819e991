"""Say where somebody else's pip gets this package from."""

from __future__ import annotations

import json
from importlib import metadata

from same_conformance import plugins

OWNER = "OWNER"
"""What stands for whose repository it is, where nobody can tell."""
_UNKNOWN = f"git+https://github.com/{OWNER}/{plugins.OURS}"


def requirement() -> str:
    """Return what pip installs this package from: the index or the repository that it came from here.

    From a checkout or a file that nobody else has, it is its repository, whose `OWNER` is for the author to fill in. What
    came from where, pip leaves beside a package (PEP 610); nothing if that was an index.
    """
    left = metadata.distribution(plugins.OURS).read_text("direct_url.json")
    if left is None:
        return plugins.OURS
    direct = json.loads(left)
    url, commit = direct["url"], direct.get("vcs_info", {}).get("commit_id")
    is_public = url.startswith(("https://", "ssh://"))
    return f"{plugins.OURS} @ {f'git+{url}@{commit}' if commit and is_public else _UNKNOWN}"
