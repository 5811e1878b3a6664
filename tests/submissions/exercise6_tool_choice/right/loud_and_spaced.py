# Upper case, blanks, hyphens; tuples; a single code without a list around it.
answers = {
    "s1": {
        "Tool": "Self-Supervised",
        "Because": "Encode_Only",
        "Rejects": {"VAE": "ENCODE_ONLY", "GAN": "ENCODE_ONLY", "Diffusion": "ENCODE_ONLY", "Autoregressive": "ENCODE_ONLY"},
    },
    "s2": {
        "Tool": " VAE ",
        "Because": ("latent_structure",),
        "Rejects": {
            "GAN": ["latent_structure"],
            "Diffusion": ["latent_structure"],
            "Self Supervised": ["latent_structure"],
            "Autoregressive": ["latent_structure"],
        },
    },
    "s3": {
        "Tool": "GAN",
        "Because": (" Low_Latency", "Photorealism "),
        "Rejects": {
            "Autoregressive": "LOW_LATENCY",
            "Self-Supervised": "PHOTOREALISM",
            "Diffusion": "LOW_LATENCY",
            "VAE": "PHOTOREALISM",
        },
    },
    "s4": {
        "Tool": "Diffusion",
        "Because": ("Photorealism", "Latency_Tolerant", "Stable_Training", "Photorealism"),
        "Rejects": {
            "Autoregressive": "Photorealism",
            "Self-Supervised": "Latency_Tolerant",
            "GAN": "Stable_Training",
            "VAE": "Photorealism",
        },
    },
    "s5": {
        "Tool": "VAE",
        "Because": ["FIRST_STAGE"],
        "Rejects": {
            "GAN": "FIRST_STAGE",
            "Diffusion": "FIRST_STAGE",
            "Self-Supervised": "FIRST_STAGE",
            "Autoregressive": "FIRST_STAGE",
        },
    },
    "s6": {
        "Tool": "Autoregressive",
        "Because": ["EXACT_LIKELIHOOD"],
        "Rejects": {
            "GAN": "EXACT_LIKELIHOOD",
            "VAE": "EXACT_LIKELIHOOD",
            "Diffusion": "EXACT_LIKELIHOOD",
            "Self-Supervised": "EXACT_LIKELIHOOD",
        },
    },
}


def choose(draw, likelihood, latents, sharp, hurry, front):
    if front:
        return ("VAE",)
    if not draw:
        return ("Autoregressive",) if likelihood else ("Self-Supervised",)
    if likelihood:
        return () if hurry else ("Autoregressive",)
    if sharp:
        return ("GAN",) if hurry else ("Diffusion", "GAN")
    if latents:
        return ("VAE", "VAE")
    return ("GAN", "VAE") if hurry else ("GAN", "VAE", "Diffusion")


def forward_passes(name, h, w, c=1, t=50):
    return h * w * c if name == "autoregressive" else t if name == "diffusion" else 1
