"""Who somebody is in Slack, and whether they may ask."""
