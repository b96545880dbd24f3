"""The ways to a grant."""
