"""A momentum above 1 and a batch that is none."""


def rescue(config):
    return {**config, "beta1": 1.5, "batch_size": -1}
