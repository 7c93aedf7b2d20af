"""What SGLang's benchmark programs import from ``sglang.test``."""
