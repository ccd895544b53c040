"""Tests of `raft_dict` against the server whose API is the first argument."""

import sys
import unittest

from raft_dict import RaftDict, RaftError

API = sys.argv.pop(1)


class OfTheDictionary(unittest.TestCase):
    def setUp(self):
        self.d = RaftDict(["127.0.0.1:1", API], prefix=self.id() + "/", patience=30)

    def tearDown(self):
        self.d.close()

    def test_what_is_set_is_there_until_it_is_deleted(self):
        self.d["a"] = "b"
        self.assertEqual(self.d["a"], "b")
        self.assertIn("a", self.d)
        del self.d["a"]
        self.assertNotIn("a", self.d)
        with self.assertRaises(KeyError):
            del self.d["a"]

    def test_it_is_a_mapping(self):
        self.d.update({"x": "1", "y/ä ?": "2"})
        self.assertEqual(dict(self.d), {"x": "1", "y/ä ?": "2"})
        self.assertEqual(len(self.d), 2)
        self.assertEqual(self.d.setdefault("x", "3"), "1")
        self.assertEqual(self.d.pop("x"), "1")
        self.assertEqual(self.d.get("x", "none"), "none")

    def test_bytes_that_are_no_text_stay_bytes(self):
        self.d["b"] = b"\xff\x00"
        self.assertEqual(self.d["b"], b"\xff\x00")
        self.assertTrue(self.d.cas("b", b"\xff\x00", "text"))

    def test_compare_and_set(self):
        self.assertTrue(self.d.cas("c", None, "1"))
        self.assertFalse(self.d.cas("c", "2", "3"))
        self.assertTrue(self.d.cas("c", "1", None))
        self.assertNotIn("c", self.d)

    def test_more_keys_than_fit_a_page(self):
        for nth in range(1_050):
            self.d[f"{nth:04}"] = ""
        self.assertEqual(list(self.d), [f"{nth:04}" for nth in range(1_050)])

    def test_what_makes_no_sense(self):
        with self.assertRaises(TypeError):
            self.d["a"] = 1
        with self.assertRaises(TypeError):
            self.d[1]
        with self.assertRaises(ValueError):
            RaftDict([])
        with self.assertRaises(RaftError):
            self.d["k" * 2_000] = "v"
        nobody = RaftDict(["127.0.0.1:1"], patience=0.1)
        with self.assertRaises(RaftError) as raised:
            nobody["a"] = "b"
        self.assertFalse(raised.exception.maybe)


if __name__ == "__main__":
    unittest.main()
