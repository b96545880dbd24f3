"""The bell as views know it; function management rings the same one."""

from webmail.bell import ring

__all__ = ["ring"]
