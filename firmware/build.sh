#!/usr/bin/env bash
# Builds the meter's program and compares it with the committed image. With --lint it is looked through by clippy first, with --commit it
# replaces the committed image.
#
# The compiler is rustup's, when it has the target, or else Debian's own (rustc-web, rust-web-src, binutils-arm-none-eabi). The same compiler
# and linker give the same bytes in any folder; others do not, which is said and is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
target=thumbv7m-none-eabi
folder=${CARGO_TARGET_DIR:-$PWD/target}
images=firmware/images
flash_limit=$((62 * 1024))
flash_aim=$((40 * 1024))
ram_limit=$((20 * 1024))

cargo=(cargo)
extra=()
link=()
sysroot_sources=()
if [ "${METER_TOOLCHAIN:-}" != debian ] && { rustup target list --installed 2>/dev/null || true; } | grep -qx "$target"; then
  linker=rust-lld
  # Functions with the same instructions become one. GNU's linker cannot.
  link=(-Clink-arg=--icf=all)
else
  linker=arm-none-eabi-ld
  sources=/usr/lib/rustlib/src/rust
  if [ ! -d "$sources" ] || ! command -v "$linker" >/dev/null; then
    echo "No compiler for $target: 'rustup target add $target', or install rustc-web cargo-web rust-web-src binutils-arm-none-eabi" >&2
    exit 1
  fi
  cargo=(env PATH=/usr/bin:/bin RUSTC_BOOTSTRAP=1 CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER="$linker" cargo)
  extra=(-Zbuild-std=core)
  sysroot_sources=("--remap-path-prefix=$sources=/rust")
fi
compiler="$("${cargo[@]/%cargo/rustc}" --version), $linker"

# Where a registry's sources lie says which registry they came from; that is nothing for an image. The last rule that fits wins.
"${cargo[@]}" fetch --locked --quiet --target "$target"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
flags=("${link[@]}" "--remap-path-prefix=$PWD=" "--remap-path-prefix=$cargo_home=/cargo" "${sysroot_sources[@]}")
for registry in "$cargo_home"/registry/src/*; do
  flags+=("--remap-path-prefix=$registry=/cargo")
done
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "${flags[@]}" | sed 's/\x1f$//')
export CARGO_ENCODED_RUSTFLAGS
export CARGO_TARGET_DIR=$folder
# An incremental build cuts the program into other units, which gives other bytes.
export CARGO_INCREMENTAL=0
package=(--locked --profile firmware -p meter-firmware --bin meter --features board --target "$target" "${extra[@]}")
if [ "${1:-}" = --lint ]; then
  if "${cargo[@]}" clippy --version >/dev/null 2>&1; then
    "${cargo[@]}" clippy "${package[@]}" -- -D warnings
  else
    echo "Not looked through: this compiler has no clippy"
  fi
fi
"${cargo[@]}" build "${package[@]}"

built=$folder/$target/firmware/meter
objcopy=$(command -v arm-none-eabi-objcopy || command -v llvm-objcopy)
out=$folder/meter-image
mkdir -p "$out"
cp "$built" "$out/meter.elf"
"$objcopy" -O ihex "$built" "$out/meter.hex"
"$objcopy" -O binary "$built" "$out/meter.bin"

# Sizes: what the flash holds besides the calibration pages, and the variables; the stack gets what the variables leave.
size() { arm-none-eabi-size -A "$built" | awk -v names=" $* " 'index(names, " " $1 " ") { sum += $2 } END { print sum + 0 }'; }
flash=$(size .vector_table .text .rodata .data .gnu.sgstubs)
ram=$(size .data .bss .uninit)
echo "flash: $flash of $flash_limit bytes (aim: less than $flash_aim), and 2048 for the calibration"
echo "RAM:   $ram of $ram_limit bytes, which leaves $((ram_limit - ram)) for the stack"
[ "$flash" -le "$flash_limit" ]

hash=$(sha256sum "$out/meter.bin" | cut -d' ' -f1)
printf '%s  meter.bin\n%s\n' "$hash" "$compiler" >"$out/meter.txt"
echo "image: $hash"
echo "by:    $compiler"
if [ "${1:-}" = --commit ]; then
  mkdir -p "$images"
  cp "$out/meter.elf" "$out/meter.hex" "$out/meter.txt" "$images/"
  echo "$images is up to date"
elif cmp -s "$out/meter.txt" "$images/meter.txt"; then
  echo "The bytes agree with $images"
elif [ "$compiler" = "$(sed -n 2p "$images/meter.txt")" ]; then
  echo "The bytes differ from $images, by the same compiler: run $0 --commit" >&2
  exit 1
else
  echo "The bytes cannot be compared with $images, which were built by: $(sed -n 2p "$images/meter.txt")"
fi
