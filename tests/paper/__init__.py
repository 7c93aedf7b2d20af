"""What the paper says, reproduced."""
