"""The command line: nothing is notebook-only. Each subcommand is a module with one ``main``."""
