# SPDX-License-Identifier: BSD-3-Clause
"""The verdict over counted instructions."""

import json
import os
import tempfile
import unittest
from unittest import mock

from onramp_bench import instructions


class Verdict(unittest.TestCase):
    def test_five_percent_more_are_allowed(self):
        self.assertTrue(instructions.judge("v4-vlan", 209.9, 200.0)[0])
        passed, sentence = instructions.judge("v4-vlan", 211.0, 200.0)
        self.assertFalse(passed)
        self.assertIn("211.0", sentence)
        self.assertIn("200.0", sentence)
        self.assertIn("5.5 % more", sentence)

    def test_progress_asks_for_a_record(self):
        passed, sentence = instructions.judge("v4-vlan", 150.0, 200.0)
        self.assertTrue(passed)
        self.assertIn("--record", sentence)

    def test_the_record_of_the_project_has_all_cases(self):
        for name, known in instructions.records().items():
            self.assertEqual(set(known), set(instructions.CASES), name)

    def test_a_record_leaves_other_compilers_alone(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "record.json")
            with open(path, "w", encoding="ascii") as file:
                file.write('{"clang 14": {"v4-vlan": 1.0}}')
            with mock.patch.object(instructions, "RECORD", path):
                instructions.record("gcc 12", {"v4-vlan": 2.04})
            with open(path, encoding="ascii") as file:
                self.assertEqual(json.load(file), {"clang 14": {"v4-vlan": 1.0},
                                                   "gcc 12": {"v4-vlan": 2.0}})


if __name__ == "__main__":
    unittest.main()
