"""What every operation and directive builds on."""
