"""Where a program runs."""
