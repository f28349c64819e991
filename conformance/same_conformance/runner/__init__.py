"""Execute cases on implementations that live in worker processes.

`protocol` is what both sides speak; `bootstrap` and `worker` run in the worker's interpreter;
`process` is the host's side of one worker; `guardian` outlives the host to end its workers; `pool` runs many.
"""
