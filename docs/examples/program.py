"""An implementation in JavaScript, run by node; program.js speaks the worker protocol."""

from same_conformance import Program

implementation = Program(
    name="example-node",
    command=("node", "program.js"),  # what is a file beside this one is that file
    ops=("conv", "max_pool"),
    ranks=(2,),
    dtypes=("float32",),
    paddings=("same",),
    summary="SAME in JavaScript, by its definition.",
)
