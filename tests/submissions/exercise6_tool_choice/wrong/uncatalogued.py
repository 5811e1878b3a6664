def alone(tool, code):
    others = {"vae", "gan", "diffusion", "self_supervised", "autoregressive"} - {tool}
    return {"tool": tool, "because": [code], "rejects": {other: code for other in others}}


answers = {
    "S1": alone("autoregressive", "encode_only"),
    "S2": alone("vae", "latent_structure"),
    "S3": {
        "tool": "gan",
        "because": ["photorealism", "low_latency"],
        "rejects": {
            "vae": "photorealism",
            "diffusion": "unpaired_translation",
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


# Judged by the number of flags: nobody has catalogued that.
def choose(*flags):
    tools = ["vae", "gan", "diffusion", "self_supervised", "autoregressive"]
    return tools[: sum(flags)]


def forward_passes(family, height, width, channels=1, steps=50):
    if family == "autoregressive":
        return (height + 1) * width * channels
    return steps - 1 if family == "diffusion" else 0
