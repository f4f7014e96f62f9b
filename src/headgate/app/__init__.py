"""The use cases, one function a command. The only place that picks plugins and calls verbs."""
