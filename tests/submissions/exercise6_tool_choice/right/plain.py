answers = {
    "S1": {
        "tool": "self_supervised",
        "because": ["encode_only"],
        "rejects": {"vae": "encode_only", "gan": "encode_only", "diffusion": "encode_only", "autoregressive": "encode_only"},
    },
    "S2": {
        "tool": "vae",
        "because": ["latent_structure"],
        "rejects": {
            "gan": "latent_structure",
            "diffusion": "latent_structure",
            "self_supervised": "latent_structure",
            "autoregressive": "latent_structure",
        },
    },
    "S3": {
        "tool": "gan",
        "because": ["photorealism", "low_latency"],
        "rejects": {
            "vae": "photorealism",
            "diffusion": "low_latency",
            "self_supervised": "low_latency",
            "autoregressive": "photorealism",
        },
    },
    "S4": {
        "tool": "diffusion",
        "because": ["stable_training", "photorealism", "latency_tolerant"],
        "rejects": {
            "vae": "photorealism",
            "gan": "stable_training",
            "diffusion": None,
            "self_supervised": "photorealism",
            "autoregressive": "photorealism",
        },
    },
    "S5": {
        "tool": "vae",
        "because": ["first_stage"],
        "rejects": {
            "vae": None,
            "gan": "first_stage",
            "diffusion": "first_stage",
            "self_supervised": "first_stage",
            "autoregressive": "first_stage",
        },
    },
    "S6": {
        "tool": "autoregressive",
        "because": ["exact_likelihood"],
        "rejects": {
            "vae": "exact_likelihood",
            "gan": "exact_likelihood",
            "diffusion": "exact_likelihood",
            "self_supervised": "exact_likelihood",
            "autoregressive": "",
        },
    },
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    if compress_first:
        return {"vae"}
    if not synthesis and exact_likelihood:
        return {"autoregressive"}
    if not synthesis:
        return {"self_supervised"}
    if exact_likelihood and latency_tight:
        return set()
    if exact_likelihood:
        return {"autoregressive"}
    if photorealism and latency_tight:
        return {"gan"}
    if photorealism:
        return {"gan", "diffusion"}
    if latent_structure:
        return {"vae"}
    if latency_tight:
        return {"vae", "gan"}
    return {"vae", "gan", "diffusion"}


def forward_passes(family, height, width, channels=1, steps=50):
    return {"vae": 1, "gan": 1, "autoregressive": height * width * channels, "diffusion": steps}[family]


justification = "In S4 I strike the last sentence. Then a GAN fits too, because only the training ruled it out."
