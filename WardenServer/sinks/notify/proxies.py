"""Proxies between the hub and services: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY of its environment name them.

The library that apprise uses, requests, goes by these variables. Mail goes through no proxy.
"""

import importlib.util
from urllib.request import getproxies_environment


def lacking() -> str:
    """What is missing for a SOCKS proxy that the environment names, with the cure; "" where nothing is. The library
    itself says so only where nobody looks."""
    is_named = any(each.lower().startswith("socks") for each in getproxies_environment().values())
    if not is_named or importlib.util.find_spec("socks") is not None:
        return ""
    return "the environment names a SOCKS proxy, which needs: pip install 'wardenserver[socks]'"
