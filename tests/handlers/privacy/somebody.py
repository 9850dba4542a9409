"""A former owner about whom something stands in every table that holds texts about residents."""

import io

from engine import case_texts
from engine.ids import new_id
from engine.ports import SYSTEM
from engine.work import Engine, Work
from handlers.shared import work_files
from handlers.shared.attachments import attach, upload
from handlers.shared.sealed import vault_of
from tests.handlers.estate_world import World
from tests.handlers.privacy.planting import CANARY, closed_case, plant
from tests.handlers.shared.uploads_made import picture


class Somebody:
    """Everything about one person.

    Attributes:
        id, account, relation: of the person, whose only relation has ended.
        order, case: a repair that is closed, and its instance.
    """

    def __init__(self, world: World, engine: Engine) -> None:
        self._engine = engine
        self._world = world
        with engine.work(SYSTEM) as work:
            self._record(work)
            self.case = closed_case(work, "repair", title="漏水", place="1栋2单元301")
            self._order(work)
            self._change(work)
            self._requests(work)
            self._around(work)
        self._files()

    def _record(self, work: Work) -> None:
        vault = vault_of(work.engine)
        phone = vault.blind_index("phone", CANARY)
        self.id = plant(work, "estate_person", name_index="i", phone_index=phone, id_index=phone)
        times = {"valid_from": work.now, "valid_to": work.now, "check_state": "checked"}
        owner = {"house_id": self._world.house, "person_id": self.id, "kind": "owner"}
        self.relation = plant(work, "estate_relation", **owner, **times)
        plant(work, "estate_vehicle", house_id=self._world.house, person_id=self.id, valid_to=work.now)
        plant(work, "estate_import_change", record="estate_person", record_id=self.id)
        self.account = plant(work, "account", kind="resident", state="active", person_id=self.id)
        plant(work, "account_login", account_id=self.account, login_index=phone, kind="mobile")
        plant(work, "account_session", account_id=self.account)
        plant(work, "account_totp", id=self.account)

    def _order(self, work: Work) -> None:
        self.order = plant(
            work,
            "repair_order",
            instance_id=self.case,
            community_id=self._world.community,
            house_id=self._world.house,
            reporter_person_id=self.id,
            search_text=CANARY,
            phone_index=vault_of(work.engine).blind_index("phone", CANARY),
            closed_at=work.now,
            state="closed",
        )
        case_texts.note(work, self.case, CANARY, "漏水")
        self.comment = plant(work, "case_comment", instance_id=self.case)
        plant(work, "repair_note", order_id=self.order)
        plant(work, "repair_report_draft", account_id=self.account)
        self.signature = plant(work, "repair_signature", order_id=self.order)

    def _change(self, work: Work) -> None:
        place = {"community_id": self._world.community, "house_id": self._world.house}
        case = plant(
            work,
            "moving_case",
            instance_id=closed_case(work, "ownership_transfer"),
            closed_at=work.now,
            **place,
        )
        plant(work, "moving_change", case_id=case, record="relation", record_id=self.relation)
        plant(work, "moving_note", case_id=case)

    def _requests(self, work: Work) -> None:
        place = {"community_id": self._world.community, "house_id": self._world.house}
        self.correction = plant(
            work,
            "data_correction",
            instance_id=closed_case(work, "data_correction"),
            person_id=self.id,
            settled_at=work.now,
            state="corrected",
            **place,
        )
        checked = {
            "subject_kind": "correction",
            "subject_id": self.correction,
            "state": "confirmed",
            "checked_at": work.now,
        }
        check = plant(work, "second_check", **checked, **place)
        plant(work, "check_sample", check_id=check, marked_at=work.now)
        community = {"community_id": self._world.community}
        plant(work, "owner_help", person_id=self.id, account_id=self.account, state="failed", **place)
        plant(work, "privacy_request", person_id=self.id, state="refused", settled_at=work.now, **community)
        export = plant(
            work, "privacy_export", **community, file_name=work_files.of(self._engine).write([b"a list"])
        )
        plant(work, "privacy_export_person", export_id=export, person_id=self.id)
        incident = {"reported_by": self.account, "closed_at": work.now, "state": "closed"}
        plant(work, "safety_incident", **community, **incident)

    def _around(self, work: Work) -> None:
        """Put in what names the person by no id."""
        plant(work, "outbox_message")
        plant(work, "inbox_filter", actor_id=new_id())

    def _files(self) -> None:
        owners = {
            "repair_order": self.order,
            "repair_complaint": self.order,
            "case_comment": self.comment,
            "repair_signature": self.signature,
            "data_correction": self.correction,
        }
        for kind, owner_id in owners.items():
            picture_id = upload(self._engine, SYSTEM, io.BytesIO(picture(gps=False)), "a.jpg")
            with self._engine.work(SYSTEM) as work:
                attach(work, [picture_id], kind, owner_id)
