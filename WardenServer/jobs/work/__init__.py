"""The processor, `warden jobs work`: claims jobs, has a command or a function do them, and writes how they ended.

`run` is the program, `worker` gives jobs to runners, `presence` says that the worker is alive. The runners are
`program` (a command) and `function` (Python, in processes of its own: `child`).
"""
