"""Cells as text: spelling made even, words that say nothing, formulas made harmless."""
