#!/usr/bin/env bash
# Installs what a job needs and says what: `install.sh build`, `… demo`, `… test`.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v swift >/dev/null || {
  echo "Swift is missing. Install Swift 6.2 or newer from https://swift.org/install and run this again." >&2
  exit 1
}

missing=()
need() { dpkg -s "$1" >/dev/null 2>&1 || missing+=("$1"); }
if command -v dpkg >/dev/null; then
  for job in "$@"; do
    case $job in
      build) for package in libpng-dev libjpeg-dev zlib1g-dev pkg-config; do need $package; done ;;
      demo) need dataset-fashion-mnist ;;
      test) command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null || need python3-venv ;;
    esac
  done
fi

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "Installing with apt: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || true
  for package in "${missing[@]}"; do
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null || {
      if [ "$package" = dataset-fashion-mnist ]; then
        echo "The package dataset-fashion-mnist cannot be had here; see below for the files to provide." >&2
      else
        echo "apt could not install $package; install it by hand and run this again." >&2
        exit 1
      fi
    }
  done
fi

for job in "$@"; do
  [ "$job" = test ] || continue
  if [ ! -f .venv/ready ]; then
    echo "Making .venv with the referees onnx and onnxruntime"
    if python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check -r Tests/Referees/requirements.txt; then
      touch .venv/ready
    else
      echo "The referees cannot be installed; the tests that need them will say that they skipped." >&2
    fi
  fi
  if [ -f .venv/ready ]; then .venv/bin/python Tests/Referees/node_cases.py .cache/node-cases; fi
done
