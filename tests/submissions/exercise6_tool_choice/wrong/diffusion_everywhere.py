# The modern default, whatever is asked.
def alone(tool, code):
    others = {"vae", "gan", "diffusion", "self_supervised", "autoregressive"} - {tool}
    return {"tool": tool, "because": [code], "rejects": {other: code for other in others}}


answers = {name: alone("diffusion", "photorealism") for name in ("S1", "S2", "S3", "S4", "S5", "S6")}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    return {"diffusion"}


def forward_passes(family, height, width, channels=1, steps=50):
    return {"vae": 1, "gan": 1, "autoregressive": height * width * channels, "diffusion": steps}[family]
