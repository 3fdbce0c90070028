"""The MobileNets of EfficientAT, trained on AudioSet."""
