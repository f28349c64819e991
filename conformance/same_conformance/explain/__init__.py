"""Explain what SAME does with given parameters: the arithmetic, the windows, and code to copy. Runs nothing."""
