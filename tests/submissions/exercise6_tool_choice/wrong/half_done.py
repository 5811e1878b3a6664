answers = {
    "S1": {
        "tool": "self_supervised",
        "because": ["encode_only"],
        "rejects": {"vae": "encode_only", "gan": "encode_only", "diffusion": None, "self_supervised": None, "autoregressive": None},
    },
    "S2": {
        "tool": "gan",
        "because": [],
        "rejects": {"vae": None, "gan": None, "diffusion": None, "self_supervised": None, "autoregressive": None},
    },
    "S3": {
        "tool": None,
        "because": ["photorealism"],
        "rejects": {"vae": None, "gan": None, "diffusion": None, "self_supervised": None, "autoregressive": None},
    },
    "S4": {"tool": None, "because": [], "rejects": {}},
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    if compress_first:
        return {"vae"}
    raise NotImplementedError("the other rows")


def forward_passes(family, height, width, channels=1, steps=50):
    if family == "autoregressive":
        return height * width * channels
    if family == "diffusion":
        return steps
