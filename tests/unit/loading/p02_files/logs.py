from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


def work(unlock=False):
    from app.common import Logger

    for number in range(3):
        logger = Logger(def_file=os.path.basename(__file__), debug_level=logging.DEBUG)
        logger.warning("Grüße {}".format(number))
    logger.confError("speed", 3)
    set_key(ROOT_REF, len(logging.getLogger().handlers) + len(logger.logger.handlers))
