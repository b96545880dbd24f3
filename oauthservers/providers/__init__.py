"""Adapters: how each kind of authorization server is spoken to. Plain Python, values in and values out."""
