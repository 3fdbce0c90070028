"""Any network of the user's own, from an ONNX file with a list of labels."""
