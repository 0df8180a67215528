"""Compares servers case by case, in pairs of runs, and reports the ratios."""
