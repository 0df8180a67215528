#!/bin/sh
# Makes a Python environment for each released Cellucid server that the tests run, with data for it:
# .build/cellucid/VERSION and .build/cellucid/VERSION/data.
#
# An environment that exists and was made from the same files stays. When one cannot be made, because there is no Python or
# PyPI cannot be reached, that is a warning and the end: the tests that want it say that they skip.
set -u

source=$(cd "$(dirname "$0")" && pwd)
target=$source/../../.build/cellucid
python=${PYTHON:-python3}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

make_environment() {
    rm -rf "$2"
    mkdir -p "$target" &&
        "$python" -m venv "$2" &&
        "$2/bin/pip" install --quiet --timeout 15 --retries 2 --no-deps --only-binary :all: \
            --requirement "$source/requirements-$1.txt" &&
        "$2/bin/python" -W ignore "$source/make_data.py" "$2/data"
}

for version in 0.0.9 0.9.3 0.9.5; do
    environment=$target/$version
    wanted=$(cat "$source/requirements-$version.txt" "$source/make_data.py" | cksum)
    [ "$(cat "$environment/made-from" 2>/dev/null)" = "$wanted" ] && continue
    echo "installing: Cellucid $version for the tests"
    if message=$(make_environment "$version" "$environment" 2>&1); then
        echo "$wanted" >"$environment/made-from"
    else
        rm -rf "$environment"
        echo "could not install Cellucid $version: $(printf '%s\n' "$message" | tail -n 1)" >&2
        break
    fi
done
