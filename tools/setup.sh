#!/usr/bin/env bash
# Fills the virtual environment. usage: setup.sh runtime|dev PYTHON VENV
# Without an NVIDIA GPU the CPU build of torch goes in first: whatever asks for torch later is then satisfied, and no
# gigabytes of CUDA come along.
set -euo pipefail
what=$1 python=$2 venv=$3
export PIP_DISABLE_PIP_VERSION_CHECK=1
torch_version=2.13.0

install() { "$venv/bin/python" -m pip install --quiet "$@"; }

has_gpu() { [ -e /proc/driver/nvidia/version ] || { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }; }

install_runtime() {
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
  if has_gpu; then
    echo "setup: NVIDIA GPU found; installing sgbench with its GPU extra"
    install --editable '.[lab,gpu]'
  else
    echo "setup: no NVIDIA GPU; installing the CPU build of torch $torch_version, then sgbench"
    install "torch==$torch_version+cpu" 2>/dev/null || install "torch==$torch_version"
    install --editable '.[lab]'
  fi
  touch "$venv/.runtime"
}

install_browser() {
  if command -v chromium >/dev/null; then return; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing Debian's chromium for the browser tests"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q chromium; } >"$venv/chromium.log" 2>&1 && return
  fi
  echo "setup: NO CHROMIUM: the browser tests will be skipped (they fail in CI). Install the package 'chromium'." >&2
}

install_dev() {
  echo "setup: developers' tools"
  install --editable '.[dev]'
  install_browser
  touch "$venv/.dev"
}

case $what in
  runtime) install_runtime ;;
  dev) install_dev ;;
  *) echo "setup.sh: runtime or dev, not '$what'" >&2; exit 2 ;;
esac
