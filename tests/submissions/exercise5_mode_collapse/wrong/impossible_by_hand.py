"""The sign, the entropy for its exponential, and a factor that makes more than a certainty."""

kl_to_uniform = -1.0498
effective_modes = 0.7
no_duplicate_probability = 6720 / 8**4
