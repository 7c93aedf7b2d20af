"""Programs in SGLang's style, one for each behaviour of its language; `tests/lang/test_behaviours.py` runs each on every backend."""
