#!/usr/bin/env python3
"""Writes made-up photographs as calibration data: calibration_samples.py COUNT OUT.npz

One float32 array `image` [COUNT, 3, 224, 224], normalized as ImageNet networks expect. Each picture is coloured noise with the
spectrum of photographs (amplitude falls as 1/frequency) and a few flat rectangles for edges, so that activations have
the long tails of real ones. Seeded; the first pictures of a larger set are those of a smaller one.
"""

import sys

import numpy as np

SIZE = 224
MEAN = np.float32([0.485, 0.456, 0.406])[:, None, None]
STD = np.float32([0.229, 0.224, 0.225])[:, None, None]


def photograph(random: np.random.Generator) -> np.ndarray:
    """Pixels in [0, 1], [3, SIZE, SIZE]."""
    rows, columns = np.meshgrid(np.fft.fftfreq(SIZE), np.fft.rfftfreq(SIZE), indexing="ij")
    frequency = np.maximum(np.hypot(rows, columns), 1 / SIZE)
    noise = random.standard_normal((3, SIZE, SIZE))
    noise = noise.mean(axis=0) * 1.5 + noise * 0.4  # colours vary less than brightness
    picture = np.fft.irfft2(np.fft.rfft2(noise) / frequency, (SIZE, SIZE))
    picture = 0.45 + 0.22 * picture / picture.std()
    for _ in range(random.integers(0, 6)):
        top, left = random.integers(0, SIZE - 16, 2)
        height, width = random.integers(8, 96, 2)
        picture[:, top : top + height, left : left + width] = random.random((3, 1, 1))
    return np.clip(picture, 0, 1)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    random = np.random.default_rng(1)
    pictures = [(photograph(random).astype(np.float32) - MEAN) / STD for _ in range(int(sys.argv[1]))]
    np.savez(sys.argv[2], image=np.stack(pictures))


if __name__ == "__main__":
    main()
