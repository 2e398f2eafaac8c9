"""Doubles of the bot's parts, shipped in the wheel: for the bot's own tests and for those of plugins.

Two bots are ready to be asked: `paper_bot` in memory, `sandbox_bot` over real sockets. The rest are the ports in
memory: `model` plays a script, `surface` keeps what a thread showed, `store` and its neighbours need no database.
`fixtures` is for pytest, which only the extra `testing` installs. Nothing in `bot/` imports this package.
See `docs/testing-plugins.md`.
"""
