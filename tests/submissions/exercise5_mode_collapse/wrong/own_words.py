"""A verdict that is not on the list, a configuration with a key of its own, and a dict with too few."""


def mode_coverage(samples, centers, std, k=3.0):
    return {"modes": 3, "quality": 0.5}


def diagnose(evidence):
    return "collapse"


def rescue(config):
    return {**config, "beta1": 0.5, "beta2": 0.99}
