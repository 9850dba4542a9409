"""Quotas, lifetimes and periods of personal data and access, in one table."""

from datetime import timedelta

from engine.rights import SHOWN_AFTER_END

# Signing in
FREE_FAILURES = 5  # failed attempts on an account, or from an address, before a delay begins
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)  # short enough that nobody can lock another out for long
FAILURES_FORGOTTEN_AFTER = timedelta(hours=24)
ADDRESS_FREE_FAILURES = 20  # a whole office may share one address
INITIAL_PASSWORD_LIFETIME = timedelta(hours=72)
LONGEST_LOGIN = 100
OLD_PASSWORDS_REFUSED = 5
RECOVERY_CODES = 10  # told when an authenticator is bound, each good once
SLIP_PRINTED_WITHIN = timedelta(minutes=2)  # a first password on paper, by who made it
PROOF_FRESH = timedelta(minutes=15)  # for so long after a password nothing delicate asks for it again
COOL_OFF = timedelta(hours=24)  # after a reset, in which nothing delicate is done with the account
PHONE_SETTLES = timedelta(hours=24)  # after administration changed a phone, in which no password goes there
HASHES_AT_ONCE = 2  # each takes 64 MiB
HASH_QUEUE_SECONDS = 10.0

# Codes by text message, for owners
FAMILY_MEMBERS = 12  # that owners enter themselves for one home
CODE_LIFETIME = timedelta(minutes=5)
CODE_TRIES = 5
CODE_PAUSE = timedelta(seconds=60)  # before the same number may be sent another one
CODES_PER_DAY = 3  # for one number
ADDRESS_CODES_PER_HOUR = 20  # a whole estate may share one address
HELP_CODE_LIFETIME = timedelta(minutes=15)  # to the new phone, after two clerks
HELP_FAILURES_COUNT_FOR = timedelta(days=7)
PROOF_LIFETIME = timedelta(minutes=15)  # to set a password after the right code

# Sessions
IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
RESIDENT_SESSION = timedelta(days=30)
RESIDENT_IDLE = timedelta(days=7)
LAST_SEEN_STEP = timedelta(minutes=1)  # last_seen_at is written no more often than this
TOKEN_LIFETIME = timedelta(days=365)

# What was noted later than now was noted before the clock was put back; clocks of nodes differ by less
CLOCK_SLACK = timedelta(minutes=5)

# Unusual sign-ins
HABITS_OF = timedelta(days=90)  # what a person did so long ago still counts as a habit
HABITS_SEEN = 300  # sign-ins
HABIT_FORMED_AFTER = 10  # sign-ins; before that no hour is odd
TWO_PLACES_WITHIN = timedelta(minutes=30)
SHIFT_REACH = timedelta(hours=1)  # around a planned shift no hour is odd
DEVICE_KNOWN_FOR = timedelta(days=400)

# Revealing personal data
REVEALS_PER_HOUR = 20
REVEALS_PER_DAY = 60
REVEAL_SHOWN = timedelta(seconds=60)
UNIT_CONTACTS_SHOWN = timedelta(minutes=30)
UNIT_CONTACTS_PER_DAY = 10  # units whose owners one person may have on screen
EMERGENCY_LETTERS = 5  # of a reason, at least; punctuation and digits are no words
MORE_LOOKS = {"reveals": 20, "units": 5}  # beyond the quota, once a lead has agreed
MORE_LOOKS_FOR = timedelta(hours=2)
ADDRESS_SHOWN_FOR = SHOWN_AFTER_END  # to the repairer, after the order closed

# Exports
EXPORTS_PER_DAY = 5  # asked for by one person
EXPORT_LINK = timedelta(hours=24)  # to download the file, once
EXPORT_KEPT_DAYS = 30  # at most, until whoever has it says that it is deleted

# Accounts that nobody uses
LOCKED_AFTER = timedelta(days=30)
REVIEWED_AFTER = timedelta(days=90)

# Unusual access to people's data
NIGHT_BEGINS, NIGHT_ENDS = 22, 6  # hours of the company's day
SEARCHES_TOLD = 250  # for a phone or a name by one person in a day; a desk takes 200 calls
SEARCHES_PER_DAY = 400  # then no more: a number that is shown masked would be found in 10,000 guesses
SAME_LOOK = timedelta(minutes=30)  # a house that is opened again within this counts once
OWNER_ROWS_PER_DAY = 500  # owners in lists that one person pages through before security is told
ODD_TIMES = 3  # so often what is usual for a person is odd
# kind -> from how many on three times the usual is odd, above how many it is odd for everybody
ODD_FROM = {
    "reveals": (10, 40),
    "units": (3, 8),
    "houses": (30, 200),
    "papers": (20, 100),  # each small and large picture counts
    "searches": (20, SEARCHES_TOLD),
    "rows": (100, OWNER_ROWS_PER_DAY),
    "exports": (2, 5),
    "over": (1, 0),
    "refused": (5, 15),
}

# What people ask about their own data
REQUEST_LINK = timedelta(days=5)  # to download one's own data, once; shorter than WORK_FILES_KEPT

# Attachments
PHOTO_BYTES = 10 * 1024 * 1024
DOCUMENT_BYTES = 10 * 1024 * 1024
VIDEO_BYTES = 100 * 1024 * 1024
VIDEO_SECONDS = 60
PHOTO_PIXELS = 50_000_000
DECODING_LINE = 6  # photos that are unpacked, or wait for it, in one process: other requests go on
DECODING_OF_ONE = 3  # of these one person's
DECODING_PATIENCE_SECONDS = 20.0
WHOLE_PIXELS = 25_000_000  # of PNG and WebP, which cannot be unpacked at a fraction of their size
STORED_EDGE = 2560
THUMBNAIL_EDGE = 320
ATTACHMENTS_PER_OWNER = 10
ADDITIONS_PER_DAY = 10  # to one report, by all of a household
UPLOADS_WAITING = 30  # of one person, not yet attached
ORPHANS_KEPT = timedelta(days=1)

# Outbox
JOB_ATTEMPTS = 5
FIRST_RETRY = timedelta(seconds=15)
RETRY_FACTOR = 4
DONE_JOBS_KEPT = timedelta(days=30)
RING_EVERY = timedelta(seconds=60)
RINGS = 10

# Long work
LONG_TURN = timedelta(seconds=20)  # so that two pieces of long work both get on
LONG_LEASE = timedelta(seconds=180)  # renewed with each step
LONG_SECONDS = 600.0  # a turn that says nothing for so long is killed
LONG_WORK_KEPT = timedelta(days=90)
LONG_WORK_LISTED = 50
WORK_FILES_KEPT = timedelta(days=7)

# Reports of odd things
ODD_REPORTS_PER_HOUR = 10  # of one person
NAMELESS_REPORTS_PER_HOUR = 20  # of everybody together
INCIDENTS_LISTED_FOR = timedelta(days=365)

# Backups
BACKUP_EVERY = timedelta(hours=26)  # one a night, and some time to make it
RESTORE_TESTED_EVERY = timedelta(days=31)
NIGHT_EVERY = timedelta(hours=48)  # in which periods of retention are carried out

# Lists
PAGE_ROWS = 50
RELATIONS_SHOWN = 200  # of a house, ended ones included

# Import
IMPORT_BYTES = 20 * 1024 * 1024
IMPORT_UNPACKED_BYTES = 200 * 1024 * 1024
IMPORT_ROWS = 100_000
IMPORT_COLUMNS = 100
IMPORT_SHEETS = 50
PROBLEMS_DOWNLOADED = 5_000
IMPORT_UNDO = timedelta(hours=24)  # after the release
