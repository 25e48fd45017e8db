# SPDX-License-Identifier: BSD-3-Clause
"""What every run stands on, a lab or a benchmark: a name, a run directory that lists what was made,
and a janitor that takes it away when the run is killed."""

import os
import shutil

from .manifest import Manifest, clean_leftovers, start_janitor
from .namespace import Namespace
from .shell import LabError


class Rig:
    """One run. name: of the run directory and the namespaces; build: meson's directory."""

    def __init__(self, name, build, say=print):
        self.name, self.build, self.say = name, build, say
        self.prefix = f"onramp-{name}"
        self.log_dir = os.path.join(build, "lab-logs", name)
        cleaned, alive = clean_leftovers([name])
        if alive:
            raise LabError(f"a lab named {name} is up already; end it, or choose another --name")
        if cleaned:
            say(f"removed what an earlier lab named {name} had left")
        shutil.rmtree(self.log_dir, ignore_errors=True)
        os.makedirs(self.log_dir)
        self.manifest = Manifest.create(name)
        self.run_dir = self.manifest.run_dir
        self.janitor = start_janitor(self.manifest)
        self.spaces = {}
        self.numbers = 0

    def next_number(self):
        self.numbers += 1
        return self.numbers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Takes everything away; the logs stay."""
        left = self.manifest.clean()
        if self.janitor.poll() is None:
            self.janitor.stdin.close()
            self.janitor.wait(30)
        if left:
            raise LabError("could not end " + ", ".join(left))

    def space(self, short, settings):
        self.spaces[short] = Namespace(self, short, settings)
        return self.spaces[short]
