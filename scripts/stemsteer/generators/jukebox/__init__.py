"""Jukebox's VQ-VAE: the model, its codebooks, its CPU implementation and the generator made of them."""
