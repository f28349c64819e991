"""Look one implementation over before it is judged: does it start, does it keep the contract, does it do what it claims.

Two things can be wrong, and they are told apart. A *broken plug-in* does not keep the contract of ``docs/plugins.md``: it
does not start, returns no tensor, or one in another layout or dtype, takes other arguments. An *implementation that is
not conforming* keeps it, and gives something else than SAME.
"""
