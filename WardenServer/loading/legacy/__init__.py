"""Plugin files of P02.2's first BeamlineWarden, which run as they are once they are Python 3."""
