"""A certificate as an Open Badges 3.0 credential (W3C Verifiable Credentials 2.0) with a Data Integrity proof.

Sources: 1EdTech Open Badges 3.0; W3C vc-data-model-2.0; vc-di-eddsa 1.0, eddsa-rdfc-2022; RDF Dataset Canonicalization 1.0;
Bitstring Status List 1.0. The credential has one shape, so its canonical N-Quads are filled into a template instead of being
computed from JSON-LD: every node but one has an id, and that one blank node is `_:c14n0` in every canonical form. What is read
is put together anew from its values and must be equal, so nothing can hide in members the template does not cover.

Open Badges has no word for the holder but an identifier: the name in full (`hashed` false) in what the holder downloads, a salted
SHA-256 of it in what the public address shows. Pure, apart from the cryptography.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from trainhub.certificates.chain import parsed
from trainhub.certificates.signers import Signer, Trust, base58, is_signed, multikey, unbase58
from trainhub.kernel.errors import TooLarge
from trainhub.kernel.i18n import _

CONTEXT = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
FILE = "credential.json"
MOST_BYTES = 256 * 1024
"""A credential holds some sentences; what is larger is none of ours."""
LIST_LENGTH = 131_072
"""Entries of a status list: the least that hides who is asked about (Bitstring Status List 1.0, 6.1)."""

_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
_VC = "https://www.w3.org/2018/credentials#"
_STATUS = "https://www.w3.org/ns/credentials/status#"
_SCHEMA = "https://schema.org/"
_SECURITY = "https://w3id.org/security#"
_DATE_TIME = "<http://www.w3.org/2001/XMLSchema#dateTime>"
_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04X}" for code in (*range(0x20), 0x7F)}
    | {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
)
PURPOSE = "revocation"
"""Open Badges 3.0 gives a credential one status, and revocation is the one every verifier knows. A suspended certificate is in the
list too, and leaves it when it is resumed: to call it good meanwhile would be worse than to say `revoked` too strongly."""


def _text(value: str) -> str:
    """A literal as canonical N-Quads write it."""
    return f'"{value.translate(_ESCAPES)}"'


def did_of(site: str) -> str:
    """The did:web of an address: https://host:8443/path is did:web:host%3A8443:path. Empty for what is no address: a file may say anything."""
    try:
        parts = urlsplit(site)
    except ValueError:
        return ""
    return ":".join(["did:web", quote(parts.netloc, safe="-._"), *(quote(one, safe="-._") for one in parts.path.split("/") if one)])


def hashed_name(name: str, salt: str) -> str:
    """What stands for a name in the public credential: SHA-256 over name and salt (Open Badges 3.0, IdentityHash)."""
    return "sha256$" + hashlib.sha256((name + salt).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Badge:
    """The values of a credential. `address` is where it is verified; `salt` is empty when the name stands in full."""

    address: str
    issuer: str
    issuer_name: str
    name: str
    valid_from: str
    identity: str
    salt: str
    number: str
    title: str
    description: str
    narrative: str
    list_address: str
    index: int

    def as_dict(self) -> dict[str, Any]:
        """The credential without its proof."""
        who: dict[str, Any] = {"type": "IdentityObject", "hashed": bool(self.salt), "identityHash": self.identity, "identityType": "name"}
        if self.salt:
            who["salt"] = self.salt
        return {
            "@context": list(CONTEXT),
            "id": f"{self.address}.json",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": self.name,
            "issuer": {"id": self.issuer, "type": ["Profile"], "name": self.issuer_name},
            "validFrom": self.valid_from,
            "credentialSubject": {
                "id": f"{self.address}#holder",
                "type": ["AchievementSubject"],
                "identifier": [who],
                "licenseNumber": self.number,
                "achievement": {
                    "id": f"{self.address}#achievement",
                    "type": ["Achievement"],
                    "achievementType": "Certificate",
                    "name": self.title,
                    "description": self.description,
                    "criteria": {"id": f"{self.address}#criteria", "narrative": self.narrative},
                },
            },
            "credentialStatus": {
                "id": f"{self.list_address}#{self.index}",
                "type": "BitstringStatusListEntry",
                "statusPurpose": PURPOSE,
                "statusListIndex": str(self.index),
                "statusListCredential": self.list_address,
            },
        }

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Badge | None:
        """The values of a credential (its proof aside); None when it has any other shape or says anything more."""
        try:
            subject = data["credentialSubject"]
            (who,) = subject["identifier"]
            achievement = subject["achievement"]
            status = data["credentialStatus"]
            made = cls(
                address=data["id"].removesuffix(".json"),
                issuer=data["issuer"]["id"],
                issuer_name=data["issuer"]["name"],
                name=data["name"],
                valid_from=data["validFrom"],
                identity=who["identityHash"],
                salt=who.get("salt", ""),
                number=subject["licenseNumber"],
                title=achievement["name"],
                description=achievement["description"],
                narrative=achievement["criteria"]["narrative"],
                list_address=status["statusListCredential"],
                index=int(status["statusListIndex"]),
            )
            is_same = made.as_dict() == {key: value for key, value in data.items() if key != "proof"}
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            return None
        texts = (made.address, made.issuer, made.list_address)
        return made if is_same and not any(char in text for text in texts for char in ' <>"{}|\\^`\n\r\t') else None

    def quads(self) -> str:
        """The canonical N-Quads of the credential."""
        at, issuer, status = self.address, self.issuer, self.list_address
        holder, achievement, criteria = f"<{at}#holder>", f"<{at}#achievement>", f"<{at}#criteria>"
        me, who = f"<{at}.json>", "_:c14n0"
        lines = [
            f"<{issuer}> {_TYPE} <{_OB}Profile> .\n",
            f"<{issuer}> <{_SCHEMA}name> {_text(self.issuer_name)} .\n",
            f"{achievement} {_TYPE} <{_OB}Achievement> .\n",
            f"{achievement} <{_OB}Criteria> {criteria} .\n",
            f'{achievement} <{_OB}achievementType> "Certificate" .\n',
            f"{achievement} <{_SCHEMA}description> {_text(self.description)} .\n",
            f"{achievement} <{_SCHEMA}name> {_text(self.title)} .\n",
            f"{criteria} <{_OB}narrative> {_text(self.narrative)} .\n",
            f"{holder} {_TYPE} <{_OB}AchievementSubject> .\n",
            f"{holder} <{_OB}achievement> {achievement} .\n",
            f"{holder} <{_OB}identifier> {who} .\n",
            f"{holder} <{_OB}licenseNumber> {_text(self.number)} .\n",
            f"{me} {_TYPE} <{_OB}OpenBadgeCredential> .\n",
            f"{me} {_TYPE} <{_VC}VerifiableCredential> .\n",
            f"{me} <{_SCHEMA}name> {_text(self.name)} .\n",
            f"{me} <{_VC}credentialSubject> {holder} .\n",
            f"{me} <{_VC}issuer> <{issuer}> .\n",
            f'{me} <{_VC}validFrom> "{self.valid_from}"^^{_DATE_TIME} .\n',
            f"{who} {_TYPE} <{_OB}IdentityObject> .\n",
            f'{who} <{_OB}hashed> "{"true" if self.salt else "false"}"^^<https://www.w3.org/2001/XMLSchema#boolean> .\n',
            f"{who} <{_OB}identityHash> {_text(self.identity)} .\n",
            f'{who} <{_OB}identityType> "name" .\n',
        ]
        if self.salt:
            lines.append(f"{who} <{_OB}salt> {_text(self.salt)} .\n")
        entry = f"<{status}#{self.index}>"
        lines += [
            f"{me} <{_VC}credentialStatus> {entry} .\n",
            f"{entry} {_TYPE} <{_STATUS}BitstringStatusListEntry> .\n",
            f"{entry} <{_STATUS}statusListCredential> <{status}> .\n",
            f'{entry} <{_STATUS}statusListIndex> "{self.index}" .\n',
            f'{entry} <{_STATUS}statusPurpose> "{PURPOSE}" .\n',
        ]
        lines.sort()
        return "".join(lines)


def _proof_quads(created: str, method: str) -> str:
    return (
        f'_:c14n0 <http://purl.org/dc/terms/created> "{created}"^^{_DATE_TIME} .\n'
        f"_:c14n0 {_TYPE} <{_SECURITY}DataIntegrityProof> .\n"
        f'_:c14n0 <{_SECURITY}cryptosuite> "eddsa-rdfc-2022"^^<{_SECURITY}cryptosuiteString> .\n'
        f"_:c14n0 <{_SECURITY}proofPurpose> <{_SECURITY}assertionMethod> .\n"
        f"_:c14n0 <{_SECURITY}verificationMethod> <{method}> .\n"
    )


def _to_sign(quads: str, created: str, method: str) -> bytes:
    """The hashes of the proof's options and of the document, in this order (vc-di-eddsa, 3.2.4)."""
    return hashlib.sha256(_proof_quads(created, method).encode()).digest() + hashlib.sha256(quads.encode()).digest()


def _proof(quads: str, issuer: str, created: str, signer: Signer) -> dict[str, Any]:
    method = f"{issuer}#{multikey(signer.public)}"
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "proofValue": "z" + base58(signer.sign(_to_sign(quads, created, method))),
    }


def signed(badge: Badge, signer: Signer) -> dict[str, Any]:
    """The credential with its proof; equal badges give equal credentials."""
    return {**badge.as_dict(), "proof": [_proof(badge.quads(), badge.issuer, badge.valid_from, signer)]}


def demand_small(data: bytes) -> None:
    """Raises TooLarge for an upload that is larger than any credential."""
    if len(data) > MOST_BYTES:
        raise TooLarge(_("文件超过 %(kb)d KB：证书的凭证（JSON）不会这么大，请使用平台下载的原文件。", kb=MOST_BYTES >> 10))


def parse(data: bytes) -> dict[str, Any] | None:
    """A credential from bytes; None when they are something else."""
    found = parsed(data)
    return found if isinstance(found, dict) and found.get("@context") == list(CONTEXT) else None


def proof_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one proof of a credential; empty when there is none, or more."""
    proofs = data.get("proof")
    return proofs[0] if isinstance(proofs, list) and len(proofs) == 1 and isinstance(proofs[0], Mapping) else {}


def verified(data: Mapping[str, Any], issuer: str, trust: Trust) -> Badge | None:
    """The values of a credential that carries a good proof of a trusted key of the issuer; None otherwise."""
    badge, proof = Badge.read(data), proof_of(data)
    if badge is None or not issuer or badge.issuer != issuer:
        return None
    return badge if _proves(proof, badge.quads(), issuer, trust) else None


def _proves(proof: Mapping[str, Any], quads: str, issuer: str, trust: Trust) -> bool:
    """Whether a proof by a trusted key of the issuer covers these N-Quads."""
    method = str(proof.get("verificationMethod", ""))
    public = trust.named(method.removeprefix(f"{issuer}#"))
    value, created = str(proof.get("proofValue", "")), str(proof.get("created", ""))
    said = {**proof, "proofValue": ""}
    expected = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "proofValue": "",
    }
    if public is None or said != expected or not value.startswith("z") or '"' in created or "\\" in created:
        return False
    try:
        signature = unbase58(value[1:], 64)
    except ValueError:
        return False
    return is_signed(_to_sign(quads, created, method), signature, public)


# -- what is published --------------------------------------------------------------------------------------------------


def did_document(site: str, keys: Iterable[bytes]) -> dict[str, Any]:
    """The DID document of this installation: every key that still verifies, the present one first."""
    did = did_of(site)
    methods = [{"id": f"{did}#{multikey(one)}", "type": "Multikey", "controller": did, "publicKeyMultibase": multikey(one)} for one in keys]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [one["id"] for one in methods],
    }


def place_of(place: int) -> tuple[int, int]:
    """(number of the list, index in it) of a place, counted from 1 through all lists."""
    page, index = divmod(place - 1, LIST_LENGTH)
    return page + 1, index


def encoded_list(indexes: Iterable[int]) -> str:
    """A bitstring with these bits set, the first bit leftmost, gzipped, as multibase."""
    bits = bytearray(LIST_LENGTH // 8)
    for index in indexes:
        bits[index >> 3] |= 0x80 >> (index & 7)
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode("ascii").rstrip("=")


def list_quads(address: str, encoded: str, valid_from: str, issuer: str) -> str:
    """The canonical N-Quads of a status list: it has no blank node, so sorted lines are the canonical form."""
    lines = [
        f"<{address}#list> {_TYPE} <{_STATUS}BitstringStatusList> .\n",
        f'<{address}#list> <{_STATUS}encodedList> "{encoded}"^^<{_SECURITY}multibase> .\n',
        f'<{address}#list> <{_STATUS}statusPurpose> "{PURPOSE}" .\n',
        f"<{address}> {_TYPE} <{_VC}VerifiableCredential> .\n",
        f"<{address}> {_TYPE} <{_STATUS}BitstringStatusListCredential> .\n",
        f"<{address}> <{_VC}credentialSubject> <{address}#list> .\n",
        f"<{address}> <{_VC}issuer> <{issuer}> .\n",
        f'<{address}> <{_VC}validFrom> "{valid_from}"^^{_DATE_TIME} .\n',
    ]
    return "".join(sorted(lines))


def _list_of(address: str, encoded: str, valid_from: str, issuer: str) -> dict[str, Any]:
    return {
        "@context": [CONTEXT[0]],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": valid_from,
        "credentialSubject": {"id": f"{address}#list", "type": "BitstringStatusList", "statusPurpose": PURPOSE, "encodedList": encoded},
    }


def status_list(address: str, indexes: Iterable[int], valid_from: str, issuer: str, signer: Signer) -> dict[str, Any]:
    """The signed list at its address."""
    encoded = encoded_list(indexes)
    return {
        **_list_of(address, encoded, valid_from, issuer),
        "proof": _proof(list_quads(address, encoded, valid_from, issuer), issuer, valid_from, signer),
    }


def page_of(address: str) -> str:
    """Which list an address names, whatever the site was called then: `/status/1`."""
    return "/status/" + address.rpartition("/status/")[2]


@dataclass(frozen=True, slots=True)
class StatusList:
    """A status list as it was signed: its page (`page_of`), the moment (RFC 3339, UTC) and its bits."""

    page: str
    valid_from: str
    bits: bytes

    def holds(self, index: int) -> bool:
        """Whether the certificate at this place stands no more."""
        return 0 <= index < LIST_LENGTH and bool(self.bits[index >> 3] & (0x80 >> (index & 7)))


def verified_list(data: Mapping[str, Any], trust: Trust) -> StatusList | None:
    """A status list that carries a good proof of a trusted key; None for anything else."""
    address, valid_from, subject = data.get("id"), data.get("validFrom"), data.get("credentialSubject")
    encoded = subject.get("encodedList") if isinstance(subject, Mapping) else None
    if not (isinstance(address, str) and isinstance(valid_from, str) and isinstance(encoded, str)) or set(address + valid_from) & set('<>"\\ \n'):
        return None
    issuer, proof = did_of(address.rpartition("/status/")[0]), data.get("proof")
    body = {name: value for name, value in data.items() if name != "proof"}
    if not isinstance(proof, Mapping) or body != _list_of(address, encoded, valid_from, issuer):
        return None
    if not _proves(proof, list_quads(address, encoded, valid_from, issuer), issuer, trust):
        return None
    reader = zlib.decompressobj(31)
    try:
        bits = reader.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)), LIST_LENGTH // 8)
    except (ValueError, zlib.error):
        return None
    return StatusList(page_of(address), valid_from, bits) if len(bits) == LIST_LENGTH // 8 else None
