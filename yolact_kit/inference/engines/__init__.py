"""What runs the network: torch, or OpenVINO on a processor."""
