#!/bin/sh
# Plays scripted sessions against the harness and checks every answer. Exits non-zero at the first that is not as expected.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
exec python3 "$here/smoke.py" "$here/harness.sh"
