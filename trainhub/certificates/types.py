"""Values of certificates: kinds, states, the events that move them, and the parts of a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

EVIDENCE_PAGES = "trainhub.certificates.evidence"
"""Under this name in `app.extensions` rooms say which pages show what a certificate rests on: by the kind of evidence a function of
(ids, is the reader the holder) that answers with the address of each one that this reader may see."""

EVIDENCE_WORDS = "trainhub.certificates.evidence_words"
"""Under this name rooms say in words what a record is (number, day, checksum): by the kind of evidence a function of ids. The holder
reads them whether or not there is a page to open."""

TO_LOOK_AT = "trainhub.certificates.to_look_at"
"""Under this name rooms say what of certificates is to be looked at for a reason that only they know: functions of the reader that answer
with (title, text, address), or None when there is nothing. The list of certificates shows them."""

RECORDS_SAY = "trainhub.certificates.records_say"
"""Under this name rooms say what of a batch that waits for its decision their records contradict: by the kind of certificate a function of the batch
that answers with (whose, in which facts, in words)."""

PRESENT_FACTS = "trainhub.certificates.present_facts"
"""Under this name rooms say once more what they certify: by the first word of the asked key a function of (drafts, day) that answers with
the `Attested` of that day by the id of each draft, and leaves out those that nothing is due for any more. It asks as often for a page of
them as for one. A draft is issued with it, however long it waited."""


class Kind(StrEnum):
    """What a certificate attests; also the code of its built-in template."""

    COMPLETION = "completion"
    PLACEMENT = "placement"
    CAPSTONE = "capstone"
    PROGRAMME = "programme"
    TRAINING = "training"
    MENTOR = "mentor"
    EXAM = "exam"


class State(StrEnum):
    """Where a certificate stands; nothing is ever deleted, and the public page shows the state and its date."""

    DRAFT = "draft"
    ISSUED = "issued"
    REISSUED = "reissued"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Event(StrEnum):
    """What is done to a certificate."""

    ISSUE = "issue"
    REISSUE = "reissue"
    CORRECT = "correct"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"


class Status(StrEnum):
    """What verification answers: the public states, and what is no certificate of ours or no longer as it was issued."""

    ISSUED = "issued"
    REISSUED = "reissued"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    TAMPERED = "tampered"


class Looked(StrEnum):
    """What of a file verification looked at: every byte of a PDF, of an older PDF the streams that it draws with (not how they are put
    together), or a credential."""

    WHOLE_FILE = "whole_file"
    CONTENT_STREAMS = "content_streams"
    CREDENTIAL = "credential"


@dataclass(frozen=True, order=True)
class Number:
    """The parts of an 18-digit certificate number; the check digit follows from them."""

    province: str
    unit: str
    kind: str
    year: int
    serial: int


@dataclass(frozen=True, slots=True)
class Attested:
    """What a certificate says and what it rests on, as `operations.issue` takes them."""

    facts: Mapping[str, Any]
    evidence: Iterable[Any]


class PrintMode(StrEnum):
    """What a print run draws: whole certificates, or only what differs, onto blanks that a printing house made."""

    FULL = "full"
    OVERPRINT = "overprint"


class RunState(StrEnum):
    """How far a print run is: being drawn, drawn, its blanks reconciled (核销)."""

    DRAWING = "drawing"
    DRAWN = "drawn"
    SETTLED = "settled"


class SheetState(StrEnum):
    """A pre-printed blank by its serial: handed out (领用), carrying a certificate, spoiled (作废), given back (退回)."""

    TAKEN = "taken"
    USED = "used"
    SPOILED = "spoiled"
    RETURNED = "returned"


class BatchState(StrEnum):
    """A batch of certificates to issue: prepared by one person, decided by another, then issued by a job."""

    PREPARED = "prepared"
    APPROVED = "approved"
    REJECTED = "rejected"
    ISSUED = "issued"


class BatchSource(StrEnum):
    """Where the people of a batch come from; a correction, and issuing anew what was revoked by mistake, is a batch of one."""

    SELECTION = "selection"
    IMPORT = "import"
    CORRECTION = "correction"
    RENEWAL = "renewal"


class TemplateState(StrEnum):
    """A version of a template: being drawn, waiting for a second person, in use, no longer for new certificates."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETIRED = "retired"
