"""Real JupyterLab in headless Chromium: one server and one page for the session, one notebook for each test.

``SGBENCH_KERNEL_PYTHON`` names the Python that runs the kernels, by default this one: so the same tests run against another
ipykernel. A missing browser is a failure where ``CI`` is set and a loud skip elsewhere.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE_S = 120
"""How long to wait for a state that must come: on a busy machine too, so that only what hangs fails."""
FOLDERS = (
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTER_DATA_DIR",
    "IPYTHONDIR",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(4 * PATIENCE_S))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing = "the browser tests need Chromium (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path


class Lab:
    """A JupyterLab server of its own, with its own settings, on a free port."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "notebooks"
        self.folder.mkdir(parents=True)
        self.token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**os.environ, **{name: str(home / name.lower()) for name in FOLDERS}, "OMP_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{environment.get('PYTHONPATH', '')}"
        environment["JUPYTER_PATH"] = str(self._install_extension(home))
        environment["JUPYTER_PREFER_ENV_PATH"] = "0"  # the kernel that is written below comes before the environment's
        self._write_settings(home)
        self._log = (home / "lab.log").open("w+b")
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.folder,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,
            "LabApp.extension_manager": "readonly",
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [f"--{name}={value}" for name, value in options.items()]
        self._process = subprocess.Popen(command, env=environment, cwd=home, stdout=self._log, stderr=self._log)
        self._wait()

    def _write_settings(self, home: Path) -> None:
        news = home / "jupyterlab_settings_dir/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        news.parent.mkdir(parents=True)
        news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
        python = os.environ.get("SGBENCH_KERNEL_PYTHON", sys.executable)
        kernel = home / "jupyter_data_dir/kernels/python3/kernel.json"
        kernel.parent.mkdir(parents=True)
        argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel.write_text(
            json.dumps({"argv": argv, "display_name": "Python 3", "language": "python", "interrupt_mode": "signal"})
        )

    @staticmethod
    def _install_extension(home: Path) -> Path:
        """Put the checkout's JupyterLab extension where the wheel would; an older one that is installed is then not seen."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        data = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
        for source, target in data.items():
            place = home / "jupyter_path" / Path(target).relative_to("share/jupyter")
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, place)
        return home / "jupyter_path"

    def _wait(self, timeout_s: float = 90) -> None:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/api?token={self.token}", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self._log.seek(0)
        pytest.fail(f"JupyterLab did not start:\n{self._log.read().decode(errors='replace')[-4000:]}")

    def stop(self) -> None:
        """Ask the server to stop, then make it."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/shutdown", method="POST", headers=headers)
        try:
            urllib.request.urlopen(request, timeout=10).close()
            self._process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.terminate()
            self._process.wait(10)
        self._log.close()


@pytest.fixture(scope="session")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The server of the session."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def session_page(lab: Lab, chromium: str) -> Iterator[Any]:
    """The page of the session, with JupyterLab open in it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{lab.url}/lab?token={lab.token}&reset")
        page.wait_for_function("window.jupyterapp && jupyterapp.shell", timeout=90_000)
        page.evaluate("jupyterapp.restored.then(() => true)")
        yield page
        browser.close()


class Notebook:
    """A notebook open in the page. Cells are told by their index."""

    def __init__(self, page: Any, lab: Lab, path: str) -> None:
        self.page = page
        self.lab = lab
        self.path = path

    def start_all(self) -> None:
        """Run all cells; does not wait."""
        self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def run_all(self, timeout_s: float = PATIENCE_S) -> None:
        """Run all cells and wait until the last has ended."""
        self.start_all()
        done = "cells.every(c => c.type !== 'code' || (c.executionCount && c.executionState === 'idle'))"
        failed = "cells.some(c => c.executionState === 'idle' && c.outputs.some(o => o.output_type === 'error'))"
        self.wait(f"(cells) => {done} || {failed}", timeout_s)  # after a failure the other cells do not run

    def cells(self) -> list[dict[str, Any]]:
        """What the model says of each cell: type, executionCount, executionState, outputs."""
        return self.page.evaluate(f"() => ({CELLS})()")

    def wait(self, condition: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until a JavaScript ``condition`` of `cells` holds."""
        self.page.wait_for_function(f"() => ({condition})(({CELLS})())", timeout=timeout_s * 1000, polling=50)

    def running(self, index: int) -> bool:
        """Is the cell still running?"""
        return bool(self.cells()[index]["executionState"] == "running")

    def failures(self) -> list[str]:
        """Errors that cells ended with."""
        outputs = [o for cell in self.cells() for o in cell["outputs"]]
        return [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]

    def widget(self, name: str = "RadixTree") -> Any:
        """Locator of the first widget of a kind."""
        return self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) [data-sgb-widget={name}]").first

    def wait_widget(self, condition: str, name: str = "RadixTree", timeout_s: float = PATIENCE_S) -> None:
        """Wait until a JavaScript ``condition`` holds of ``seq``, ``nodes`` and ``root`` of the first widget of a kind."""
        self.page.wait_for_function(
            f"""() => {{
              const root = jupyterapp.shell.currentWidget.node.querySelector('[data-sgb-widget={name}]');
              if (!root) return false;
              const [seq, nodes] = [Number(root.dataset.sgbSeq), Number(root.dataset.sgbNodes)];
              return {condition}; }}""",
            timeout=timeout_s * 1000,
            polling=30,
        )

    def save(self) -> nbformat.NotebookNode:
        """Save, and read what was saved."""
        self.page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save'); }")
        return nbformat.read(self.lab.folder / self.path, as_version=4)


CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.map(w => ({
  type: w.model.type, executionCount: w.model.executionCount ?? null, executionState: w.model.executionState ?? 'idle',
  outputs: w.model.outputs ? w.model.outputs.toJSON() : []}))"""


# Whatever a test left: dialogs, notebooks with changes, running kernels.
CLOSE_ALL = """async () => {
  for (const dialog of document.querySelectorAll('.jp-Dialog')) dialog.querySelector('.jp-mod-reject, .jp-mod-accept')?.click();
  for (const widget of [...jupyterapp.shell.widgets('main')]) {
    await widget.sessionContext?.shutdown().catch(() => {});
    widget.dispose();
  }
}"""


class Browser:
    """Opens notebooks in the session's page and keeps what went wrong there."""

    def __init__(self, page: Any, lab: Lab) -> None:
        self.page = page
        self.lab = lab
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._listeners = {
            "pageerror": lambda error: self._note(f"pageerror: {error}"),
            "console": lambda message: self._note(f"console: {message.text}") if message.type == "error" else None,
            "request": lambda request: self.requests.append(request.url),
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def _note(self, error: str) -> None:
        # JupyterLab says so of requests of its own when a kernel goes before it has answered, as a test that restarts one or is quick does.
        if "Canceled future for" not in error:
            self.errors.append(error)

    def write(self, name: str, sources: list[str]) -> Path:
        """Write a notebook with code cells into the server's folder."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        path = self.lab.folder / name
        nbformat.write(notebook, path)
        return path

    def open(self, name: str) -> Notebook:
        """Open a notebook of the server's folder and wait for its kernel."""
        self.page.evaluate(
            """async path => { const w = await jupyterapp.commands.execute('docmanager:open', {path});
               await w.context.ready; await w.sessionContext.ready; jupyterapp.shell.activateById(w.id); }""",
            name,
        )
        return Notebook(self.page, self.lab, name)

    def notebook(self, *sources: str, name: str | None = None) -> Notebook:
        """Write a notebook with these code cells and open it."""
        name = name or f"n{secrets.token_hex(4)}.ipynb"
        self.write(name, list(sources))
        return self.open(name)

    def theme(self, name: str) -> None:
        """``"JupyterLab Light"`` or ``"JupyterLab Dark"``."""
        self.page.evaluate(
            "async theme => { await jupyterapp.commands.execute('apputils:change-theme', {theme}); }", name
        )
        light = "true" if "Light" in name else "false"
        # JupyterLab's splash outlives the change; a second change before it is gone makes JupyterLab remove it twice, an error of its own.
        done = f"document.body.dataset.jpThemeLight === '{light}' && !document.getElementById('jupyterlab-splash')"
        self.page.wait_for_function(done, timeout=15_000)

    def finish(self) -> None:
        """Close what is open and stop listening."""
        self.page.evaluate(CLOSE_ALL)
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def strangers(self) -> list[str]:
        """Requests that left the machine."""
        own = (self.lab.url, self.lab.url.replace("http", "ws"), "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture
def browser(session_page: Any, lab: Lab, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Browser]:
    """Opens notebooks; afterwards asserts that the console is clean and that no request left the machine."""
    driven = Browser(session_page, lab)
    yield driven
    failed = request.node.stash.get(FAILED, False)
    if failed:
        picture = tmp_path / "failure.png"
        session_page.screenshot(path=picture)
        print(f"screenshot: {picture}; console: {driven.errors}")
    driven.finish()
    if not failed:
        assert driven.errors == []
        assert driven.strangers() == []
