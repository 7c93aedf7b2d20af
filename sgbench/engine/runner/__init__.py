"""Device half of the engine: whatever turns a `StepPlan` into a `StepResult`.

`base` has the protocol; `torch_runner` is the real one (CPU, CUDA); `scripted` and `cost` run without a model.
"""
