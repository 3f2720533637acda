#!/bin/sh
# Stand-in for Tenstorrent's RISC-V compiler: leaves an empty object, or the ready program that lies beside it.
# On a mock board (mock_board.py) no program is ever run, but TTNN builds them all, and reads what came out.
here=${0%/*}
compiles='' wants_rules='' output=a.out rules=''
while [ $# -gt 0 ]; do
  case $1 in
    --version) echo 'riscv-tt-elf-g++ stand-in 15.1.0' && exit ;;
    -c | c++-header) compiles=yes ;;
    -MD | -MMD) wants_rules=yes ;;
    -MF) rules=$2 && shift ;;
    -o) output=$2 && shift ;;
  esac
  shift
done
[ -n "$wants_rules" ] && echo "$output:" > "${rules:-${output%.*}.d}"
case $compiles:$PWD/$output in
  yes:*) : > "$output" ;;
  *) case $PWD/$output in */kernels/*) cp "$here/kernel.elf" "$output" ;; *) cp "$here/firmware.elf" "$output" ;; esac ;;
esac
