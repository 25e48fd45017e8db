# SPDX-License-Identifier: BSD-3-Clause
"""Authenticated BFD with BIRD, in IPv4 and IPv6: who has the key is believed, nobody else is, keys
are changed under sessions that stay up, and a file that cannot be used changes nothing."""

import os
import sys

from apply_kit import Document, must_say
from support import LabError, run_in_lab

from onramp_lab import checks_bfd
from onramp_lab.bfd_peer import signed
from onramp_lab.checks_bfd import sessions
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.shell import wait_until
from onramp_lab.spoof import COPIES, KEPT, Liar
from onramp_lab.topology import FABRIKAM

INTERVAL_MS = 50
LINK = "fabrikam/private/primary"
FIELD = "circuits[fabrikam].peerings[private].bfd.auth.keys"
PLAIN = f"peer_asn: {FABRIKAM.asn}\n        bfd: {{interval: {INTERVAL_MS}ms, multiplier: 3}}\n"
# By key id; the later ones are written into a file that is there already.
SECRETS = {1: "the first secret", 2: "the-second-20-bytes!", 3: "three"}
LATER = "not what it was"


class Keys:
    """The edge's document and files, and BIRD's configuration, which has the same keys."""

    def __init__(self, lab):
        self.lab, self.document = lab, Document(lab)
        self.kind = "meticulous-sha1"
        self.secrets = dict(SECRETS)
        self.dir = os.path.join(lab.run_dir, "keys")
        os.mkdir(self.dir, 0o700)
        with open(lab.fabrikam.config, encoding="utf-8") as file:
            self.bird = file.read()
        for number in self.secrets:
            self.write(number)

    def path(self, number):
        return os.path.join(self.dir, str(number))

    def write(self, number, text=None, mode=0o600):
        with open(self.path(number), "w", encoding="utf-8") as file:
            file.write(self.secrets[number] + "\n" if text is None else text)
        os.chmod(self.path(number), mode)

    def text(self, numbers):
        listed = ", ".join(f"{{id: {number}, file: {self.path(number)}}}" for number in numbers)
        return PLAIN.replace("3}", f"3, auth: {{type: {self.kind}, keys: [{listed}]}}}}")

    def here(self, *numbers):
        """What `onramp apply` said."""
        old = self.document.text
        start = old.index(f"peer_asn: {FABRIKAM.asn}\n")
        block = old[start:old.index("        link_subnets:", start)]
        return self.document.apply((block, self.text(numbers)))

    def there(self, *numbers):
        kind = "meticulous keyed sha1" if self.kind == "meticulous-sha1" else "keyed sha1"
        words = "".join(f' password "{self.secrets[number]}" {{ id {number}; }};'
                        for number in numbers)
        with open(self.lab.fabrikam.config, "w", encoding="utf-8") as file:
            file.write(self.bird.replace("multiplier 3; };",
                                         f"multiplier 3; authentication {kind};{words} }};"))
        # Not at once where BFD was down for so long that BIRD is still ending its sessions.
        bird = self.lab.fabrikam
        must_say(bird.command("configure"), "Reconfigur")
        wait_until("BIRD to take its keys",
                   lambda: "up and running" in bird.command("show", "status"), 30)


def fabrikam(lab):
    return {key: row for key, row in sessions(lab).items() if key[0].startswith("fabrikam/")}


def heard_more(lab, packets=10):
    """Each of fabrikam's sessions took some more packets."""
    before = {key: row["rx"] for key, row in fabrikam(lab).items()}
    def look():
        lagging = [key for key, row in fabrikam(lab).items() if row["rx"] < before[key] + packets]
        return not lagging or (False, f"not heard: {lagging}")
    wait_until("packets of all of fabrikam's sessions", look, 10)


def all_signed(lab, kind):
    def look():
        wrong = {key: (row["state"], row["authentication"], row["refusals"])
                 for key, row in fabrikam(lab).items()
                 if row["state"] != "up" or row["authentication"] != kind}
        return not wrong or (False, f"{wrong}")
    wait_until(f"fabrikam's sessions up with {kind}", look, 30)
    heard_more(lab)


def meticulous(lab):
    lab.keys = Keys(lab)
    said = lab.keys.here(1)
    must_say(said, "bfd.auth", "signed with key 1", "No BGP session is touched")
    lab.keys.there(1)
    all_signed(lab, "meticulous-sha1")
    return "4 sessions with BIRD up, IPv4 and IPv6"


def spoofed(lab):
    keys = lab.keys
    liars = [Liar(lab, lab.spaces["fabrikam"], LINK, family) for family in (4, 6)]
    for liar in liars:
        good = liar.payload()
        liar.forge("auth-digest", "primary", "guessed")
        liar.forge("auth-digest", "primary", keys.secrets[2])
        liar.tell("auth-missing", "primary")
        right = keys.secrets[1].encode()
        liar.tell("auth-type", "primary", payload=signed(good, right, 1, kind=4))
        liar.tell("auth-type", "primary", payload=signed(good, right, 1, key_id=2))
        # RFC 5880 6.7.4: a number far from the last one, though the key is right; and an old one.
        far = liar.before["discriminator"]
        liar.tell("auth-sequence", "primary", payload=signed(good, right, far))
        liar.replay("auth-sequence", "primary")
    heard_more(lab)
    for liar in liars:
        liar.untouched()
    return f"{liars[0].told} ways to lie in each family, {COPIES} packets each: all counted"


def rotated(lab):
    """Twice: to a key of another number, and to one whose file was written anew."""
    keys, before = lab.keys, fabrikam(lab)
    for step in ((1, 2), (2, 1), (2,)):
        keys.here(*step)
        keys.there(*step)
        heard_more(lab)
    keys.here(2, 1)
    keys.secrets[1] = LATER
    keys.write(1)
    said = keys.here(2, 1)
    must_say(said, f"bfd.auth.keys[1] {keys.path(1)} -> {keys.path(1)}, with another secret")
    keys.there(2, 1)
    heard_more(lab)
    for step in ((1, 2), (1,)):
        keys.here(*step)
        keys.there(*step)
        heard_more(lab)
    after = fabrikam(lab)
    for key, row in before.items():
        for name in KEPT:
            if after[key][name] != row[name]:
                raise LabError(f"{name} of {key} was {row[name]}, is {after[key][name]}")
    return "two new keys, 8 steps: no session left Up"


def four_at_once(lab):
    """Other keys in all four places: while they are changed eight are known."""
    keys, before = lab.keys, fabrikam(lab)
    for number in range(11, 15):
        keys.secrets[number] = f"number {number}"
        keys.write(number)
    keys.here(1, 2, 3, 11)
    keys.here(1, 12, 13, 14)
    refused = lab.edge.show("status")["dataplane"]
    if refused["refused"] or refused["error"]:
        raise LabError(f"the dataplane refused something: {refused}")
    keys.here(1)
    heard_more(lab)
    if any(fabrikam(lab)[key]["flaps"] != row["flaps"] for key, row in before.items()):
        raise LabError("a session left Up")
    return "four keys gave way to others"


def unusable(lab):
    """Each wrong file is told with its field and what is right, and everything stays as it was."""
    keys, before = lab.keys, fabrikam(lab)
    path = keys.path(3)
    wrong = [("is longer than the 20 bytes", "x" * 21, 0o600), ("is empty", "", 0o600),
             ("chmod 600 " + path, None, 0o644), ("No such file", None, None)]
    revision = lab.edge.show("status")["revision"]
    for says, text, mode in wrong:
        keys.write(3, text, mode or 0o600)
        if mode is None:
            os.unlink(path)
        keys.document.write(keys.document.text.replace(
            f"file: {keys.path(1)}}}]", f"file: {keys.path(1)}}}, {{id: 3, file: {path}}}]"))
        result = lab.edge.command("apply", keys.document.path, check=False)
        if result.returncode == 0:
            raise LabError(f"a key that {says} was taken: {result.stdout}")
        must_say(result.stderr, says, f"{FIELD}[3].file", path, "nothing was changed")
    if lab.edge.show("status")["revision"] != revision:
        raise LabError("there is a new revision")
    heard_more(lab)
    if any(fabrikam(lab)[key]["flaps"] != row["flaps"] for key, row in before.items()):
        raise LabError("a session left Up")
    keys.write(3)
    return f"{len(wrong)} files refused by name"


def restarted(lab):
    """A control that starts and cannot read the key leaves the one that the dataplane has."""
    keys, before = lab.keys, fabrikam(lab)
    os.unlink(keys.path(1))
    lab.edge.control.kill()
    lab.edge.control.start()
    lab.edge.control.wait_output("synchronised", 30)
    error = lab.edge.show("status")["dataplane"]["error"] or ""
    must_say(error, "BFD of fabrikam/private/", "key 1", "mend it")
    heard_more(lab)
    keys.write(1)
    keys.here(1)
    lab.edge.wait_synced()
    if lab.edge.show("status")["dataplane"]["error"]:
        raise LabError("the error stays after the file came back")
    heard_more(lab)
    if any(fabrikam(lab)[key]["flaps"] != row["flaps"] for key, row in before.items()):
        raise LabError("a session left Up")
    return "sessions stayed up, and the command says what is missing"


def keyed(lab):
    keys = lab.keys
    keys.kind = "keyed-sha1"
    keys.here(1)
    keys.there(1)
    all_signed(lab, "keyed-sha1")
    return "4 sessions with BIRD up"


def silent_about_secrets(lab):
    """They stand in their files, and nowhere else that the edge writes or says."""
    texts = {name: lab.edge.command("-j", "show", name).stdout
             for name in ("bfd", "status", "peerings")}
    files = {process.name: process.log for process in (lab.edge.control, lab.edge.dataplane)}
    files["the store"] = os.path.join(lab.edge.state_dir, "store.db")
    for name, path in files.items():
        with open(path, encoding="utf-8", errors="replace") as file:
            texts[name] = file.read()
    told = [where for where, text in texts.items()
            for secret in (*SECRETS.values(), LATER) if secret in text]
    if told:
        raise LabError(f"a secret is in {told}")
    return f"none in {', '.join(texts)}"


def checks():
    yield "BFD: sessions up", checks_bfd.all_up
    yield "meticulous keyed SHA1 with BIRD", meticulous
    yield "spoofed packets: refused by name, the session untouched", spoofed
    yield "keys changed without a break", rotated
    yield "all keys changed at once", four_at_once
    yield "files that cannot be used", unusable
    yield "control restarted without the file", restarted
    yield "keyed SHA1 with BIRD", keyed
    yield "no secret is told", silent_about_secrets
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("ba", checks(), bfd_ms=INTERVAL_MS))
