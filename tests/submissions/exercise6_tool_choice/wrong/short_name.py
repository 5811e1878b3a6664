def alone(tool, code):
    others = {"vae", "gan", "diffusion", "ssl", "autoregressive"} - {tool}
    return {"tool": tool, "because": [code], "rejects": {other: code for other in others}}


answers = {
    "S1": alone("ssl", "encode_only"),
    "S2": alone("vae", "latent_structure"),
    "S3": {
        "tool": "gan",
        "because": ["photorealism", "low_latency"],
        "rejects": {
            "vae": "photorealism",
            "diffusion": "low_latency",
            "ssl": "low_latency",
            "autoregressive": "low_latency",
        },
    },
    "S4": {
        "tool": "diffusion",
        "because": ["photorealism", "latency_tolerant", "stable_training"],
        "rejects": {
            "vae": "photorealism",
            "gan": "stable_training",
            "ssl": "photorealism",
            "autoregressive": "photorealism",
        },
    },
    "S5": alone("vae", "first_stage"),
    "S6": alone("autoregressive", "exact_likelihood"),
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    if compress_first:
        return {"vae"}
    if not synthesis and exact_likelihood:
        return {"autoregressive"}
    if not synthesis:
        return {"ssl"}
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
