"""Hands text messages to the suppliers Aliyun and Tencent Cloud, signed as each of them asks for.

Both send registered templates only, so settings name the supplier's code for each of our texts. A text that
is for its recipient alone passes its code as the parameter; one with a code of its own passes what it names,
such as case, place and step, in the order of our text; any other passes its whole text, which suppliers cut
off or refuse when it is long.
"""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlsplit

from engine.clock import Clock
from handlers.settings import Supplier
from handlers.shared.channels import DeliveryFailed, Message

_TIMEOUT_SECONDS = 10
_ANSWER_BYTES = 65_536
_TENCENT_HEADERS = "content-type;host"
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json; charset=utf-8"


class AliyunSms:
    """Calls SendSms of dysmsapi 2017-05-25, signed by HMAC-SHA1 over the sorted parameters."""

    def __init__(self, supplier: Supplier, clock: Clock) -> None:
        self._supplier = supplier
        self._clock = clock

    def send(self, message: Message) -> None:
        """Hand a message over; see `Channel.send`."""
        fields = {
            "AccessKeyId": self._supplier.key_id,
            "Action": "SendSms",
            "Format": "JSON",
            "OutId": hashlib.sha256(message.key.encode()).hexdigest(),
            "PhoneNumbers": message.to,
            "SignName": self._supplier.sign_name,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": secrets.token_hex(16),
            "SignatureVersion": "1.0",
            "TemplateCode": _template(self._supplier, message),
            "TemplateParam": json.dumps(_facts(self._supplier, message), ensure_ascii=False),
            "Timestamp": f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "Version": "2017-05-25",
        }
        fields["Signature"] = aliyun_signature(self._supplier.key_secret, fields)
        body = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields.items())
        answer = _post(self._supplier.url, body.encode(), {"Content-Type": _FORM})
        if answer.get("Code") != "OK":
            raise DeliveryFailed(f"aliyun answered {answer.get('Code')}")


class TencentSms:
    """Calls SendSms of 2021-01-11, signed by TC3-HMAC-SHA256."""

    def __init__(self, supplier: Supplier, clock: Clock) -> None:
        self._supplier = supplier
        self._clock = clock

    def send(self, message: Message) -> None:
        """Hand a message over; see `Channel.send`."""
        body = json.dumps(
            {
                "PhoneNumberSet": [f"+86{message.to}"],
                "SessionContext": hashlib.sha256(message.key.encode()).hexdigest(),
                "SignName": self._supplier.sign_name,
                "SmsSdkAppId": self._supplier.app_id,
                "TemplateId": _template(self._supplier, message),
                "TemplateParamSet": list(_facts(self._supplier, message).values()),
            },
            ensure_ascii=False,
        ).encode()
        now, host = self._clock.now(), urlsplit(self._supplier.url).netloc
        headers = {
            "Authorization": tencent_authorization(self._supplier, host, body, now),
            "Content-Type": _JSON,
            "X-TC-Action": "SendSms",
            "X-TC-Region": self._supplier.region,
            "X-TC-Timestamp": str(int(now.timestamp())),
            "X-TC-Version": "2021-01-11",
        }
        answer = _post(self._supplier.url, body, headers).get("Response")
        found = answer.get("SendStatusSet") if isinstance(answer, dict) else None
        code = found[0].get("Code") if isinstance(found, list) and found else None
        if code != "Ok":
            raise DeliveryFailed(f"tencent answered {code}")


def aliyun_signature(key_secret: str, fields: Mapping[str, str]) -> str:
    """Return the signature of a POST with these parameters."""
    query = "&".join(f"{_quoted(name)}={_quoted(fields[name])}" for name in sorted(fields))
    text = f"POST&{_quoted('/')}&{_quoted(query)}"
    mac = hmac.new(f"{key_secret}&".encode(), text.encode(), "sha1")
    return base64.b64encode(mac.digest()).decode()


def tencent_authorization(supplier: Supplier, host: str, body: bytes, now: datetime) -> str:
    """Return the Authorization header of a POST with this body at this moment."""
    payload = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n/\n\ncontent-type:{_JSON}\nhost:{host}\n\n{_TENCENT_HEADERS}\n{payload}"
    scope = f"{now:%Y-%m-%d}/sms/tc3_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{int(now.timestamp())}\n{scope}\n{hashed}"
    key = f"TC3{supplier.key_secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    return (
        f"TC3-HMAC-SHA256 Credential={supplier.key_id}/{scope}, "
        f"SignedHeaders={_TENCENT_HEADERS}, Signature={signature}"
    )


def _template(supplier: Supplier, message: Message) -> str:
    found = supplier.templates.get(message.template) or supplier.templates.get("*")
    if not found:
        raise DeliveryFailed(f"no template of the supplier is set for {message.template}")
    return found


def _facts(supplier: Supplier, message: Message) -> Mapping[str, str]:
    if message.secrets:
        return message.secrets
    is_own = message.template in supplier.templates
    return message.facts if is_own and message.facts else {"content": message.text}


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> dict[str, object]:
    url = urlsplit(address)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("POST", "/", body, dict(headers))
        response = connection.getresponse()
        found = json.loads(response.read(_ANSWER_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryFailed(f"supplier cannot be reached: {type(error).__name__}") from error
    finally:
        connection.close()
    return found if isinstance(found, dict) else {}
