"""Another configuration, and no better one: it is the momentum that hurts here, and the rates are raised."""


def rescue(config):
    return {**config, "g_lr": 1e-2, "d_lr": 1e-2, "steps": 400}
