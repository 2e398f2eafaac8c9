"""A local Slack workspace and a local model server, both over the real wire protocols.

`bot try` runs them with a page for the browser, the tests without one. The bot under test connects to them as
it would to Slack and to a model service; it cannot tell the difference. `workspace/` is the Slack side,
`model/` the model side, `page/` what the browser shows, and `server` puts a workspace and the page on one
port.
"""
