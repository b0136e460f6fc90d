#!/usr/bin/env bash
# A model is trained, then the main job: before and after, side by side.
set -euo pipefail
cd "$(dirname "$0")/.."

data=""
for folder in .cache/fashion-mnist "$(dpkg -L dataset-fashion-mnist 2>/dev/null | grep -m1 t10k-images | xargs -r dirname || true)"; do
  if [ -n "$folder" ] && ls "$folder"/t10k-images-idx3-ubyte* >/dev/null 2>&1; then
    data=$folder
    break
  fi
done
if [ -z "$data" ]; then
  cat >&2 <<'MESSAGE'
The Fashion-MNIST data is missing. Put these four files (with or without .gz) into .cache/fashion-mnist and run `make demo` again:
  train-images-idx3-ubyte.gz  train-labels-idx1-ubyte.gz  t10k-images-idx3-ubyte.gz  t10k-labels-idx1-ubyte.gz
MESSAGE
  exit 1
fi
mkdir -p .cache/demo
.build/release/hone train --recipe Examples/fashion-mnist/recipe.yaml --data "$data" --threads 0 -o .cache/demo/trained.onnx
exec .build/release/hone compress .cache/demo/trained.onnx --data "$data" --max-drop 0.003 -o .cache/demo
