"""The failing configuration, as it came."""


def rescue(config):
    return config
