"""Who a person is in Slack, what a channel is, and whether they may ask there."""
