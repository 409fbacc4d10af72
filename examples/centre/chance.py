"""Chance that falls the same way on every machine and in every release of Python.

Only SHA-256 and SHAKE-256 are drawn on, because the algorithms behind random.Random's choices may change.
"""
import hashlib

U64 = 1 << 64


def noise(label, size):
    """SIZE bytes that nothing compresses, the same for the same label."""
    return hashlib.shake_256(b"sample centre " + label.encode()).digest(size)


class Chance:
    """A stream of draws named by its label; two labels never share draws."""

    def __init__(self, label):
        self.label = label.encode()
        self.count = 0

    def draw(self):
        block = hashlib.sha256(self.count.to_bytes(8, "big") + self.label).digest()
        self.count += 1
        return int.from_bytes(block[:8], "big")

    def below(self, limit):
        """An integer of 0 .. limit - 1 (the bias of 2^-64 is of no matter to a sample)."""
        return self.draw() * limit // U64

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def one_in(self, n):
        return self.below(n) == 0

    def pick(self, things):
        return things[self.below(len(things))]

    def shuffled(self, things):
        out = list(things)
        for i in range(len(out) - 1, 0, -1):
            j = self.below(i + 1)
            out[i], out[j] = out[j], out[i]
        return out
