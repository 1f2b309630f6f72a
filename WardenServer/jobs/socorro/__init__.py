"""Configuration files of Socorro (Mozilla, 2009), for `warden jobs monitor`.

`options` is what the files import, `defaults` what holds where they say nothing, `names` and `file` run them, `values`
is who has the last word, `meaning` what it says of jobs.
"""
