"""Block Kit, modals, listeners and wording that all views share."""
