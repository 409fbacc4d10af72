"""install.sh, between programs that only note what they were asked: what it fetches, and that it asks no more."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
LOCK = '{"packages": {"node_modules/x": {"integrity": "sha512-AAAA"}}}\n'


class InstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "scripts").mkdir()
        (self.root / "bin").mkdir()
        shutil.copy(TREE / "scripts/install.sh", self.root / "scripts")
        (self.root / "package-lock.json").write_text(LOCK)
        for name in ("sh", "dirname", "grep", "env", "mkdir", "cp"):
            (self.root / "bin" / name).symlink_to(shutil.which(name))
        self.program("dpkg-query", 'case " $ABSENT " in *" $3 "*) exit 1 ;; esac', "printf installed")
        self.program("apt-get", 'echo "apt-get $*" >>"$NOTES"', 'exit "${APT_CODE:-0}"')
        self.program("id", 'echo "$USER_ID"')
        self.program("npm", 'echo "npm $*" >>"$NOTES"', '[ "${NPM_CODE:-0}" = 0 ] || exit 1',
                     "mkdir -p node_modules", "cp package-lock.json node_modules/.package-lock.json")
        self.program("node")

    def program(self, name, *lines):
        path = self.root / "bin" / name
        path.write_text("\n".join(("#!/bin/sh", *lines, "")))
        path.chmod(0o755)

    def install(self, *kinds, absent="", user=0, **settings):
        """(exit code, errors, the commands it ran)"""
        notes = self.root / "notes"
        notes.write_text("")
        environment = {"PATH": str(self.root / "bin"), "ABSENT": absent, "USER_ID": str(user), "NOTES": str(notes)}
        done = subprocess.run([str(self.root / "scripts/install.sh"), *kinds], env={**environment, **settings},
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr, notes.read_text().splitlines()

    def fetched(self):
        (self.root / "node_modules").mkdir()
        (self.root / "node_modules/.package-lock.json").write_text(LOCK)

    def test_asks_nothing_when_nothing_is_missing(self):
        self.fetched()
        self.assertEqual(self.install("build", "test", "bench", "lint"), (0, "", []))

    def test_installs_what_is_missing_and_no_more(self):
        self.fetched()
        code, _, notes = self.install("build", absent="meson libzstd-dev restic")
        self.assertEqual(code, 0)
        self.assertEqual(len(notes), 2)
        self.assertIn(" update", notes[0])
        self.assertTrue(notes[1].endswith("install --no-install-recommends meson libzstd-dev"), notes[1])

    def test_a_plain_user_is_told_the_line(self):
        code, errors, notes = self.install("build", "bench", absent="gcc restic", user=1000)
        self.assertEqual((code, notes), (4, []))
        line = "apt-get update && apt-get install --no-install-recommends gcc restic"
        self.assertEqual(errors.splitlines()[-1], line)

    def test_sudo_is_used_where_it_asks_no_password(self):
        self.program("sudo", 'shift', 'exec "$@"')
        self.program("true")
        self.fetched()
        code, _, notes = self.install("build", absent="gcc", user=1000)
        self.assertEqual((code, len(notes)), (0, 2))
        self.program("sudo", "exit 1")
        self.assertEqual(self.install("build", absent="gcc", user=1000)[0], 4)

    def test_node_that_is_there_is_used(self):
        code, _, notes = self.install("build", absent="nodejs npm")
        self.assertEqual((code, [line.split()[:3] for line in notes]), (0, [["npm", "ci", "--ignore-scripts"]]))

    def test_node_that_is_not_there_is_installed_only_when_it_is_needed(self):
        (self.root / "bin/node").unlink()
        _, _, notes = self.install("build", absent="nodejs npm")
        self.assertTrue(notes[1].endswith("install --no-install-recommends nodejs npm"), notes)
        self.assertEqual(self.install("build", absent="nodejs npm"), (0, "", []))

    def test_fetches_again_when_the_lock_changes(self):
        self.fetched()
        (self.root / "package-lock.json").write_text(LOCK.replace("AAAA", "BBBB"))
        self.assertEqual(len(self.install("build")[2]), 1)
        self.assertEqual(len(self.install("build")[2]), 0)

    def test_failures_are_said_and_end_in_4(self):
        self.assertEqual(self.install("build", NPM_CODE="1")[0], 4)
        self.fetched()
        code, errors, _ = self.install("build", absent="gcc", APT_CODE="100")
        self.assertEqual(code, 4)
        self.assertIn("apt could not install: gcc", errors)
        self.assertEqual(self.install("party")[0], 4)

    def test_another_system(self):
        (self.root / "bin/dpkg-query").unlink()
        code, errors, notes = self.install("build")
        self.assertEqual((code, notes), (4, []))
        self.assertIn("Debian 12", errors)

    def test_the_lock_names_hashes_and_no_host(self):
        lock = (TREE / "package-lock.json").read_text()
        self.assertNotIn("resolved", lock)
        self.assertNotIn("://", lock)
        self.assertEqual(lock.count('"integrity": "sha512-'), lock.count('"node_modules/'))


if __name__ == "__main__":
    unittest.main()
