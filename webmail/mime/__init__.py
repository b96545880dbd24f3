"""Messages as bytes: reading, building, quoting and making HTML safe. Plain Python, no Django.

Everything here takes values and returns values. Mail is written by strangers, so reading never
raises and never hangs: each part states its bounds.
"""
