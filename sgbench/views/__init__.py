"""Pure folds of events. Knows no engine, no widget."""
