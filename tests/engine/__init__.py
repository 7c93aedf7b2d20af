"""The host half of the engine, over the scripted runner."""
