#!/bin/sh
# Install a wheel in a clean environment, away from the checkout, and use it: sh try_wheel.sh PYTHON WHEEL
set -eu
python=$1
wheel=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
capture=$(pwd)/examples/captures/generated_encoder_block_before.csv
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel"
cd "$folder"
venv/bin/perfsheet --version
venv/bin/perfsheet top-ops "$capture" | grep -q "device ops"
venv/bin/perfsheet report "$capture" -o sheet.xlsx --html page.html --md report.md --trace trace.json
venv/bin/python -c "import perfsheet; print(perfsheet.analyze(perfsheet.read('$capture')).summary.ops, 'ops')"
venv/bin/perfsheet skill | grep -q "^name: perfsheet"
venv/bin/python -c "from perfsheet.pages import names; print(len(names()), 'pages of docs')"
test -s sheet.xlsx && test -s page.html && test -s report.md && test -s trace.json
echo "the wheel works"
