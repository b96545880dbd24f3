"""Screens of the system administrator."""
