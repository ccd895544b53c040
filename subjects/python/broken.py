"""The example with a mistake: it votes without looking at logs. raft-sim finds it, and shrinks it to a few lines."""

from example import Raft
from raft_subject import main


class Broken(Raft):
    """RequestVote 2 without its second half (§5.4.1)."""

    name = "broken example in Python"

    def is_up_to_date(self, lastLogTerm: int, lastLogIndex: int) -> bool:
        return True


if __name__ == "__main__":
    main(Broken)
