// SPDX-License-Identifier: EUPL-1.2
// Sharing that the law permits or demands without consent: asked for by one officer, approved by another.
import { useState } from "preact/hooks";
import { type Case } from "../../gen/sluss/v1/case_pb";
import { MessageType } from "../../gen/sluss/v1/common_pb";
import { ApproveStatutorySchema, RequestStatutorySchema, type StatutoryApproval } from "../../gen/sluss/v1/statutory_pb";
import { t } from "../i18n";
import { session } from "../session";
import { Button, Field, Loading, Name, Problem, useLoaded } from "../ui/parts";
import { category, CATEGORY_NAMES } from "../words";
import { ActForm, useAct } from "./act";
import { day, dayStart, state, statutory } from "./clients";

function Approval({ of, again }: { of: StatutoryApproval; again: () => void }) {
  const act = useAct();
  const may = !of.approved && of.approvedByOfficerId === "" && session.value?.approver && session.value.officerId !== of.requestedByOfficerId;
  async function answer(approved: boolean) {
    await statutory.approve({ statement: await state(ApproveStatutorySchema, { approvalId: of.approvalId, approved }) });
    again();
  }
  return (
    <li class="ds-card stack">
      <h3 class="ds-heading" data-size="xs">
        <Name>{of.provision}</Name>
      </h3>
      <p>
        {of.categories.map(category).join(", ")}: <Name>{of.receiverAgencyIds.join(", ")}</Name>
      </p>
      <p>
        {of.approved ? t("Approved until {day}.", { day: day(of.validUntil) }) : of.approvedByOfficerId === "" ? t("Waits for a second officer.") : t("Refused")} {t("The person is told:")} {day(of.noticeAt)}
      </p>
      <Problem fault={act.fault} />
      {may && (
        <div class="row">
          <Button busy={act.busy} onClick={() => act.run(() => answer(true))}>
            {t("Approve")}
          </Button>
          <Button kind="secondary" busy={act.busy} onClick={() => act.run(() => answer(false))}>
            {t("Refuse")}
          </Button>
        </div>
      )}
    </li>
  );
}

function Request({ current, again }: { current: Case; again: () => void }) {
  const [approvalId, setApprovalId] = useState(() => crypto.randomUUID());
  const [provision, setProvision] = useState("");
  const [type, setType] = useState("");
  const [kind, setKind] = useState("");
  const [to, setTo] = useState("");
  const [necessity, setNecessity] = useState("");
  const [later, setLater] = useState("");
  const [reasons, setReasons] = useState("");
  const choose = { value: "", text: t("Choose") };
  async function request() {
    const noticeAt = dayStart(later);
    await statutory.request({
      statement: await state(RequestStatutorySchema, {
        approvalId, caseId: current.caseId, provision, messageType: Number(type) as MessageType, categories: [kind], receiverAgencyIds: [to], necessity,
        deferNotice: noticeAt !== undefined, ...(noticeAt ? { noticeAt } : {}), deferralReasons: reasons,
      }),
    });
    setApprovalId(crypto.randomUUID());
    again();
  }
  return (
    <ActForm label={t("Ask to share by law")} button={t("Ask")} what={request}>
      <div class="filters">
        <Field id="provision" label={t("Provision, for instance OSL-10-18a")} value={provision} onValue={setProvision} required />
        <Field id="type" label={t("Message")} value={type} onValue={setType} required
          choices={[choose, ...Object.entries(MessageType).flatMap(([name, value]) => (typeof value === "number" && value > 0 ? [{ value: String(value), text: name.replaceAll("_", " ").toLowerCase() }] : []))]} />
        <Field id="kind" label={t("Kind of information")} value={kind} onValue={setKind} required choices={[choose, ...CATEGORY_NAMES.map((c) => ({ value: c, text: category(c) }))]} />
        <Field id="to" label={t("To")} value={to} onValue={setTo} required choices={[choose, ...current.members.map((m) => ({ value: m.agencyId, text: m.agencyId }))]} />
      </div>
      <Field id="necessity" label={t("Why it is necessary")} value={necessity} onValue={setNecessity} rows={4} />
      <Field id="later" type="date" label={t("Tell the person later: the day (empty: at once)")} value={later} onValue={setLater} />
      {later !== "" && <Field id="reasons" label={t("Why the person is told later")} value={reasons} onValue={setReasons} rows={3} required />}
    </ActForm>
  );
}

export function Statutory({ current }: { current: Case }) {
  const list = useLoaded(() => statutory.list({ caseId: current.caseId }), current.caseId);
  return (
    <div class="stack">
      <Loading of={list}>
        {(found) => (
          <ul class="cards">
            {found.approvals.map((a) => (
              <Approval key={a.approvalId} of={a} again={list.again} />
            ))}
          </ul>
        )}
      </Loading>
      <h2 class="ds-heading" data-size="sm">
        {t("Ask to share by law")}
      </h2>
      <Request current={current} again={list.again} />
    </div>
  );
}
