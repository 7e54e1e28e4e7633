"""Keeps one answer for each idempotency key in S3, so that no image is paid for twice.

Knows no model. The rules are those of the IETF's draft-ietf-httpapi-idempotency-key-header-07 and
of Stripe (docs.stripe.com/api/idempotent_requests), read on 2026-11-27: the first request with a
key is worked on, and the others get its answer.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import errors, log
from chalicelib.parameters import quote

# What MODEL_TIMEOUT_SECONDS may be. Without a bucket Bedrock's answer has to arrive before API
# Gateway gives up after 29 s. With one the caller can ask for it later, and the claim may take 18 s
# of the time. Lambda's own limit is 900 s.
TIMEOUT_RANGE_SECONDS = {"without": (3, 24), "with": (30, 870)}

# What PutObject with If-None-Match answers if the object exists, or was deleted meanwhile
# (docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
CLAIMED = ("PreconditionFailed", "ConditionalRequestConflict")

# What GetObject answers for an object that does not exist: the second one to callers without
# s3:ListBucket, and the function has no use for that permission.
MISSING = ("NoSuchKey", "AccessDenied")

TOO_LARGE = "the picture is too large to send; ask for output_format=jpeg or webp"
TOO_LARGE_TOGETHER = "the pictures are too large to send together; ask for fewer at once"
IN_PROGRESS = "a request with this Idempotency-Key is still being worked on"


@dataclass(frozen=True)
class Key:
    """An idempotency key, and the access code that it was sent with."""

    secret: bytes

    @property
    def name(self) -> str:
        """The object's name. Computing it takes both the key and the access code."""
        return hashlib.sha256(self.secret).hexdigest()

    def fingerprint(self, *request: bytes) -> str:
        """A digest that distinguishes requests without revealing their contents."""
        digests = b"".join(hashlib.sha256(part).digest() for part in request)
        return hmac.new(self.secret, digests, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Answer:
    """A complete HTTP response. `is_stored`: an earlier request with the same key got it."""

    status: int
    headers: dict[str, str]
    body: str
    is_stored: bool = False


@dataclass(frozen=True)
class Results:
    """The bucket of answers; "" means that none is kept.

    `connect` returns an S3 client, `clock` the seconds since 1970. An answer of more than
    `max_bytes` is sent as a redirect to its object, which CloudFront serves under /files/.
    """

    connect: Callable[[], Any]
    bucket: str
    max_bytes: int
    clock: Callable[[], float]

    def answer_once(
        self, key: Key, fingerprint: str, seconds: float, generate: Callable[[], Answer]
    ) -> Answer:
        """The stored answer of the key, or what `generate` returns, which is then stored.

        A failure is stored as well, unless it cannot have cost anything: that frees the key.
        `seconds`: how long this process lives at most.
        Raises: RequestInProgress, KeyReused; ModelFailed if an earlier request with this key was
        interrupted; ModelUnavailable if S3 is; ImageTooLarge; and what `generate` raises.
        """
        claim = self.claim(key.name, fingerprint, seconds)
        if isinstance(claim, Answer):
            return claim
        try:
            answer = generate()
        except errors.Failure as failure:
            if failure.may_be_charged:
                self.store(key.name, fingerprint, failure_answer(failure))
            else:
                self.release(key.name, claim)
            raise
        is_stored = self.store(key.name, fingerprint, answer)
        return self.fit(answer, key.name if is_stored else "")

    def claim(self, name: str, fingerprint: str, seconds: float) -> str | Answer:
        """Claim the name for this request: the claim's ETag, or the answer of an earlier request.

        After any error, asks S3 who holds the claim: perhaps only the response was lost.
        """
        token = secrets.token_hex(16)
        deadline = f"{self.clock() + seconds:.3f}"
        metadata = {"fingerprint": fingerprint, "token": token, "deadline": deadline}
        try:
            return self.put(name, token.encode(), metadata, "text/plain", IfNoneMatch="*")
        except Exception as error:  # botocore's, or that of a parser
            found, is_claimed = self.read(name), error_code(error) in CLAIMED
            if not found and not is_claimed:
                raise storage_unavailable(error) from error
        if not found:  # released a moment ago
            raise errors.RequestInProgress(IN_PROGRESS)
        if found["Metadata"].get("token") == token:
            return str(found["ETag"])
        if found["Metadata"].get("fingerprint") != fingerprint:
            raise errors.KeyReused("Idempotency-Key must be new for a new request, got a used one")
        return self.answer(name, found)

    def find(self, key: Key) -> Answer:
        """The stored answer of the key.

        Raises: UnknownResult; RequestInProgress, ModelFailed, ModelUnavailable as `answer_once`.
        """
        found = self.read(key.name) if self.bucket else None
        if not found:
            raise errors.UnknownResult(
                "no answer is kept for this key; answers are kept for one day"
            )
        return self.answer(key.name, found)

    def answer(self, name: str, found: dict[str, Any]) -> Answer:
        """The answer in an object. Raises: RequestInProgress, ModelFailed."""
        metadata = found["Metadata"]
        if "status" not in metadata:
            if self.clock() < float(metadata["deadline"]):
                raise errors.RequestInProgress(IN_PROGRESS)
            raise errors.ModelFailed("the request was interrupted; it may have been charged")
        headers = {each.title(): metadata[each] for each in metadata if each.startswith("x-image-")}
        headers["Content-Type"] = found["ContentType"]
        if found["ContentLength"] > self.max_bytes:
            return redirect(name, headers, is_stored=True)
        return Answer(int(metadata["status"]), headers, found["Body"].decode(), is_stored=True)

    def store(self, name: str, fingerprint: str, answer: Answer) -> bool:
        """Whether S3 has stored the answer. If not, only this caller gets it."""
        metadata = {"fingerprint": fingerprint, "status": str(answer.status)}
        for header in answer.headers:
            if header.startswith("X-Image-"):
                metadata[header.lower()] = answer.headers[header]
        return self.try_put(name, answer.body.encode(), metadata, answer.headers["Content-Type"])

    def release(self, name: str, etag: str) -> None:
        """Free the key for another try. If that fails, its claim lasts until its deadline.

        The ETag spares the next request's claim if this one's deletion comes late.
        """
        try:
            self.connect().delete_object(Bucket=self.bucket, Key=f"files/{name}", IfMatch=etag)
        except Exception as error:  # botocore's, or that of a parser
            log.warn("A claim could not be deleted: %s: %s", type(error).__name__, error)

    def fit(self, answer: Answer, name: str = "") -> Answer:
        """The answer, or a redirect to its object if it is too large to send.

        `name`: where it is stored; "" stores it first, under a random name.
        Raises: ImageTooLarge if it cannot be stored.
        """
        if len(answer.body) <= self.max_bytes:
            return answer
        if not name:
            name = secrets.token_hex(32)
            if not self.store(name, "", answer):
                raise errors.ImageTooLarge(
                    "the picture is too large to send and could not be stored; "
                    "ask for output_format=jpeg or webp"
                )
        return redirect(name, answer.headers)

    def check_size(self, images: list[str]) -> None:
        """Without a bucket, one response has to hold all images. Raises: ImageTooLarge."""
        if not self.bucket and sum(map(len, images)) > self.max_bytes:
            raise errors.ImageTooLarge(TOO_LARGE if len(images) == 1 else TOO_LARGE_TOGETHER)

    def publish(self, image: str, media_type: str, site: str) -> str:
        """Store an image, given as base64 text; its URL on the website, "" if S3 fails."""
        name = secrets.token_hex(32)
        is_stored = self.try_put(name, base64.b64decode(image), {}, media_type)
        return f"{site}/files/{name}" if is_stored else ""

    def try_put(self, name: str, body: bytes, metadata: dict[str, str], content_type: str) -> bool:
        try:
            self.put(name, body, metadata, content_type)
        except Exception as error:  # botocore's, or that of a parser
            log.warn("An answer could not be stored: %s: %s", type(error).__name__, error)
            return False
        return True

    def put(
        self, name: str, body: bytes, metadata: dict[str, str], content_type: str, **condition: str
    ) -> str:
        """Write the object; its ETag."""
        written = self.connect().put_object(
            Bucket=self.bucket,
            Key=f"files/{name}",
            Body=body,
            Metadata=metadata,
            ContentType=content_type,
            CacheControl="no-store",
            **condition,
        )
        return str(written["ETag"])

    def read(self, name: str) -> dict[str, Any] | None:
        """GetObject's answer, without a body that is too large to send; None if there is no object.

        Raises: ModelUnavailable.
        """
        try:
            found: dict[str, Any]
            found = self.connect().get_object(Bucket=self.bucket, Key=f"files/{name}")
            with closing(found["Body"]) as body:
                found["Body"] = body.read() if found["ContentLength"] <= self.max_bytes else b""
        except Exception as error:  # botocore's, or that of a parser
            if error_code(error) in MISSING:
                return None
            raise storage_unavailable(error) from error
        return found


def parse_key(text: str, authorization: str) -> Key:
    """The key of the header Idempotency-Key, with or without the quotes of the IETF's draft.

    Raises: InvalidParameter.
    """
    key = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    if not re.fullmatch("[ -~]{1,255}", key):
        raise errors.InvalidParameter(
            f"Idempotency-Key must be 1 to 255 printable ASCII characters, got {quote(key)}"
        )
    code = authorization.partition(" ")[2]
    return Key(f"{code}\0{key}".encode(errors="surrogatepass"))


def parse_timeout(text: str, bucket: str) -> float:
    """The variable MODEL_TIMEOUT_SECONDS. Raises: ValueError."""
    where = "with" if bucket else "without"
    minimum, maximum = TIMEOUT_RANGE_SECONDS[where]
    if not re.fullmatch("[0-9]{1,3}", text) or not minimum <= int(text) <= maximum:
        raise ValueError(
            f"MODEL_TIMEOUT_SECONDS must be from {minimum} to {maximum} {where} RESULTS_BUCKET, "
            f"got {text!r}"
        )
    return int(text)


def failure_answer(failure: errors.Failure) -> Answer:
    """The failure as Chalice answers it."""
    body = json.dumps({"Code": type(failure).__name__, "Message": str(failure)})
    return Answer(failure.STATUS_CODE, {"Content-Type": "application/json"}, body)


def redirect(name: str, headers: dict[str, str], is_stored: bool = False) -> Answer:
    """303 See Other: clients fetch the Location with GET. It is relative to the website's root."""
    return Answer(303, headers | {"Location": f"/files/{name}"}, "", is_stored)


def error_code(error: Exception) -> str:
    """S3's name for the error; "" if S3 did not answer."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def storage_unavailable(error: Exception) -> errors.ModelUnavailable:
    """The error if S3 cannot be asked: without a claim, nothing is spent."""
    log.warn("The results bucket is unavailable: %s: %s", type(error).__name__, error)
    return errors.ModelUnavailable("the result cannot be stored now; try again in a few seconds")
