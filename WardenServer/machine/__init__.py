"""The computer underneath: clocks, threads, child processes, files."""
