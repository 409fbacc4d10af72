"""What the tests of the examples share: running the programs, and trees that remove themselves."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "examples")
sys.dont_write_bytecode = True
sys.path.insert(0, EXAMPLES)


def run(program, *args, **env):
    """(exit code, output, errors) of examples/PROGRAM."""
    done = subprocess.run([sys.executable, "-B", os.path.join(EXAMPLES, program), *args], capture_output=True,
                          timeout=300, env={**os.environ, **env}, check=False)
    return done.returncode, done.stdout, done.stderr


def lines(output):
    return output.decode().splitlines()


class TreeTest(unittest.TestCase):
    """A test with a folder of its own, removed at the end whatever modes it has by then."""

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp()

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["chmod", "-R", "u+rwX", cls.work], check=True)
        subprocess.run(["rm", "-rf", cls.work], check=True)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.work, name)

    def succeeds(self, program, *args, **env):
        code, out, errors = run(program, *args, **env)
        self.assertEqual((code, errors), (0, b""), "%s %s" % (program, args))
        return out
