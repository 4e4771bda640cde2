"""Names of paper B's networks (Table 2), without importing PyTorch."""

# Widths of the hidden layers.
MLPS = {"small MLP": (256,), "MLP": (256, 256, 256), "large MLP": (512, 512, 512)}
# Layers with weights: three stages of blocks of two convolutions, one convolution before them and a linear layer.
RESNETS = {"ResNet20": 20, "ResNet32": 32, "ResNet110": 110}
ARCHITECTURES = (*MLPS, "CNN", *RESNETS, "VGG16")
