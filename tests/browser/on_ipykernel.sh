#!/usr/bin/env bash
# Runs the browser tests with kernels of another ipykernel. usage: tests/browser/on_ipykernel.sh 7.4.0 [pytest arguments]
# The other ipykernel stands in a small environment of its own, before the packages of .venv.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$1
shift
folder=build/ipykernel-$version
if [ ! -x "$folder/bin/python" ]; then
  .venv/bin/python -m venv "$folder"
  site=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  .venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$site/base.pth"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "ipykernel==$version"
fi
"$folder/bin/python" -c "import ipykernel; assert ipykernel.__version__ == '$version', ipykernel.__version__"
SGBENCH_KERNEL_PYTHON="$PWD/$folder/bin/python" exec .venv/bin/python -m pytest tests/browser/test_radix_tree.py tests/browser/test_bad_input.py tests/browser/test_labextension.py "$@"
