from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.tango.starter.oh1."
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


def work(unlock=False):
    worker = PyTangoWorker(DEV_NAME, def_file=os.path.basename(__file__))
    process_tango_starter(worker, ("TangoTest/1", "ZMX/EH2A"), root_ref="{}{}".format(ROOT_REF, "RunningServers"))
    process_tango_starter(worker, (), root_ref="{}{}".format(ROOT_REF, "StoppedServers"))
    process_tango_starter(worker, None, root_ref="{}{}".format(ROOT_REF, "Never"))
