"""Bits for nats, e to the KL for e to the entropy, and the probability of the opposite."""

kl_to_uniform = 1.5145
effective_modes = 2.857
no_duplicate_probability = 1 - 0.2051
