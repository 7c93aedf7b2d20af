"""The paper's workloads."""
