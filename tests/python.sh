# For scripts with a requirements.txt beside them: Python with what it names.

# find_python CHECK: sets $python to $PYTHON (python3) if the statement runs there, else to one that is made in the current folder and has the packages installed.
find_python() {
    python=${PYTHON:-python3}
    if ! "$python" -c "$1" 2>/dev/null; then
        [ -x .venv/bin/pip ] || "$python" -m venv --clear .venv # where Debian's python3-venv is missing, one without pip is left
        python=.venv/bin/python
        "$python" -m pip install --disable-pip-version-check -r requirements.txt
    fi
}
