"""SQL that exports, erases and expires what is stored about people."""
