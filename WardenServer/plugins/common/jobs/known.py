"""The ids that the database has, in memory: files of known ids are not looked at again."""

from sqlalchemy import func, select

from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.tables import jobs


class Known:
    """A copy of the ids, brought up to date before each walk. For one thread.

    Others add jobs and remove them, in other processes, too. New rows have higher numbers than all before, so only
    those are read; where the count then differs rows were removed, and all ids are read anew. One that is known for
    too long hides files from us until then; one that is missing costs a try to add it again.
    """

    def __init__(self, database: Database) -> None:
        self.ids: set[str] = set()
        self._database, self._last = database, 0

    def refresh(self) -> set[str]:
        """The ids that are there now. Raises Unreachable where the database cannot be used."""
        with self._database.reading() as connection:
            new = connection.execute(select(jobs.c.id, jobs.c.uuid).where(jobs.c.id > self._last)).all()
            self.ids.update(id for _, id in new)
            self._last = max((number for number, _ in new), default=self._last)
            if connection.scalar(select(func.count()).select_from(jobs)) != len(self.ids):
                self.ids = set(connection.scalars(select(jobs.c.uuid)))
        return self.ids
