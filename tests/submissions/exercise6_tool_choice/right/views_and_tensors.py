import torch

REASONS = {
    "S1": {"encode_only": ["vae", "gan", "diffusion", "autoregressive"]},
    "S2": {"latent_structure": ["gan", "diffusion", "self_supervised", "autoregressive"]},
    "S3": {"photorealism": ["vae", "autoregressive"], "low_latency": ["diffusion", "self_supervised"]},
    "S4": {"photorealism": ["vae", "autoregressive"], "stable_training": ["gan"], "latency_tolerant": ["self_supervised"]},
    "S5": {"first_stage": ["gan", "diffusion", "self_supervised", "autoregressive"]},
    "S6": {"exact_likelihood": ["vae", "gan", "diffusion", "self_supervised"]},
}
TOOLS = ["self_supervised", "vae", "gan", "diffusion", "vae", "autoregressive"]
answers = {
    name: {
        "tool": tool,
        "because": set(reasons),
        "rejects": {loser: code for code, losers in reasons.items() for loser in losers},
    }
    for (name, reasons), tool in zip(REASONS.items(), TOOLS)
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    calls = {"vae": 1, "gan": 1, "diffusion": 50}
    if compress_first or (synthesis and latent_structure and not photorealism and not exact_likelihood):
        return {"vae": 1}.keys()
    if not synthesis:
        return (name for name in ["autoregressive" if exact_likelihood else "self_supervised"])
    if exact_likelihood:
        return [] if latency_tight else ["autoregressive"]
    if photorealism:
        del calls["vae"]
    return filter(lambda name: calls[name] == 1 or not latency_tight, calls)


def forward_passes(family, height, width, channels=1, steps=50):
    if family == "autoregressive":
        return torch.zeros(channels, height, width).numel() * torch.ones(())
    return torch.tensor([steps if family == "diffusion" else 1])
