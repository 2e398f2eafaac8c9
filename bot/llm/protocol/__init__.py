"""The format of chat completions: requests, answers, errors. Pure."""
