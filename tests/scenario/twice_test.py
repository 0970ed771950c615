# SPDX-License-Identifier: EUPL-1.2
"""The scenario's figures are the same in every run with the same seed; its root is not."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PLAY = pathlib.Path(__file__).resolve().parent / "play"


class Twice(unittest.TestCase):
    def test_figures_are_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            runs = [self.play(pathlib.Path(folder), str(number)) for number in (1, 2)]
        figures, roots = zip(*runs)
        self.assertEqual(figures[0], figures[1])
        self.assertNotEqual(roots[0], roots[1])
        self.assertEqual(figures[0]["gateway: accepted"], figures[0]["messages accepted"])
        self.assertEqual(figures[0]["gateway: denied"], figures[0]["messages denied"])
        self.assertEqual(figures[0]["gateway: waiting"], 0)
        self.assertGreater(figures[0]["messages withheld"], 0)
        self.assertGreater(figures[0]["messages asked back"], 0)
        self.assertGreater(figures[0]["recalls overdue"], 0)
        self.assertEqual(figures[0]["recalls overdue"], figures[0]["recalls answered: deleted, late"])

    def play(self, folder, name):
        figures = folder / f"{name}.json"
        done = subprocess.run([sys.executable, PLAY, "--state", folder / name, "--figures", figures], capture_output=True, text=True)
        print(done.stdout, done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        root = next(line for line in done.stdout.splitlines() if line.startswith("root of the log"))
        return json.loads(figures.read_text()), root


if __name__ == "__main__":
    unittest.main(verbosity=2)
