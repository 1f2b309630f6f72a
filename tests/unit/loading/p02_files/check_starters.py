from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.tango.starter.check"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


def work(unlock=False):
    worker = PyTangoWorker(DEV_NAME, def_file=os.path.basename(__file__))
    running = get_key("P022.tango.starter.oh1.RunningServers", worker)
    running = running.split("%") if worker.testString(running) else []
    required = read_file_aslist(os.path.join(os.path.dirname(__file__), "required.conf"), worker)
    errors = [each for each in required if each not in running]
    old = get_key(ROOT_REF) or ""
    output = json.dumps({"servers": copy.deepcopy(errors), "new": bool(errors) and errors[0] not in old, "errors": len(errors)})
    set_key(ROOT_REF, output)
    notify_email("crashed", str(errors), output)
