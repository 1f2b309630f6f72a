"""The package `app` of P02.2's BeamlineWarden, as far as plugin files import it."""
