"""Somebody's database: Debian's PostgreSQL in the inside network, with TLS, a user and the table that the docs show."""

import glob
import os
import re
import shutil
import time

from shell import STATE, Failure, in_namespace, ip_in, read_json_input, run, signal_unit, start_unit, stop_unit, write

NAMESPACE = "inside"
UNIT = "lab-postgres"
FOLDER = f"{STATE}/postgres"
DATA = "/var/lib/postgresql/lab"
PORT = 5432
NAME = re.compile(r"[a-z0-9_-]+")


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    return found[-1] if found else None


def install():
    """From Debian's archive, by the network that the lab's host has; without the cluster that the package would make."""
    if programs() is None:
        write("/etc/postgresql-common/createcluster.conf", "create_main_cluster = false\n")
        run("apt-get", "-q", "update", timeout=600)
        run(
            "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "Dpkg::Options::=--force-confold",
            "install", "--no-install-recommends", "postgresql", timeout=900,
        )
    return {"programs": programs()}


def start(wanted):
    """A new one, with nothing in it but the user and what `schema` makes. Gives the certificate that it shows."""
    stop()
    for name in (wanted["user"], wanted["database"]):
        if not NAME.fullmatch(name):
            raise Failure(f"{name} is no name for a user or a database here")
    ip_in(NAMESPACE, "addr", "replace", f"{wanted['address']}/24", "dev", "eth0")
    shutil.rmtree(DATA, ignore_errors=True)
    os.makedirs(FOLDER, exist_ok=True)
    os.chmod(FOLDER, 0o755)
    write(f"{FOLDER}/password", wanted["adminPassword"] + "\n", 0o600)
    shutil.chown(f"{FOLDER}/password", "postgres")
    as_postgres(f"{programs()}/initdb", "-D", DATA, "-A", "scram-sha-256", "-U", "postgres", f"--pwfile={FOLDER}/password", "--no-sync", timeout=300)
    certificate = (
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", f"/CN={wanted['address']}",
        "-addext", f"subjectAltName=IP:{wanted['address']}", "-keyout", f"{DATA}/server.key", "-out", f"{DATA}/server.crt",
    )
    as_postgres(*certificate, timeout=120)
    os.chmod(f"{DATA}/server.key", 0o600)
    with open(f"{DATA}/postgresql.conf", "a") as file:
        file.write(f"listen_addresses = '{wanted['address']}'\nport = {PORT}\nssl = on\nfsync = off\nunix_socket_directories = ''\nshared_buffers = 16MB\n")
    with open(f"{DATA}/pg_hba.conf", "w") as file:
        file.write("hostssl all all 10.20.0.0/24 scram-sha-256\n")  # nobody without TLS
    write(f"{FOLDER}/address", wanted["address"])
    start_unit(UNIT, NAMESPACE, f"{programs()}/postgres", "-D", DATA, properties=["User=postgres", "Type=exec"])
    for _ in range(60):
        if in_namespace(NAMESPACE, f"{programs()}/pg_isready", "-q", "-h", wanted["address"], check=False).returncode == 0:
            break
        time.sleep(1)
    else:
        raise Failure("PostgreSQL does not answer: " + run("journalctl", "-u", UNIT, "-o", "cat", "-n", "5", check=False).stdout)
    password = wanted["password"].replace("'", "''")
    sql("postgres", f"CREATE USER \"{wanted['user']}\" PASSWORD '{password}';\nCREATE DATABASE \"{wanted['database']}\";")
    sql(wanted["database"], wanted["schema"])
    with open(f"{DATA}/server.crt") as file:
        return {"certificate": file.read()}


def as_postgres(*command, **options):
    return run("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *command, **options)


def sql(database, text):
    """As the administrator; text on standard input, so that no password is in a command line. Gives rows as they are shown."""
    with open(f"{FOLDER}/address") as file:
        address = file.read()
    with open(f"{FOLDER}/password") as file:
        environment = f"PGPASSFILE={FOLDER}/pgpass"
        write(f"{FOLDER}/pgpass", f"{address}:{PORT}:*:postgres:{file.read()}", 0o600)
    command = ("env", environment, "psql", "-h", address, "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAt", "-F", "\t")
    return in_namespace(NAMESPACE, *command, stdin=text, timeout=60).stdout


def stop():
    if programs() is not None:
        signal_unit(UNIT, "CONT")
    stop_unit(UNIT)


def act(action):
    if action == "install":
        return install()
    if action == "start":
        return start(read_json_input())
    if action == "ask":
        wanted = read_json_input()
        return {"rows": [line.split("\t") for line in sql(wanted["database"], wanted["sql"]).splitlines()]}
    if action == "stop":
        stop()
    else:
        signal_unit(UNIT, "STOP" if action == "silence" else "CONT")
    return {"done": True}
