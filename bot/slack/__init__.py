"""Slack: the only package that knows its words, limits and payloads.

A question comes in from left to right, and an answer goes out from right to left:

    transport             events                        conversation
    socket_mode, http --> bolt_app --> inbox ---------> intake
                                       people: who asks, and may they?

    transport             surface                       delivery
    client        <------ SlackSurface <--------------- writer
                          rendering: Markdown to Slack

Admins' and people's views: `home`, `admin` and `feedback`, made of the blocks and modals in `views`.
`manifest` declares what all of them need from Slack. The order of these packages is a contract in
`pyproject.toml`.
"""
