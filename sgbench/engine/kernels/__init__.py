"""Kernels in Triton, each with a twin in torch that says what it computes."""
