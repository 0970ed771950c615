// SPDX-License-Identifier: EUPL-1.2
// Sharing that the law permits or demands without consent: asked for by one officer, approved by another.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useState } from "preact/hooks";
import { type Case } from "../../gen/sluss/v1/case_pb";
import { type MessageType } from "../../gen/sluss/v1/common_pb";
import { ApproveStatutorySchema, RequestStatutorySchema, type StatutoryApproval } from "../../gen/sluss/v1/statutory_pb";
import { t } from "../i18n";
import { session } from "../session";
import { Button, Field, Loading, Name, useLoaded } from "../ui/parts";
import { category, CATEGORY_NAMES } from "../words";
import { ActForm, Failed, useAct } from "./act";
import { day, dayStart, state, statutory } from "./clients";
import { MESSAGE_TYPES, messageType } from "./messages";
import { agencyName } from "./names";

// Where a request stands, in one sentence.
function stands(of: StatutoryApproval, at: Date): string {
  if (of.approved) {
    const over = of.validUntil !== undefined && timestampDate(of.validUntil).getTime() <= at.getTime();
    return over ? t("It was approved, and its time was over on {day}.", { day: day(of.validUntil) }) : t("Approved until {day}.", { day: day(of.validUntil) });
  }
  return of.approvedByOfficerId === "" ? t("Waits for a second officer.") : t("Refused");
}

// Why this officer cannot answer; "" when they can.
function cannot(of: StatutoryApproval): string {
  if (of.approved || of.approvedByOfficerId !== "") return "";
  if (session.value?.officerId === of.requestedByOfficerId) return t("You asked for this yourself. Another officer has to answer.");
  return session.value?.approver ? "" : t("Only an officer with the right to approve can answer.");
}

function Approval({ of, at, again }: { of: StatutoryApproval; at: Date; again: () => void }) {
  const act = useAct();
  const waits = !of.approved && of.approvedByOfficerId === "";
  async function answer(approved: boolean) {
    await statutory.approve({ statement: await state(ApproveStatutorySchema, { approvalId: of.approvalId, approved }) });
    again();
  }
  return (
    <li class="ds-card stack">
      <h3 class="ds-heading" data-size="xs">
        <Name>{of.provision}</Name>
      </h3>
      <p>{stands(of, at)}</p>
      <dl class="facts">
        <dt>{t("Message")}</dt>
        <dd>{messageType(of.messageType)}</dd>
        <dt>{t("Kind of information")}</dt>
        <dd>{of.categories.map((c) => category(c)).join(", ")}</dd>
        <dt>{t("To")}</dt>
        <dd>
          <Name>{of.receiverAgencyIds.map(agencyName).join(", ")}</Name>
        </dd>
        <dt>{t("Asked for by")}</dt>
        <dd>
          <Name>{of.requestedByOfficerId}</Name>
        </dd>
        {of.approvedByOfficerId !== "" && (
          <>
            <dt>{t("Answered by")}</dt>
            <dd>
              <Name>{of.approvedByOfficerId}</Name>
            </dd>
          </>
        )}
        <dt>{t("The person is told:")}</dt>
        <dd>{of.noticeAt ? day(of.noticeAt) : t("at once")}</dd>
      </dl>
      {cannot(of) !== "" && <p>{cannot(of)}</p>}
      <Failed fault={act.fault} />
      {waits && cannot(of) === "" && (
        <div class="row">
          <Button busy={act.busy} onClick={() => act.run(() => answer(true))} label={t("Approve {provision}", { provision: of.provision })}>
            {t("Approve")}
          </Button>
          <Button kind="secondary" busy={act.busy} onClick={() => act.run(() => answer(false))} label={t("Refuse {provision}", { provision: of.provision })}>
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
    setNecessity("");
    setLater("");
    setReasons("");
    again();
  }
  return (
    <ActForm label={t("Ask to share by law")} button={t("Ask")} what={request}>
      <div class="filters">
        <Field id="provision" label={t("Provision, for instance OSL-10-18a")} value={provision} onValue={setProvision} required />
        <Field id="type" label={t("Message")} value={type} onValue={setType} required
          choices={[choose, ...MESSAGE_TYPES.map((m) => ({ value: String(m), text: messageType(m) }))]} />
        <Field id="kind" label={t("Kind of information")} value={kind} onValue={setKind} required choices={[choose, ...CATEGORY_NAMES.map((c) => ({ value: c, text: category(c) }))]} />
        <Field id="to" label={t("To")} value={to} onValue={setTo} required choices={[choose, ...current.members.filter((m) => m.agencyId !== session.value?.agencyId).map((m) => ({ value: m.agencyId, text: agencyName(m.agencyId) }))]} />
      </div>
      <Field id="necessity" label={t("Why it is necessary")} value={necessity} onValue={setNecessity} rows={4} />
      <Field id="later" type="date" label={t("Tell the person later: the day (empty: at once)")} value={later} onValue={setLater} />
      {later !== "" && <Field id="reasons" label={t("Why the person is told later")} value={reasons} onValue={setReasons} rows={3} required />}
    </ActForm>
  );
}

export function Statutory({ current, at }: { current: Case; at: Date }) {
  const list = useLoaded(() => statutory.list({ caseId: current.caseId }), current.caseId);
  return (
    <div class="stack">
      <Loading of={list}>
        {(found) => (
          <ul class="cards">
            {found.approvals.map((a) => (
              <Approval key={a.approvalId} of={a} at={at} again={list.again} />
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
