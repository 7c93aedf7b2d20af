"""The frontend language (paper section 2). Knows no engine."""
