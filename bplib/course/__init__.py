"""Authoring: source/ -> notebooks/, exercises/, solutions/, and the kill table.

authoring builds the notebooks, kill tries every known wrong answer on its check.
Neither knows any maths.
"""
