"""Where SGLang's programs import backends from; they are in `sgbench.backends`."""
