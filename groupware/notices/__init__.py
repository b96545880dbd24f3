"""Telling people outside the screen that something has stopped; the doors are imported where they are used."""
