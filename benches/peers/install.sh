#!/bin/sh
# Installs the peers of `cargo bench --bench field` and of `cargo bench -p sim --bench speed` below target/peers: libmodbus in C,
# pymodbus with simple-pid and numpy in Python. Nothing but those benches needs them.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p target/peers
if ! pkg-config --exists libmodbus; then
    if [ "$(id -u)" = 0 ]; then
        apt-get install -y libmodbus-dev pkg-config
    else
        sudo apt-get install -y libmodbus-dev pkg-config
    fi
fi
# shellcheck disable=SC2046
cc -O2 -Wall -Wextra -o target/peers/libmodbus_loops benches/peers/libmodbus_loops.c \
    $(pkg-config --cflags --libs libmodbus) -lm
[ -x target/peers/venv/bin/python ] || python3 -m venv target/peers/venv
target/peers/venv/bin/pip install --quiet "pymodbus==3.16.1" "paho-mqtt==2.1.0" "simple-pid==2.0.1" "numpy==2.3.5"
echo "The peers are in target/peers."
