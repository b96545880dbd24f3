"""What people type, and the rules it must keep."""
