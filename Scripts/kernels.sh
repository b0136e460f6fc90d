#!/usr/bin/env bash
# Tests the C kernels alone, in minutes and without Swift:
#   kernels.sh neon     those for 64-bit Arm, cross-compiled and run under qemu on several processors; then those of this
#                       machine, whose integer results must have the same bits
#   kernels.sh address  those of this machine, under the address sanitizer
# A second argument names the kernels to run: kernels.sh neon gemm
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "$1" >&2
  exit 1
}

clang=$(dirname "$(command -v swift || echo /usr/bin/swift)")/clang
[ -x "$clang" ] || clang=$(command -v clang) || fail "clang is missing. It comes with Swift: https://swift.org/install"

# Where apt has put what an Arm program is linked with.
arm=/usr/aarch64-linux-gnu
libgcc() { find /usr/lib/gcc-cross/aarch64-linux-gnu -name libgcc.a 2>/dev/null | grep -q .; }

install() {
  local missing=() as_root=()
  command -v qemu-aarch64 >/dev/null || missing+=(qemu-user)
  [ -f $arm/lib/libc.a ] || missing+=(libc6-dev-arm64-cross)
  libgcc || missing+=("$(apt-cache search --names-only '^libgcc-[0-9]+-dev-arm64-cross$' 2>/dev/null | cut -d' ' -f1 | sort -V | tail -1)")
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "There is no apt here: qemu-aarch64 and a C library and libgcc for aarch64-linux-gnu must be installed already."
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "These packages are missing and there is no sudo; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  echo "Installing with apt: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt could not install ${missing[*]}; install them by hand and run this again."
}

# build FOLDER FLAGS…: compiles what is older than its source or any header, and links FOLDER/run.
build() {
  local folder=.build/kernels/$1 source object header
  shift
  mkdir -p "$folder"
  header=$(find Sources/CKernels Tests/CKernelsTests -name '*.h' -exec ls -t {} + | head -1)
  find Sources/CKernels Tests/CKernelsTests -name '*.c' | sort | while read -r source; do
    object=$folder/${source//\//_}.o
    [ "$object" -nt "$source" ] && [ "$object" -nt "$header" ] || printf '%s\0%s\0' "$object" "$source"
  done | xargs -0 -r -n 2 -P "$(getconf _NPROCESSORS_ONLN)" "$clang" "$@" -Wno-unused-command-line-argument -std=gnu17 -Wall -Werror -Wno-pass-failed -ISources/CKernels \
    -ISources/CKernels/include -c -o
  "$clang" "$@" "$folder"/*.o -o "$folder/run" -lm -lpthread
}

# show NAME COMMAND…: runs the tests, keeps their lines in .build/kernels/NAME.txt and shows the failures and the sum.
show() {
  local lines=.build/kernels/$1.txt status=0
  shift
  "$@" "$filter" >"$lines" || status=$?
  grep -v ' ok' "$lines" || true
  return $status
}

# Every kernel whose results must have the same bits, once, with a digest of them.
digests() { sed -n 's/.* \([a-z0-9_]*\) *ok  same bits \(.*\)/\1 \2/p' "$@" | sort -u; }

neon() {
  local sets processor
  install
  build aarch64 --target=aarch64-linux-gnu -isystem $arm/include -static -fuse-ld=lld -O2
  build native -O2
  for sets in cortex-a53:neon neoverse-n1:neondot max:neoni8mm,neonbf16; do
    processor=${sets%:*}
    echo "$processor"
    show "$processor" qemu-aarch64 -cpu "$processor" .build/kernels/aarch64/run
    for set in $(tr , ' ' <<<"${sets#*:}"); do
      [ -n "$filter" ] || grep -q "^$set " ".build/kernels/$processor.txt" || fail "qemu's $processor has no $set; is it too old?"
    done
  done
  echo "this machine"
  show native .build/kernels/native/run
  # One line a kernel: were there two, two machines would differ.
  digests .build/kernels/{native,cortex-a53,neoverse-n1,max}.txt >.build/kernels/digests.txt
  [ -z "$(cut -d' ' -f1 .build/kernels/digests.txt | uniq -d)" ] ||
    fail "These kernels give other bits on Arm than here: $(cut -d' ' -f1 .build/kernels/digests.txt | uniq -d | xargs)"
  echo "The $(wc -l <.build/kernels/digests.txt) kernels of exact results give the same bits on all of them."
}

# Unoptimized: instrumented, the unrolled tiles would take the optimizer many minutes.
address() {
  build address -O0 -fuse-ld=lld -fsanitize=address -fsanitize-address-outline-instrumentation -fno-sanitize-address-use-after-scope
  show address .build/kernels/address/run
}

filter=${2-}
case ${1-} in
  neon | address) "$1" ;;
  *) fail "usage: $0 neon|address [part of a kernel's name]" ;;
esac
