"""An implementation in Perl; program.pl speaks the worker protocol and uses no modules."""

from same_conformance import Program

implementation = Program(
    name="example-perl",
    command=("perl", "program.pl"),
    ops=("conv", "max_pool"),
    ranks=(2,),
    dtypes=("float32",),
    paddings=("same",),
    summary="SAME in Perl, by its definition.",
)
