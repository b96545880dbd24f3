"""Screens for people who connect their mailboxes."""
