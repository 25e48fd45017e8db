# SPDX-License-Identifier: BSD-3-Clause
"""docs/operator-guide.md, command by command, as somebody would who reads it for the first time.
What it says is refused must be, in its words; everything else must do."""

import os
import re
import sys

from apply_kit import all_established
from support import ROOT, LabError, run_in_lab

from onramp_lab.shell import run

GUIDE = os.path.join(ROOT, "docs/operator-guide.md")
# They need a direct pair, and are in test_models.py.
ELSEWHERE = "Let another use a customer's own ports"
SNIPPET = "        peerings:\n"


def sections():
    """(title, text) of each."""
    with open(GUIDE, encoding="utf-8") as file:
        parts = re.split(r"(?m)^## (.*)\n", file.read())
    return list(zip(parts[1::2], parts[2::2]))


def commands(text):
    """(command, what it is for) of the indented lines."""
    for line in re.findall(r"(?m)^    ((?:onramp|openssl) .*)$", text):
        command, *comment = re.split(r"\s{2,}", line, maxsplit=1)
        yield command, comment[0] if comment else ""


class Reader:
    """Somebody at a shell on the edge, in a directory of his own."""

    def __init__(self, lab):
        self.lab, self.directory = lab, os.path.join(lab.run_dir, "reader")
        os.mkdir(self.directory)

    def fill_in(self, command):
        keys = {row["name"]: row["service_key"] for row in self.lab.edge.show("circuits")}
        command = command.replace("SERVICE-KEY", keys.get("acme", "SERVICE-KEY"))
        return command.replace("REVISION", str(self.lab.edge.show("status")["revision"] - 1))

    def type(self, command, comment):
        edge = self.lab.edge
        path = f"{os.path.dirname(edge.onramp)}:{os.environ['PATH']}"
        done = run(["env", f"PATH={path}", f"ONRAMP_RUN_DIR={edge.run_dir}", "sh", "-c",
                    f"cd {self.directory} && {self.fill_in(command)}"], check=False, timeout=60)
        said = done.stdout + done.stderr
        if comment.startswith("refused: "):
            if done.returncode != 1 or comment.removeprefix("refused: ") not in said:
                raise LabError(f"{command}: not {comment}, but {done.returncode}: {said}")
        elif done.returncode:
            raise LabError(f"{command}: exit status {done.returncode}: {said}")

    def edit(self, name, function):
        path = os.path.join(self.directory, name)
        with open(path, encoding="utf-8") as file:
            before = file.read()
        after = function(before)
        if after == before:
            raise LabError(f"{name} stays as it is: {before}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)


def record(text, start):
    """(before, record, after) of the list entry that begins so, in an export."""
    found = re.search(rf"(?m)^( *)- {start}\n(?:\1  .*\n)*", text)
    if not found:
        raise LabError(f"no `{start}` in: {text}")
    return text[:found.start()], found[0], text[found.end():]


def with_peering(lines):
    """The guide's lines under acme, and acme among vnet-a's connections."""
    def edit(text):
        before, own, after = record(text, "name: acme")
        margin = re.match(" *", own)[0] + "  "
        text = before + own + "".join(margin + line + "\n" for line in lines) + after
        before, own, after = record(text, "name: vnet-a")
        return before + re.sub(r"(?m)^( *)- circuit: contoso\n", r"\1- circuit: acme\n\g<0>", own) \
            + after
    return edit


def without_connection(text):
    return re.sub(r"(?m)^ *- circuit: acme\n(?: *weight: .*\n)?", "", text)


def snippet():
    """The peering that the guide would have written."""
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    lines = text[text.index(SNIPPET):].split("\n\n", 1)[0].split("\n")
    return [line.removeprefix("        ") for line in lines]


def read_and_type(reader, text):
    edits = {"onramp check site.yaml": ("site.yaml", with_peering(snippet())),
             "onramp apply last.yaml --prune": ("last.yaml", without_connection)}
    typed = 0
    for command, comment in commands(text):
        if command in edits:
            reader.edit(*edits[command])
        reader.type(command, comment)
        typed += 1
    return f"{typed} commands"


def checks():
    def start(lab):
        all_established(lab, 10)
        lab.reader = Reader(lab)
        return "10 sessions"
    yield "the lab is up", start
    for title, text in sections():
        if title != ELSEWHERE:
            yield title, lambda lab, text=text: read_and_type(lab.reader, text)

    def left(lab):
        if [row["name"] for row in lab.edge.show("circuits")] != ["contoso", "fabrikam"]:
            raise LabError(f"circuits: {lab.edge.show('circuits')}")
        if '{"interval": "50ms"}' not in lab.edge.command("audit").stdout:
            raise LabError("`onramp audit` does not tell which BFD timers the customer set")
        all_established(lab, 10)
        return "acme is gone, the others have their sessions"
    yield "as it was in the morning", left


if __name__ == "__main__":
    sys.exit(run_in_lab("guide", checks(), use_hugepages=False))
