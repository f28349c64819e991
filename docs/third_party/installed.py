"""Say which version of a library is installed, so that the record names it."""

from importlib import metadata


def version(distribution):
    """Return the version, or nothing where the library is not installed: then it does not start, and says so itself."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
