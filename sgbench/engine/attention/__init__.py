"""Attention over paged KV: what a backend is (`base`), which one runs and why (`choice`), and three backends.

* ``torch``: `torch_attention`, made of `dense` and `chunkwise`. Needs torch alone, and runs on a CPU or a GPU.
* ``triton``: `triton_attention`, which plans a step's work (`sharing`, `items`, `decode_buffers`) and launches (`launch`) the kernels
  of `sgbench.engine.kernels`. Needs Triton and an NVIDIA GPU of compute capability 8.0; tests run it in Triton's interpreter.
* ``flashinfer``: `flashinfer_attention`, planned by `flashinfer_plan`: FlashInfer's kernels where they are ahead, the ``triton``
  backend's elsewhere. Needs FlashInfer, and all that ``triton`` needs.

All are tested equal to `reference`, the slow twin. Nothing is imported here: a backend's packages are loaded when it is chosen.
"""
