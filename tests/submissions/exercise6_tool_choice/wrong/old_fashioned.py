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
    "S5": alone("gan", "first_stage"),
    "S6": alone("autoregressive", "exact_likelihood"),
}


# GANs for whatever is drawn, compressed or sharp; the wish for latents before sharpness.
def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    if compress_first:
        return {"gan"}
    if not synthesis:
        return {"self_supervised"}
    if exact_likelihood:
        return {"autoregressive"}
    if latent_structure:
        return {"vae"}
    if photorealism:
        return {"gan"} if latency_tight else {"gan", "diffusion"}
    return {"vae", "gan"} if latency_tight else {"vae", "gan", "diffusion"}


def forward_passes(family, height, width, channels=1, steps=50):
    return {"vae": 1, "gan": 1, "autoregressive": 1, "diffusion": steps}[family]
