"""Results as lines, with the head line of a run, as the other scripts of the benchmarks write them."""

import json
import os
import subprocess

HEAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "head.sh")


class Results:
    """The lines of one run, which `append` adds to a file."""

    def __init__(self, script, folder, **fields):
        named = [f"{name}={value}" for name, value in fields.items()]
        self.lines = [subprocess.run([HEAD, script, folder, *named], check=True, capture_output=True, text=True).stdout]
        self.bench = os.path.splitext(os.path.basename(script))[0]

    def figure(self, who, section, row, value, unit):
        line = {"who": who, "bench": self.bench, "case": f"{section}|{row}", "rate": round(value, 4), "unit": unit}
        self.lines.append(json.dumps(line, separators=(",", ":")) + "\n")

    def append(self, path):
        """Adds the lines to a file, if one is given."""
        if path:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            with open(path, "a", encoding="utf-8") as file:
                file.writelines(self.lines)
