"""SQL that writes out, erases and expires what is stored of people."""
