from enum import Enum


class Tool(str, Enum):
    VAE = "vae"
    GAN = "gan"
    DIFFUSION = "diffusion"
    ENCODER = "self_supervised"
    PIXELS = "autoregressive"


def one_code(tool, code):
    return {"tool": tool, "because": [code], "rejects": {other.value: code for other in Tool if other is not tool}}


answers = {
    "S1": one_code(Tool.ENCODER, "encode_only"),
    "S2": one_code(Tool.VAE, "latent_structure"),
    "S3": {
        "tool": Tool.GAN,
        "because": ["photorealism", "low_latency"],
        "rejects": {Tool.VAE: "photorealism", Tool.DIFFUSION: "low_latency", Tool.ENCODER: "low_latency", Tool.PIXELS: "low_latency"},
    },
    "S4": {
        "tool": Tool.DIFFUSION,
        "because": ["photorealism", "latency_tolerant", "stable_training"],
        "rejects": {Tool.VAE: "photorealism", Tool.GAN: "stable_training", Tool.ENCODER: "photorealism", Tool.PIXELS: "photorealism"},
    },
    "S5": one_code(Tool.VAE, "first_stage"),
    "S6": one_code(Tool.PIXELS, "exact_likelihood"),
}

ONE_PASS = {Tool.VAE, Tool.GAN, Tool.ENCODER}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    match (compress_first, synthesis, exact_likelihood, photorealism, latent_structure):
        case (True, *_):
            tools = {Tool.VAE}
        case (_, False, True, *_):
            return {Tool.PIXELS}
        case (_, False, *_):
            tools = {Tool.ENCODER}
        case (_, _, True, *_):
            tools = {Tool.PIXELS}
        case (_, _, _, True, _):
            tools = {Tool.GAN, Tool.DIFFUSION}
        case (*_, True):
            tools = {Tool.VAE}
        case _:
            tools = {Tool.VAE, Tool.GAN, Tool.DIFFUSION}
    return tools & ONE_PASS if latency_tight else tools


def forward_passes(family, height, width, channels=1, steps=50):
    match Tool(family):
        case Tool.VAE | Tool.GAN:
            return 1
        case Tool.PIXELS:
            return height * width * channels
        case Tool.DIFFUSION:
            return steps
    raise ValueError(family)
