from app.plugins.plugins_common import *
from app import common

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


RUNS = []


def work(unlock=False):
    worker = common.MutexLock(def_file=os.path.basename(__file__), debug_level=logging.DEBUG)
    if worker.is_locked():
        return
    worker.lock()
    RUNS.append(1)
    if len(RUNS) == 1:
        raise RuntimeError("before the lock is let go")
    set_key(ROOT_REF, len(RUNS), worker)
    worker.unlock()
