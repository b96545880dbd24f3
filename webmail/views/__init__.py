"""Screens for the people who use webmail. Function management's screens are in ``webmail.manage``."""
