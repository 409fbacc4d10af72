#!/usr/bin/env python3
"""known.py write JOURNAL SYNCHRONOUS | check: the crash machinery against a program whose promises are published.

SQLite says under which settings a commit survives a crash, and under which the database itself does.  `write` commits
nine times into box/db and prints `done N` after each; `check` is a checker for crash-replay --serve.
"""
import sqlite3
import sys


def write(journal, synchronous):
    db = sqlite3.connect("box/db", isolation_level=None)
    db.execute(f"pragma journal_mode = {journal}")
    db.execute(f"pragma synchronous = {synchronous}")
    db.execute("create table t (a integer primary key, b blob)")
    for number in range(9):
        db.execute("begin")
        db.execute("insert into t values (?, randomblob(3000))", (number,))
        db.execute("update t set b = randomblob(2000) where a = ?", (number // 2,))
        db.execute("commit")
        sys.stdout.write(f"done {number}\n")
        sys.stdout.flush()
    db.close()


def verdict(folder):
    with open(f"{folder}/printed", encoding="ascii") as printed:
        promised = len([line for line in printed if line.endswith("\n")])
    db = sqlite3.connect(f"{folder}/box/db")
    try:
        if db.execute("pragma integrity_check").fetchall() != [("ok",)]:
            return "the database is damaged"
        if promised and db.execute("select count(*) from t").fetchone()[0] < promised:
            return "a commit is lost"
    except sqlite3.OperationalError as error:
        return "a commit is lost" if "no such table" in str(error) else f"the database is damaged: {error}"
    except sqlite3.DatabaseError as error:
        return f"the database is damaged: {error}"
    finally:
        db.close()
    return "ok"


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], sys.argv[3])
    else:
        for line in sys.stdin:
            print(verdict(line.split("\t")[0]), flush=True)
