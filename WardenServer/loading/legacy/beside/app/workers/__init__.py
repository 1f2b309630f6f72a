"""Workers that read devices and pages."""

from .worker_http import HTTPWorker
from .worker_tango import PyTangoWorker

__all__ = ["HTTPWorker", "PyTangoWorker"]
