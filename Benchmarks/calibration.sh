#!/bin/sh
# Peak memory and time of `hone quantize` beside ONNX Runtime's MinMax, on 64 and on 256 pictures of 224×224.
#
#   calibration.sh HONE MODEL FOLDER [OPTION…]
#
# MODEL takes one float32 input `image` [n, 3, 224, 224] (models.py writes such a resnet50). FOLDER receives the samples and the
# quantized models. OPTIONs go to `hone quantize`; without any it is `--calibration entropy`. HONE may be `-`: ONNX Runtime only.
# The python3 in PATH must have onnx and onnxruntime. Each line is the best time and the highest peak of three runs.
set -eu

[ $# -ge 3 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
hone=$1 model=$2 folder=$3
shift 3
[ $# -gt 0 ] || set -- --calibration entropy
here=$(dirname "$0")
mkdir -p "$folder"

# measure NAME COMMAND…: three runs under GNU time.
measure() {
  name=$1
  shift
  : > "$folder/times"
  for _ in 1 2 3; do
    /usr/bin/time --append --output "$folder/times" --format '%e %M' "$@" > "$folder/log" 2>&1 ||
      { tail -5 "$folder/log" >&2; return 1; }
  done
  awk -v name="$name" 'NR == 1 || $1 < time { time = $1 } $2 > peak { peak = $2 }
    END { printf "%-32s %7.1f s %7.0f MB\n", name, time, peak / 1024 }' "$folder/times"
}

for count in 64 256; do
  data=$folder/samples-$count.npz
  [ -f "$data" ] || python3 "$here/calibration_samples.py" "$count" "$data"
  measure "onnxruntime MinMax, $count" python3 "$here/quantize_ort.py" "$model" "$data" "$folder/onnxruntime.onnx"
  [ "$hone" = - ] || measure "hone $*, $count" "$hone" quantize "$model" --data "$data" -o "$folder/hone.onnx" "$@"
done
