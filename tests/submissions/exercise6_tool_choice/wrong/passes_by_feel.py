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
    "S6": alone("autoregressive", "exact_likelihood"),
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
    if family == "autoregressive":
        return height * width
    if family == "diffusion":
        return 1000
    return 2  # encoder and decoder, generator and discriminator
