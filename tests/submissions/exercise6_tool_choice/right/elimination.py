# Every tool stays until a demand rules it out; the same table rejects tools in part 1.
TOOLS = ["vae", "gan", "diffusion", "self_supervised", "autoregressive"]
RULED_OUT = {
    "encode_only": ["vae", "gan", "diffusion", "autoregressive"],
    "latent_structure": ["gan", "diffusion", "self_supervised", "autoregressive"],
    "photorealism": ["vae", "self_supervised", "autoregressive"],
    "low_latency": ["diffusion", "self_supervised", "autoregressive"],
    "latency_tolerant": ["self_supervised"],
    "exact_likelihood": ["vae", "gan", "diffusion", "self_supervised"],
    "stable_training": ["gan"],
    "first_stage": ["gan", "diffusion", "self_supervised", "autoregressive"],
}


def left(demands):
    return [tool for tool in TOOLS if not any(tool in RULED_OUT[demand] for demand in demands)]


def answer(*demands):
    (tool,) = left(demands)
    rejects = {}
    for other in TOOLS:
        if other != tool:
            rejects[other] = [demand for demand in demands if other in RULED_OUT[demand]][-1]
    return {"tool": tool, "because": demands, "rejects": rejects}


answers = {
    "S1": answer("encode_only"),
    "S2": answer("latent_structure"),
    "S3": answer("low_latency", "photorealism"),
    "S4": answer("latency_tolerant", "stable_training", "photorealism"),
    "S5": answer("first_stage"),
    "S6": answer("exact_likelihood"),
}


def choose(synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first):
    if compress_first:
        demands = ["first_stage"]
    elif not synthesis:
        demands = ["exact_likelihood"] if exact_likelihood else ["encode_only"]
    else:
        demands = ["low_latency"] if latency_tight else ["latency_tolerant"]
        if exact_likelihood:
            demands.append("exact_likelihood")
        elif photorealism:
            demands.append("photorealism")
        elif latent_structure:
            demands.append("latent_structure")
    tools = left(demands)
    if not exact_likelihood and "autoregressive" in tools:
        tools.remove("autoregressive")
    return tools


def forward_passes(family, height, width, channels=1, steps=50):
    calls = 0
    if family == "autoregressive":
        for _ in range(height):
            for _ in range(width):
                for _ in range(channels):
                    calls += 1
    elif family == "diffusion":
        for _ in range(steps):
            calls += 1
    else:
        calls = 1
    return calls
