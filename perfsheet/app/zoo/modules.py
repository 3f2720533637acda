"""Which of the modules named as arguments this interpreter has, as JSON; the current folder does not count."""

import json
import sys
from importlib.util import find_spec

if __name__ == "__main__":
    # A folder without __init__.py is found as well, but has no file of its own.
    specs = {name: find_spec(name) for name in sys.argv[1:]}
    print(json.dumps([name for name, spec in specs.items() if spec is not None and spec.origin is not None]))
