import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "lab", "world"))

import sampler  # noqa: E402


class Longest(unittest.TestCase):
    def test_a_time_ends_with_the_first_sample_that_is_otherwise(self):
        samples = sampler.read("0.0 1\n0.2 0\n0.4 0\n0.6 1\n0.8 2\n1.0 1\n")
        self.assertEqual(sampler.longest(samples, lambda count: count == 0), 0.4)
        self.assertEqual(sampler.longest(samples, lambda count: count > 1), 0.2)

    def test_a_time_that_has_not_ended_counts_until_the_last_sample(self):
        self.assertEqual(sampler.longest([(0.0, 0), (0.2, 0), (0.4, 0)], lambda count: count == 0), 0.4)

    def test_a_line_that_was_cut_off_is_left_out(self):
        self.assertEqual(sampler.read("0.0 1\n0.2"), [(0.0, 1)])


if __name__ == "__main__":
    unittest.main()
