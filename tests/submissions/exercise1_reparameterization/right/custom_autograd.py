import torch

class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, mu, sigma, epsilon):
        ctx.save_for_backward(epsilon)
        ctx.shapes = (mu.shape, sigma.shape)
        return mu + sigma * epsilon

    @staticmethod
    def backward(ctx, grad):
        (epsilon,) = ctx.saved_tensors
        shape_mu, shape_sigma = ctx.shapes
        return grad.sum_to_size(shape_mu), (grad * epsilon).sum_to_size(shape_sigma), None

z = [0.6, 0.65, -0.2]
dloss_dmu = [1.2, 1.3, -0.4]
dloss_dsigma = [1.2, -0.65, -0.08]
dloss_dlogvar = [0.24, -0.0325, -0.02]

def reparameterize(mu, sigma, epsilon):
    return Affine.apply(mu, sigma, epsilon)

def recover_epsilon(z, mu, sigma):
    return (z - mu) / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    like = mu if n is None else mu.new_empty((n, *mu.shape))
    epsilon = torch.randn(like.shape, dtype=like.dtype, generator=generator)
    std = torch.pow(torch.tensor(torch.e, dtype=mu.dtype), logvar / 2)
    return reparameterize(mu, std, -epsilon)
