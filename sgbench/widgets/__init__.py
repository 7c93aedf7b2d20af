"""What the browser shows. Knows views and traces, no engine."""
