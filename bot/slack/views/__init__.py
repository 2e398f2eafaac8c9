"""Block Kit, modals and wording that all views share."""
