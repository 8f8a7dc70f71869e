# How Annoy is compiled, for whoever installs it: sourced from the checkout's folder, in any shell, once .venv has a compiler
# where the system has none.
# shellcheck shell=sh

# Annoy's own flags say -march=native, whose binary can die on another CPU: name the instruction set instead.
isa=
[ "$(uname -sm)" != "Linux x86_64" ] || { isa=-march=x86-64-v2; grep -q '\bavx2\b' /proc/cpuinfo && isa=-march=x86-64-v3; }
if ! command -v c++ >/dev/null && ! command -v g++ >/dev/null; then
    CC="$PWD/.venv/bin/python -m ziglang cc" CXX="$PWD/.venv/bin/python -m ziglang c++"
    LDSHARED="$CXX -shared" LDCXXSHARED="$CXX -shared"
    export CC CXX LDSHARED LDCXXSHARED
    isa=$(echo "$isa" | sed 's/-march=x86-64-/-mcpu=x86_64_/')
fi
if [ "$(uname -s)" = Linux ]; then
    ANNOY_COMPILER_ARGS="-D_CRT_SECURE_NO_WARNINGS,-O3,-ffast-math,-fno-associative-math,-fno-finite-math-only,-DANNOYLIB_MULTITHREADED_BUILD,-std=c++14${isa:+,$isa}"
    export ANNOY_COMPILER_ARGS
fi
