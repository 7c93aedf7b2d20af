"""A kernel with views that ends: in a process of its own, since the end of the process is what is tested."""

from __future__ import annotations

from pathlib import Path

from jupyter_client.manager import KernelManager

CELLS = [
    "%load_ext sgbench",
    '%%sgl told\ns += user("What is the capital of France?") + assistant(gen("answer", max_tokens=4))',
    "%sgl watch dashboard",
    # More than 64 KB: messages of that size travel without a copy, and zmq begins to look after them now, later than the extension.
    "from IPython.display import display\ndisplay({'text/plain': 'x' * 200_000}, raw=True)",
    "from sgbench.widgets import Dashboard\nDashboard.summary = lambda self: 'x' * 200_000",
]


def test_the_last_pictures_of_a_kernel_that_ends_raise_nothing(tmp_path: Path) -> None:
    said = tmp_path / "stderr"
    with said.open("w") as stderr:
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(stderr=stderr, cwd=str(tmp_path))
        client = manager.client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=120)
            for cell in CELLS:
                reply = client.execute_interactive(cell, timeout=240, output_hook=lambda message: None)
                assert reply["content"]["status"] == "ok", reply["content"]
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
    assert "Traceback" not in said.read_text()
