"""The connection to Slack: how deliveries arrive, how the Web API is called, and how its errors are translated."""
