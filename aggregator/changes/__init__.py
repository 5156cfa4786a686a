"""What an outlet changed in a text after it was published. Pure; knows the model and no stage.

`changes_between` says what differs between two states of one entry, and is silent where nothing
that a reader would call a change was changed; `notice_in` finds a publisher's own words about a
correction; `carries_old` tells whether another copy still has what was changed.
"""

from aggregator.changes.detect import Changes, carries_old, changes_between
from aggregator.changes.notices import notice_in
from aggregator.changes.words import matched, words_of

__all__ = ["Changes", "carries_old", "changes_between", "matched", "notice_in", "words_of"]
