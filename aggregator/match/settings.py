"""Where matching draws its lines."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """The thresholds. Lengths are in English words or what tells as much.

    A share is of the shorter text: the words that the two texts have in common, in passages long
    enough to be no accident, and without those that many stories share.
    """

    # Who is compared.
    shortest: int = 12  # a text with fewer words matches nothing
    varied: int = 8  # nor does one with fewer different words
    candidates: int = 4  # stories that are compared with a text, those that share most first
    also_ran: float = 0.1  # of what the first of them shares, the others share at least
    members: int = 3  # texts of each that are compared

    # Whether two texts begin alike.
    head: int = 36  # words that are a text's head
    head_share: float = 0.4  # of the shorter head, to be found in the other text's head
    first: int = 12  # of so many first words the same share is wanted in one of the texts
    slack: int = 14  # words that may stand before a head: a dateline, a note
    opening: int = 24  # of so many first words three quarters make a good beginning

    # What share is wanted of texts that begin alike, and how many words are a few.
    headed: float = 0.42
    headed_short: float = 0.48  # where few words are shared
    short: int = 50
    opened: float = 0.33  # where the beginning is good, and of the shorter text no more than
    unexplained: int = 50  # so many words are its own

    # What is wanted of those that do not.
    headless: float = 0.7
    headless_longer: float = 0.45  # share of the longer text
    headless_whole: float = 0.7  # the same, where each has an opening of its own and fewer words
    statement: int = 120  # than these are shared, as of a statement that both carry

    # Two texts of one outlet are two reports, unless they are nearly the same.
    same_outlet: float = 0.9
    replaced: int = 6  # words of the shorter one that the longer may lack

    # Texts with nothing of their own must be the same.
    whole: float = 0.95  # share of both


DEFAULT = MatchSettings()
