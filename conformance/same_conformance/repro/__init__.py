"""Print what a maintainer can run: one case in a script that needs a framework and NumPy alone, and a report around it."""
