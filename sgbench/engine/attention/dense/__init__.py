"""What `sgbench.engine.attention.torch_attention` is made of: attention over dense blocks, by torch's own kernels.

`blocks` computes one block; `pieces` are a step's dense calls over KV in the pool, `joining` makes their partial results one.
On a CPU, decode steps read copies that are kept from step to step: `decode_window` keeps what is a request's own,
`prefix_window` what several share (the long ones in `long_prefixes`, what is read together chosen by `passes`), both in `rows`.
"""
