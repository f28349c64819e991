"""Make ``python -m same_conformance`` the command."""

from same_conformance.cli import main

if __name__ == "__main__":
    main(prog_name="same-conformance")
