"""Input from the user: shell completion, the editor, prompts."""
