from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


import app.config
import app.plugins.plugins_common as common
import PyTango
from app import config as settings


def work(unlock=False):
    common.set_key(ROOT_REF, app.config.DAEMON_TIME_TICK + settings.DAEMON_TIME_DIVIDER)
    common.set_key("P022.state", str(PyTango.DevState.ON))
