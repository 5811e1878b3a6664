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
    "S5": alone("vae", "first_stage"),
    "S6": alone("vae", "exact_likelihood"),
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    if compress_first or exact_likelihood:
        return {"vae"}
    if not synthesis:
        return {"self_supervised"}
    if photorealism:
        return {"gan"} if latency_tight else {"gan", "diffusion"}
    if latent_structure:
        return {"vae"}
    return {"vae", "gan"} if latency_tight else {"vae", "gan", "diffusion"}


def forward_passes(family, height, width, channels=1, steps=50):
    return {"vae": 1, "gan": 1, "autoregressive": height * width * channels, "diffusion": steps}[family]
