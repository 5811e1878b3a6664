import numpy as np

TOOLS = np.array(["vae", "gan", "diffusion", "self_supervised", "autoregressive"])
CODES = ["encode_only", "latent_structure", "photorealism", "low_latency", "latency_tolerant", "exact_likelihood", "stable_training", "first_stage"]
# One row for each code, one column for each tool: does the tool meet it?
MEETS = np.array(
    [
        [0, 0, 0, 1, 0],
        [1, 0, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 1],
        [0, 0, 0, 0, 1],
        [1, 0, 1, 1, 1],
        [1, 0, 0, 0, 0],
    ],
    dtype=bool,
)


def solve(*codes):
    rows = [CODES.index(code) for code in codes]
    (best,) = np.flatnonzero(MEETS[rows].all(0))
    rejects = {str(TOOLS[i]): codes[int(np.argmin(MEETS[rows, i]))] for i in range(5) if i != best}
    return {"tool": TOOLS[best], "because": list(codes), "rejects": rejects}


answers = {
    "S1": solve("encode_only"),
    "S2": solve("latent_structure"),
    "S3": solve("photorealism", "low_latency"),
    "S4": solve("photorealism", "latency_tolerant", "stable_training"),
    "S5": solve("first_stage"),
    "S6": solve("exact_likelihood"),
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    keep = np.array([True, True, True, False, False])
    for flag, code in ((latent_structure, 1), (photorealism, 2), (exact_likelihood, 5)):
        if flag:
            keep = MEETS[code]
    if latency_tight:
        keep = keep & MEETS[3]
    if not synthesis:
        keep = MEETS[5 if exact_likelihood else 0]
    if compress_first:
        keep = MEETS[7]
    return TOOLS[keep]


def forward_passes(family, height, width, channels=1, steps=50):
    if family == "autoregressive":
        return np.prod([height, width, channels])
    return np.where(family == "diffusion", steps, 1)
