#!/usr/bin/env bash
# Installs what a job needs and says what: `install.sh build`, `… demo`, `… test`.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "$1" >&2
  exit 1
}

command -v swift >/dev/null || fail "Swift is missing. Install Swift 6.2 or newer from https://swift.org/install and run this again."
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -1)
read -r major minor <<<"${version:-0 0}"
[ "$major" -gt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -ge 2 ]; } ||
  fail "This is Swift $major.$minor; Hone needs 6.2 or newer. Install it from https://swift.org/install and run this again."

missing=()
need() { dpkg -s "$1" >/dev/null 2>&1 || missing+=("$1"); }
if command -v dpkg >/dev/null; then
  for job in "$@"; do
    case $job in
      build) for package in libpng-dev libjpeg-dev zlib1g-dev pkg-config; do need $package; done ;;
      demo) need dataset-fashion-mnist ;;
      test)
        need dataset-fashion-mnist
        command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null || need python3-venv
        ;;
    esac
  done
else
  echo "There is no apt here: libpng, libjpeg and zlib with their headers, and pkg-config, must be installed already." >&2
fi

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "These packages are missing and there is no sudo; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  echo "Installing with apt: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || true
  for package in "${missing[@]}"; do
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null && continue
    [ "$package" = dataset-fashion-mnist ] || fail "apt could not install $package; install it by hand and run this again."
    echo "The package dataset-fashion-mnist cannot be had here; without it the demo says which files to provide, and a test skips." >&2
  done
fi

# The virtual environment is made anew when what it must hold has changed.
referees() {
  local requirements=Tests/Referees/requirements.txt
  if ! cmp -s $requirements .venv/ready; then
    echo "Making .venv with the referees onnx and onnxruntime"
    rm -f .venv/ready
    python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check -r $requirements || return 1
    cp $requirements .venv/ready
  fi
  .venv/bin/python Tests/Referees/node_cases.py .cache/node-cases &&
    .venv/bin/python Tests/Referees/operator_cases.py .cache/operator-cases
}

# PyTorch is large and not among the requirements: whoever has put it into .venv gets the cases that it trains.
training() {
  .venv/bin/python -c 'import torch, torchvision, transformers' 2>/dev/null || return 0
  if [ ! -x .build/release/hone ]; then
    echo "PyTorch is here, but its cases need .build/release/hone: make build, and run this again." >&2
    return 0
  fi
  .venv/bin/python Tests/Referees/training_cases.py .build/release/hone .cache/training-cases
}

for job in "$@"; do
  [ "$job" = test ] || continue
  { referees && training; } || echo "The referees cannot be used; the tests that need them will say that they skipped." >&2
done
