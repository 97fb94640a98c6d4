"""What would make a company trust it: tests that try to break each promise."""
