"""Lets owners open their own account: what they say must be on record, and their phone must answer."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, or_, select

from engine.errors import RuleBroken
from engine.ids import new_id
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import passwords, residents, sessions, sign_in
from handlers.accounts.logins import login_index
from handlers.accounts.records import account, account_login
from handlers.checking import correction_logins
from handlers.errors import FieldsInvalid, RecordConflict
from handlers.estate.identity import IdNumber, IdType, InvalidIdentity, checked_id, normalised_mobile
from handlers.estate.people import id_index, name_index, phone_index, unsealed
from handlers.estate.records import ACTING_KINDS, CheckState, estate_person, estate_relation
from handlers.owning import codes
from handlers.owning.codes import Purpose, Request, Target
from handlers.owning.records import owner_acceptance
from handlers.shared import access_log, agreed_texts
from handlers.shared.sealed import vault_of
from handlers.shared.spelling import one_spelling

_PERSONAL_TYPES = (IdType.ID_CARD, IdType.HK_MACAU_PERMIT, IdType.TAIWAN_PERMIT, IdType.PASSPORT)


@dataclass(frozen=True)
class Claim:
    """Who somebody says they are, as typed."""

    name: str
    id_number: str
    phone: str


def begin(engine: Engine, claim: Claim, address: str) -> str:
    """Send a code to an owner whose name, document and phone are exactly those on record.

    Whoever is not on record, or differs in anything, gets the same answer after the same work.

    Returns:
        The token of the browser that may give the code.
    Raises:
        FieldsInvalid: a number cannot be one, whoever's it is.
        SlowDown: too many for this number or from this address.
    Source: policy B1, domain.md section 2 decision 15.
    """
    name = one_spelling(claim.name)
    phone, documents = _checked(engine, name, claim)

    def send(work: Work) -> str:
        target = _match(work, name, documents, phone)
        return codes.send(work, Request(Purpose.REGISTER, phone, address), target)

    return engine.run(SYSTEM, send)


def finish(engine: Engine, token: str, password: str, address: str, *, accepts: bool) -> str:
    """Open the account of somebody whose phone has answered; it is bound to all their houses at once.

    Returns:
        The token of a new session.
    Raises:
        RuleBroken: the privacy notice was not accepted.
        CodeRefused: the right code was not given a moment ago.
        PasswordRefused: the password breaks the policy.
        RecordConflict: meanwhile the person got an account, or is no longer on record for a house.
    """
    if not accepts:
        raise RuleBroken("must_accept_notice", "请先阅读并同意个人信息处理告知")
    personal = engine.run(SYSTEM, lambda work: _personal(work, _proved_person(work, token)[1]))
    passwords.require_good(password, personal)
    password_hash = sign_in.hasher(engine).hash(password)

    notice = agreed_texts.in_force(agreed_texts.Kind.PRIVACY_NOTICE).version

    def register(work: Work) -> str:
        code_id, person = _proved_person(work, token)
        _require_unchanged(work, person.id)
        account_id = residents.insert_account(work, person)
        sign_in.store_password(work, account_id, password_hash)
        codes.use(work, code_id)
        work.connection.execute(
            owner_acceptance.insert().values(
                id=new_id(),
                account_id=account_id,
                text_version=notice,
                channel="online",
                accepted_at=work.now,
            )
        )
        detail = {"notice": notice, "account": str(account_id)}
        access_log.append(work, access_log.Entry("register_self", "person", person.id, detail=detail))
        return sessions.open_session(work, account_id, address)

    return engine.run(SYSTEM, register)


def _checked(engine: Engine, name: str, claim: Claim) -> tuple[str, list[IdNumber]]:
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if not name or len(name) > 50:
        wrong["name"] = ("请填写姓名，最多 50 字", {})
    phone = ""
    try:
        phone = normalised_mobile(claim.phone)
    except InvalidIdentity as error:
        wrong["phone"] = (error.message, error.params)
    documents = _documents(engine, claim.id_number)
    if not documents:
        wrong["id_number"] = ("证件号不正确，请照证件填写", {})
    if wrong:
        raise FieldsInvalid(wrong)
    return phone, documents


def _documents(engine: Engine, number: str) -> list[IdNumber]:
    """Return every kind of document that a number can be of; people need not say which."""
    today = engine.clock.now().date()
    found = []
    for kind in _PERSONAL_TYPES:
        try:
            found.append(checked_id(kind, number, today))
        except InvalidIdentity:
            continue
    return found


def _match(work: Work, name: str, documents: list[IdNumber], phone: str) -> Target | None:
    vault = vault_of(work.engine)
    rows = work.connection.execute(
        select(estate_person.c.id, account.c.id.label("account_id"))
        .outerjoin(account, account.c.person_id == estate_person.c.id)
        .where(
            estate_person.c.name_index == name_index(vault, name),
            estate_person.c.phone_index == phone_index(vault, phone),
            estate_person.c.id_index.in_([id_index(vault, document) for document in documents]),
            _acts_somewhere(work),
        )
        .limit(2)
    ).all()
    # The same number may be the login of another account, such as that of a relative: the desk sorts it out.
    taken = work.connection.execute(
        select(account_login.c.account_id).where(account_login.c.login_index == login_index(vault, phone))
    ).scalar_one_or_none()
    is_new = correction_logins.is_phone_new(work, rows[0].id if rows else None)
    if len(rows) != 1 or is_new or taken not in (None, rows[0].account_id):
        return None
    return Target(rows[0].id, rows[0].account_id)


def _acts_somewhere(work: Work) -> Any:
    """Say in SQL that a person stands to some house in a checked relation that is in force."""
    return exists().where(
        estate_relation.c.person_id == estate_person.c.id,
        estate_relation.c.kind.in_(ACTING_KINDS),
        estate_relation.c.check_state == CheckState.CHECKED,
        estate_relation.c.valid_from <= work.now,
        or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
    )


def _proved_person(work: Work, token: str) -> tuple[int, Row[Any]]:
    row = codes.proved(work, token, Purpose.REGISTER)
    person = work.connection.execute(select(estate_person).where(estate_person.c.id == row.person_id)).one()
    return row.id, person


def _personal(work: Work, person: Row[Any]) -> list[str]:
    return [unsealed(work.engine.vault, person, column) for column in ("name", "phone", "id_number")]


def _require_unchanged(work: Work, person_id: int) -> None:
    has_account = exists().where(account.c.person_id == person_id)
    if work.connection.execute(select(has_account)).scalar_one():
        raise RecordConflict("account_exists", "此人已有账号")
    is_acting = select(estate_person.c.id).where(estate_person.c.id == person_id, _acts_somewhere(work))
    if work.connection.execute(is_acting).first() is None:
        raise RecordConflict("no_longer_acting", "登记已有变化，请到物业前台办理")
