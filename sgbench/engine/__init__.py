"""The in-kernel engine: scheduler, radix tree and KV pool on the host, runners on the device. Knows no IPython, widget or language."""
