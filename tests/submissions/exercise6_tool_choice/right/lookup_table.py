import itertools

E, L, F = "encode_only", "exact_likelihood", "first_stage"
FOUR = {
    "S1": ("gan", "vae", "diffusion", "autoregressive"),
    "S2": ("gan", "self_supervised", "diffusion", "autoregressive"),
    "S6": ("gan", "vae", "diffusion", "self_supervised"),
}
answers = {}
answers["S1"] = dict(tool="self_supervised", because=E, rejects={t: E for t in FOUR["S1"]})
answers["S2"] = dict(tool="vae", because="latent_structure", rejects={t: "latent_structure" for t in FOUR["S2"]})
answers["S5"] = dict(tool="vae", because=F, rejects={t: F for t in FOUR["S2"]})
answers["S6"] = dict(tool="autoregressive", because=L, rejects={t: L for t in FOUR["S6"]})
answers["S3"] = dict(
    tool="gan",
    because={"photorealism", "low_latency"},
    rejects={
        "vae": "photorealism",
        "diffusion": "low_latency",
        "self_supervised": {"photorealism", "low_latency"},
        "autoregressive": {"photorealism", "low_latency"},
    },
)
answers["S4"] = dict(
    tool="diffusion",
    because={"photorealism", "latency_tolerant", "stable_training"},
    rejects={
        "vae": "photorealism",
        "gan": "stable_training",
        "self_supervised": "latency_tolerant",
        "autoregressive": "photorealism",
    },
)

# One entry for each of the 64 rows, filled from the weakest demand to the strongest.
TABLE = {}
for row in itertools.product([False, True], repeat=6):
    TABLE[row] = frozenset({"vae", "gan", "diffusion"})
for row in TABLE:
    if row[2]:
        TABLE[row] = frozenset({"vae"})
for row in TABLE:
    if row[3]:
        TABLE[row] = frozenset({"gan", "diffusion"})
for row in TABLE:
    if row[1]:
        TABLE[row] = frozenset({"autoregressive"})
for row in TABLE:
    if row[4]:
        TABLE[row] -= {"diffusion", "autoregressive"}
for row in TABLE:
    if not row[0]:
        TABLE[row] = frozenset({"autoregressive" if row[1] else "self_supervised"})
for row in TABLE:
    if row[5]:
        TABLE[row] = frozenset({"vae"})


def choose(*row):
    return TABLE[row]


def forward_passes(family, height, width, channels=1, steps=50):
    if family == "diffusion":
        return float(steps)
    if family == "autoregressive":
        return float(height) * width * channels
    return 1.0
