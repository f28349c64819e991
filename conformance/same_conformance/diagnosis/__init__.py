"""Find out which rule a wrong implementation follows, for which parameters it is wrong, and the smallest case that shows it."""
