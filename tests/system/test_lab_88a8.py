# SPDX-License-Identifier: BSD-3-Clause
"""scripts/lab --check with contoso's outer tag 0x88a8, without hugepages."""

import os
import subprocess
import sys

from support import BUILD, ROOT, lab_name

sys.exit(subprocess.run(
    [os.path.join(ROOT, "scripts/lab"), "--check", "--build", BUILD, "--name", lab_name("t"),
     "--ethertype", "0x88a8", "--no-huge"], check=False).returncode)
