"""A low loss of D is taken for collapse, at a threshold of this learner's own."""


def diagnose(evidence):
    if evidence["d_loss"][-10:].mean() < 0.95:
        return "mode_collapse"
    return "healthy"
