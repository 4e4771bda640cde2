"""Names of the papers' networks, without importing PyTorch."""

# Widths of the hidden layers.
MLPS = {"small MLP": (256,), "MLP": (256, 256, 256), "large MLP": (512, 512, 512)}
# Layers with weights: three stages of blocks of two convolutions, one convolution before them and a linear layer.
RESNETS = {"ResNet20": 20, "ResNet32": 32, "ResNet110": 110}
PAPER_B = (*MLPS, "CNN", *RESNETS, "VGG16")  # Table 2
# Blocks of each of four stages, and whether they are bottlenecks; with the stem for ImageNet.
IMAGENET_RESNETS = {"ResNet18": ((2, 2, 2, 2), False), "ResNet50": ((3, 4, 6, 3), True)}
SMALL_CNN = "small CNN"
PAPER_A = (SMALL_CNN, *IMAGENET_RESNETS)  # Figures 4 and 5; its fully connected network is a recipe's `hidden`
ARCHITECTURES = (*PAPER_B, *PAPER_A)
