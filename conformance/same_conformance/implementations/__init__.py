"""The implementations that come with this package, registered through the same entry points as anybody's.

No module here imports a framework at its top: describing an implementation must not cost the import.
"""
