answers = {
    "S6": {"rejects": dict.fromkeys(["gan", "vae", "self_supervised", "diffusion"], "exact_likelihood"), "because": ["exact_likelihood"], "tool": "autoregressive"},
    "S5": {"rejects": dict.fromkeys(["gan", "self_supervised", "autoregressive", "diffusion"], "first_stage"), "because": ["first_stage"], "tool": "vae"},
    "S4": {
        "rejects": {"vae": "photorealism", "gan": "stable_training", "self_supervised": "latency_tolerant", "autoregressive": "photorealism"},
        "because": ["latency_tolerant", "photorealism", "stable_training"],
        "tool": "diffusion",
        "note": "fifty steps, overnight",
    },
    "S3": {
        "rejects": {"vae": "photorealism", "diffusion": "low_latency", "self_supervised": "photorealism", "autoregressive": "low_latency"},
        "because": ["low_latency", "photorealism"],
        "tool": "gan",
    },
    "S2": {"rejects": dict.fromkeys(["gan", "self_supervised", "autoregressive", "diffusion"], "latent_structure"), "because": ["latent_structure"], "tool": "vae"},
    "S1": {"rejects": dict.fromkeys(["gan", "vae", "autoregressive", "diffusion"], "encode_only"), "because": ["encode_only"], "tool": "self_supervised"},
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    drawing = {"vae", "gan", "diffusion"}
    sharp = drawing - {"vae"}
    structured = drawing - sharp
    quick = drawing - {"diffusion"}
    tools = (
        {"vae"} if compress_first
        else {"self_supervised"} if not synthesis and not exact_likelihood
        else {"autoregressive"} if exact_likelihood
        else sharp if photorealism
        else structured if latent_structure
        else drawing
    )
    return tools & quick if latency_tight and synthesis and not compress_first else tools


def forward_passes(family, height, width, channels=1, steps=50):
    one = family in {"vae", "gan"}
    return one or (family == "diffusion") * steps + (family == "autoregressive") * height * width * channels


justification = 7
