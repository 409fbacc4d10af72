#!/bin/sh
# A name that was given only through `identity seal` is in no byte: of anything that was ever written by the program,
# of repository, state, configuration, index and shares, also opened with every key that is no keyholder's; nor in the
# memory of what runs afterwards; nor with the shares of k - 1 keyholders.
# The name is drawn here, and lies on the disk only as two halves that give it when they are added, bit by bit.
# timeout: 600
. "$(dirname "$0")/common.sh"
built="$(dirname "$groundwork")/tests"
cat >needle.py <<'PY'
"""needle.py draw | record | search FOLDER... | running PROGRAM"""
import os, pathlib, sys, unicodedata

def halves():
    one, two = pathlib.Path("half1").read_bytes(), pathlib.Path("half2").read_bytes()
    return bytes(a ^ b for a, b in zip(one, two)).decode()

def forms(text):
    """Any spelling in which a careless program could leave it."""
    import base64
    found = set()
    for form in ("NFC", "NFD"):
        for word in unicodedata.normalize(form, text).split("\n"):
            raw = word.encode()
            found |= {raw, raw.hex().encode(), word.encode("utf-16-le"), word.encode("utf-32-le")}
            found.add(word.upper().encode())
            found |= {base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3)}
    return [f for f in found if len(f) >= 8]

def look(name, data, wanted):
    for f in wanted:
        if f in data:
            sys.exit(f"FOUND in {name}")

command = sys.argv[1]
if command == "draw":
    import random
    letters = "".join(random.SystemRandom().choice("bdfghjklmnprstvz") + "aeiou"[i % 5] for i in range(9))
    syllables = "".join(chr(0xAC00 + random.SystemRandom().randrange(11172)) for _ in range(6))
    secret = f"{letters.title()}\n{syllables}\n".encode()
    mask = os.urandom(len(secret))
    pathlib.Path("half1").write_bytes(mask)
    pathlib.Path("half2").write_bytes(bytes(a ^ b for a, b in zip(mask, secret)))
elif command == "record":
    latin, hangul = halves().split()
    sys.stdout.write(f"name romanisation=own: {latin}\nname script=Hang: {hangul}\ncontact: at {latin}\n")
elif command == "search":
    wanted = forms(halves())
    count = 0
    for folder in sys.argv[2:]:
        for path in [pathlib.Path(folder), *pathlib.Path(folder).rglob("*")]:
            look(path, os.fsencode(path), wanted)
            if path.is_file() and not path.is_symlink():
                look(path, path.read_bytes(), wanted)
                count += 1
    print(count)
else: # every process of this test but this one, and each that runs the program
    wanted = forms(halves())
    session, program, count = os.getsid(0), os.path.realpath(sys.argv[2]), 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            ours = os.getsid(int(pid)) == session or os.readlink(f"/proc/{pid}/exe") == program
            if int(pid) == os.getpid() or not ours:
                continue
            look(f"command line of {pid}", pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(), wanted)
            regions = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
            with open(f"/proc/{pid}/mem", "rb", 0) as memory:
                for region in regions:
                    words = region.split()
                    if "r" not in words[1] or words[-1] in ("[vvar]", "[vsyscall]"):
                        continue
                    begin, end = (int(x, 16) for x in words[0].split("-"))
                    try:
                        memory.seek(begin)
                        look(f"memory of {pid}", memory.read(end - begin), wanted)
                    except OSError:
                        continue
            count += 1
        except (ProcessLookupError, PermissionError, FileNotFoundError):
            continue
    print(count)
PY
python3 needle.py draw
find /tmp /var/tmp /dev/shm -maxdepth 1 2>/dev/null | sort >before
for i in 1 2 3 4 5; do
    age-keygen 2>/dev/null >"key$i"
    age-keygen -y "key$i" >"word$i"
done
export XDG_RUNTIME_DIR="$work/run"
trap 'gw -R "$work/archive" lock >/dev/null 2>&1 || true' EXIT
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive unlock --minutes 9 >/dev/null
for i in 1 2 3 4 5; do gw -R archive identity keyholder K-0$i --recipient "$(cat word$i)" >/dev/null; done

# The agent that holds the keys runs all the while, and everything that the program writes is recorded.
python3 needle.py record | env LD_PRELOAD="$built/crash/crash_recorder.so" GW_RECORD_LOG="$work/log" \
    GW_RECORD_ROOTS="$work/archive:$work/state:$work/config:$work/shares" \
    "$groundwork" -R archive identity seal P-0001 --keyholders K-01,K-02,K-03,K-04,K-05 --needed 3 --out shares >said
grep -q 'lies sealed' said || fail "$(cat said)"
[ "$(stat -c %s log)" -gt 10000 ] || fail 'nothing was recorded'
python3 needle.py running "$groundwork" >seen || fail "$(cat seen)"
[ "$(cat seen)" -ge 2 ] || fail 'no process was looked into'

# What reads and works with it afterwards.
gw -R archive note 'after' >/dev/null
gw -R archive identity list >>said
gw -R archive identity request P-0001 --why 'a question' --file request.age >>said
gw -R archive reindex --dump dump >>said
gw -R archive verify >>said
gw -R archive audit >>said
python3 -B "$tests/vectors/reader.py" archive config/groundwork/*.key passphrase read >>said

# All that k - 1 keyholders and everybody else have, opened: their shares, the request, every statement.
for i in 1 2; do age -d -i key$i shares/P-0001-*-$i-for-K-0$i.age >plain$i; done
age -d -i key1 request.age >plain.request
python3 -B - "$tests/vectors" archive config/groundwork/*.key passphrase >statements <<'PY'
import pathlib, sys
sys.path.insert(0, sys.argv[1])
import reader
word = pathlib.Path(sys.argv[4]).read_text().split("\n")[0]
repository = reader.Repository(sys.argv[2], lambda _: reader.open_key_file(sys.argv[3], word))
for leaf, said in sorted(repository.statements.items()):
    print(leaf, said)
PY
grep -q identity-sealed statements || fail 'the sealed statement was not opened'
/usr/bin/python3 -I "$root/docs/opening.py" plain.request plain1 plain2 >said2 2>&1 && fail 'two keyholders open it'
python3 needle.py search "$work" >count || fail "$(cat count)"
[ "$(cat count)" -gt 40 ] || fail "only $(cat count) files were looked into"
find /tmp /var/tmp /dev/shm -maxdepth 1 -newer half1 2>/dev/null | sort >after
for new in $(comm -13 before after); do
    case $work/ in "$new"/*) continue ;; esac
    [ -O "$new" ] && [ -r "$new" ] || continue
    timeout 60 python3 needle.py search "$new" >count || { grep -q FOUND count && fail "$(cat count)"; }
done

# That the search finds what is there: three keyholders open it, and a restricted one is in what is opened.
age -d -i key3 shares/P-0001-*-3-for-K-03.age >plain3
/usr/bin/python3 -I "$root/docs/opening.py" plain.request plain1 plain2 plain3 >opened
python3 needle.py search "$work" >count 2>&1 && fail 'the search finds nothing at all'
grep -q 'FOUND in .*opened' count || fail "$(cat count)"
