# SPDX-License-Identifier: BSD-3-Clause
"""What a customer is billed and judged by: usage and rates are what was sent, to the byte, with
control killed and the dataplane killed meanwhile; whoever changes what was recorded is found."""

import base64
import json
import os
import sqlite3
import sys
from contextlib import closing

from apply_kit import all_established
from support import LabError, run_in_lab

from onramp_lab.checks_reach import first_answer
from onramp_lab.flow import Flow
from onramp_lab.shell import run, wait_until
from onramp_lab.topology import VNET_HOST4

SAMPLE_S = 1
PAYLOAD_BYTES = 1000
QINQ_BYTES = 14 + 8 + 20 + 8 + PAYLOAD_BYTES
PACKETS = 1000
DOUBLED = 0.5  # of the stream: less are control packets, as many as there is time for
LINKS = ("contoso/private/primary", "contoso/private/secondary")


def counted(lab):
    """(in, out) bytes of contoso in the dataplane's counters."""
    rows = [row for row in lab.edge.show("stats", "contoso") if row["interface"]]
    return (sum(row["rx_bytes"] for row in rows), sum(row["tx_bytes"] for row in rows))


def used(lab):
    """(in, out) bytes of contoso's usage, all hours."""
    rows = lab.edge.show("usage", "contoso")
    return (sum(row["in_bytes"] for row in rows), sum(row["out_bytes"] for row in rows))


def settle(lab):
    all_established(lab, 10)
    first_answer(lab.spaces["contoso-host"], VNET_HOST4)
    wait_until("a first look", lambda: lab.edge.show("usage", "contoso"), 20)
    return "10 sessions"


def stream(lab):
    return Flow(lab, lab.spaces["contoso-host"], lab.spaces["vnet-a-host"], VNET_HOST4,
                payload_bytes=PAYLOAD_BYTES)


def grown(lab, start, packets):
    """Waits until so many packets are in the usage, and says what is there beside them."""
    def enough():
        bytes_in = used(lab)[0] - start[0]
        return bytes_in >= packets * QINQ_BYTES, f"{bytes_in} bytes of {packets} packets"

    wait_until("the stream is in the usage", enough, 30)
    return used(lab)[0] - start[0] - packets * QINQ_BYTES


def seen(lab):
    """Usage and rates of a stream are its packets, and a little of BGP, BFD and ARP."""
    start = used(lab)
    rates_before = rate_bytes(lab)
    with stream(lab) as flow:
        flow.wait_more(PACKETS)
        end = flow.end()
    more = grown(lab, start, end["sent"])
    moved = end["sent"] * QINQ_BYTES
    if more > DOUBLED * moved:
        raise LabError(f"{more} bytes more than the stream's {moved}")
    rates = rate_bytes(lab) - rates_before
    if not 0.99 * moved < rates < (1 + DOUBLED) * moved:
        raise LabError(f"rates make {rates} bytes of a stream of {moved}")
    return f"{moved} bytes sent, {more} of control packets and farewells beside them"


def rate_bytes(lab):
    """What the minutes' rates come to."""
    return sum(row["in_bps"] * row["seconds"] / 8 for row in lab.edge.show("rates", "contoso"))


def minutes(lab):
    rows = lab.edge.show("rates", "contoso")
    if {row["link"] for row in rows} != set(LINKS):
        raise LabError(f"rates of {sorted({row['link'] for row in rows})}")
    for way in ("in", "out"):
        average, peak = (max(row[key] for row in rows) for key in (f"{way}_bps", f"peak_{way}_bps"))
        if not 0 < average <= peak:
            raise LabError(f"{way}: at most {average} on average, at most {peak} in 10 ms")
    wait_until("ARP and BGP in a minute in which both were there", lambda: any(
        row["arp_availability"] and row["bgp_availability"]
        for row in lab.edge.show("rates", "contoso")), 20)
    text = lab.edge.command("show", "rates", "contoso").stdout
    if not text.isascii() or LINKS[0] not in text or "ARP" not in text:
        raise LabError(f"not the table for a pipe: {text}")
    return f"{len(rows)} rows, in at most {max(row['peak_in_bps'] for row in rows)} bit/s"


def control_killed(lab):
    """Its absence costs no byte: the dataplane counts on."""
    start = used(lab)
    with stream(lab) as flow:
        flow.wait_more(PACKETS // 2)
        lab.edge.control.kill()
        flow.wait_more(PACKETS // 2)
        lab.edge.control.start()
        lab.edge.wait_synced()
        end = flow.end()
    more = grown(lab, start, end["sent"])
    if more > DOUBLED * end["sent"] * QINQ_BYTES:
        raise LabError(f"{more} bytes more than the stream's {end['sent'] * QINQ_BYTES}")
    return f"{end['sent']} packets, all of them in the usage once"


def dataplane_killed(lab):
    """Its counters begin at zero; what was recorded is neither lost nor doubled."""
    before = used(lab)
    lab.edge.dataplane.kill()
    lab.supervise()
    lab.connect_ports()
    lab.edge.wait_synced(60)

    def recorded():
        bytes_in = used(lab)[0]
        fresh = counted(lab)[0]
        return fresh > 0 and bytes_in > before[0], f"{bytes_in} bytes, {before[0]} before"

    wait_until("usage of the next life", recorded, 60)
    now, limit = used(lab)[0], before[0] + counted(lab)[0]
    # A little passed between the reading before and the kill.
    if now > limit + 100 * QINQ_BYTES:
        raise LabError(f"{now} bytes of usage, at most {limit} were counted")
    return f"{now - before[0]} bytes of the next life"


def make_key(lab, name):
    secret = os.path.join(lab.run_dir, f"{name}.pem")
    public = os.path.join(lab.run_dir, f"{name}.pub")
    run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", secret])
    run(["openssl", "pkey", "-in", secret, "-pubout", "-out", public])
    return secret, public


# ---- records, their chains and signatures ----

def database(lab, name, *statements):
    """What somebody with a shell does to control's files."""
    path = os.path.join(lab.edge.state_dir, name)
    with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
        return sum(connection.execute(statement).rowcount for statement in statements)


def records(lab):
    return json.loads(lab.edge.command("-j", "usage", "verify").stdout)["records"]


def hours_end(lab):
    """At least three hours that are over, without waiting for them. Then the dataplane goes, and
    with it all looks: should an hour end now, no record comes while others are tampered with."""
    for _ in range(3):
        before = records(lab)
        wait_until("both circuits' open hours", lambda: database(
            lab, "usage.db", "UPDATE open SET hour = hour - 1") >= 2, 20)
        wait_until("records", lambda before=before: records(lab) >= before + 2, 20)
    rows = lab.edge.show("usage", "contoso")
    if sum(row["in_bytes"] for row in rows if not row["open"]) == 0:
        raise LabError(f"not in the records: {rows}")
    lab.edge.dataplane.kill()
    wait_until("control without the dataplane",
               lambda: not lab.edge.show("status")["dataplane"]["connected"], 20)
    return f"{records(lab)} records"


TAMPERED = (
    ("UPDATE record SET out_bytes = 1 WHERE circuit = 'contoso' AND number = 1", "record 1"),
    ("DELETE FROM record WHERE circuit = 'contoso' AND number = 1", "record 2"),
    ("DELETE FROM record WHERE circuit = 'fabrikam' AND number ="
     " (SELECT MAX(number) FROM record WHERE circuit = 'fabrikam')", "newest"),
    ("INSERT INTO record SELECT circuit, number + 1, edge, hour, family, seconds, in_bytes,"
     " out_bytes, dropped_in_bytes, dropped_out_bytes, dropped_packets, previous, hash FROM record"
     " WHERE circuit = 'contoso' ORDER BY number DESC LIMIT 1", "contoso: record"),
)


def records_tampered(lab):
    lab.edge.command("usage", "verify")
    database(lab, "usage.db", "CREATE TABLE kept AS SELECT * FROM record")
    for statement, says in TAMPERED:
        if database(lab, "usage.db", statement) != 1:
            raise LabError(f"changed no row: {statement}")
        refused(lab, says, "usage", "verify")
        database(lab, "usage.db", "DELETE FROM record", "INSERT INTO record SELECT * FROM kept")
    lab.edge.command("usage", "verify")
    return f"{len(TAMPERED)} ways"


def exported(lab):
    """OpenSSL agrees with the signature, other keys and other files do not pass."""
    secret, public = make_key(lab, "sign")
    other = make_key(lab, "other")[1]
    text = lab.edge.command("usage", "export", "--key", secret).stdout
    path = os.path.join(lab.run_dir, "usage.csv")
    write(path, text)
    lab.edge.command("usage", "verify", path, "--key", public)
    openssl_agrees(lab, text, public)
    refused(lab, "this key's", "usage", "verify", path, "--key", other)
    refused(lab, "public key", "usage", "export", "--key", public)
    lines = text.splitlines(keepends=True)
    for changed, says in (
            (lines[:1] + [lines[1].replace(",metered,", ",unlimited,")] + lines[2:], "line 2"),
            (lines[:2] + lines[3:], "line 3: contoso: record 3"),
            (lines[:1] + lines[2:], "changed since"),
            (lines[:2] + lines[1:], "line 3"),
            (lines[:-2] + lines[-1:], "changed since")):
        write(path, "".join(changed))
        refused(lab, says, "usage", "verify", path, "--key", public)
    return f"{len(lines)} lines"


def audit_signed(lab):
    """The head's signature holds the log as it was then, whatever came after it."""
    secret, public = make_key(lab, "audit")
    path = os.path.join(lab.run_dir, "audit.signed")
    signed = lab.edge.command("audit", "sign", "--key", secret).stdout
    write(path, signed)
    openssl_agrees(lab, signed, public)
    words = ("audit", "verify", "--key", public, "--signature", path)
    lab.edge.command("circuit", "set-bandwidth", "contoso", "2G")
    if "1 came since" not in lab.edge.command(*words).stdout:
        raise LabError("not one entry since")
    database(lab, "store.db", "UPDATE audit SET command = 'x' || command WHERE number = 1")
    refused(lab, "audit row 1", *words)
    database(lab, "store.db", "UPDATE audit SET command = substr(command, 2) WHERE number = 1")
    lab.edge.command(*words)
    refused(lab, "this key's", "audit", "verify", "--key", make_key(lab, "third")[1],
            "--signature", path)
    # A log that is whole, and another one than was signed.
    body = signed[:signed.index("head ")] + f"head {'0' * 64}\n"
    write(path, body + signature_line(lab, body, secret))
    refused(lab, "written anew", *words)
    body = body.replace("entries ", "entries 9")
    write(path, body + signature_line(lab, body, secret))
    refused(lab, "taken out", *words)
    return signed.splitlines()[1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def signature_line(lab, body, secret):
    paths = [os.path.join(lab.run_dir, name) for name in ("body", "raw")]
    write(paths[0], body)
    run(["openssl", "pkeyutl", "-sign", "-inkey", secret, "-rawin", "-in", paths[0],
         "-out", paths[1]])
    with open(paths[1], "rb") as file:
        return f"# signature ed25519 {base64.b64encode(file.read()).decode()}\n"


def openssl_agrees(lab, text, public):
    body, line = text[:text.rindex("# signature")], text.splitlines()[-1]
    paths = [os.path.join(lab.run_dir, name) for name in ("body", "raw")]
    write(paths[0], body)
    with open(paths[1], "wb") as file:
        file.write(base64.b64decode(line.split()[-1], validate=True))
    run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", paths[0],
         "-sigfile", paths[1]])


def refused(lab, says, *words):
    done = lab.edge.command(*words, check=False)
    if done.returncode == 0 or says not in done.stderr:
        raise LabError(f"{' '.join(words)}: no \"{says}\" in: {done.stdout + done.stderr}")


CHECKS = (("sessions", settle), ("a stream is its usage and its rates", seen),
          ("minutes", minutes), ("control killed", control_killed),
          ("the dataplane killed", dataplane_killed), ("the audit log signed", audit_signed),
          ("hours end", hours_end), ("records tampered with", records_tampered),
          ("exported and signed", exported))

if __name__ == "__main__":
    sys.exit(run_in_lab("us", CHECKS, control_options=("--sample-time", str(SAMPLE_S))))
