"""jukebox-infer's VQ-VAE with the official hyper-parameters, the independent reference for ours."""

from jukebox_infer.vqvae.vqvae import VQVAE as ReferenceVQVAE

SAMPLES = 128 * 40


def reference_vqvae(multipliers: tuple[int, ...]) -> ReferenceVQVAE:
    """The bottom levels, as many as there are multipliers of width and depth, with random weights."""
    levels = len(multipliers)
    return ReferenceVQVAE(
        input_shape=(SAMPLES, 1),
        levels=levels,
        downs_t=(3, 2, 2)[:levels],
        strides_t=(2, 2, 2)[:levels],
        emb_width=64,
        l_bins=2048,
        mu=0.99,
        commit=0.02,
        spectral=0.0,
        multispectral=1.0,
        multipliers=multipliers,
        width=32,
        depth=4,
        m_conv=1.0,
        dilation_growth_rate=3,
        dilation_cycle=None,
        reverse_decoder_dilation=True,
    )
