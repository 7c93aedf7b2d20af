"""Where SGLang programs import backends from; they live in `sgbench.backends`."""
