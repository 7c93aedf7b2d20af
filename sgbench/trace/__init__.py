"""Events, recordings and trace files. Knows no engine."""
