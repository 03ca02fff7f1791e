"""Recipes: one small file for each preset, with its source, its command, and what came of it where."""
