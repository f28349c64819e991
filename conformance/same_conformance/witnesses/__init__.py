"""Keep what TensorFlow and JAX, the witnesses, said of the cases in ``cases/``, for runs in which they are absent.

The recording, ``cases/witnesses.jsonl``, has the versions and the environment that it was made with, and per case the
digest of the spec's array and a saying of each witness. Whoever changes the spec, the operands or the cases must ask the
witnesses again (``nox -s record``); until then `recording.check` finds the digests wrong.
"""

NAMES = {"tensorflow": "TensorFlow", "jax": "JAX"}
"""The witnesses, and what they are called in a sentence."""
