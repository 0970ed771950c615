// SPDX-License-Identifier: EUPL-1.2
// Leading the case: its phase and its end, protection, and what is kept from a guardian's view.
import { useState } from "preact/hooks";
import { type Disclosure } from "../../gen/sluss/v1/audit_pb";
import { type Case, SetPhaseSchema, SetProtectionSchema, type ViewLimit } from "../../gen/sluss/v1/case_pb";
import { CloseReason, Phase } from "../../gen/sluss/v1/common_pb";
import { type Consent } from "../../gen/sluss/v1/consent_pb";
import { t, mark } from "../i18n";
import { Field, Loading, Name, useLoaded } from "../ui/parts";
import { category, phase } from "../words";
import { ActForm } from "./act";
import { Assess } from "./assess";
import { audit, cases, day, state } from "./clients";
import { agencyName } from "./names";
import { type Known } from "./persons";

// What is offered; the policy decides. A case that is being closed may go back to where it came from, which only the gateway knows.
const NEXT: Partial<Record<Phase, Phase[]>> = {
  [Phase.NOMINATED]: [Phase.INQUIRY, Phase.CLOSING],
  [Phase.INQUIRY]: [Phase.ENROLLED, Phase.CLOSING],
  [Phase.ENROLLED]: [Phase.PAUSED, Phase.CLOSING],
  [Phase.PAUSED]: [Phase.ENROLLED, Phase.DORMANT, Phase.CLOSING],
  [Phase.DORMANT]: [Phase.CLOSING],
  [Phase.CLOSING]: [Phase.CLOSED, Phase.NOMINATED, Phase.INQUIRY, Phase.ENROLLED, Phase.PAUSED, Phase.DORMANT],
};

const REASONS: [CloseReason, string][] = [
  [CloseReason.GOALS_MET, mark("goals met")],
  [CloseReason.OWN_WISH, mark("own wish")],
  [CloseReason.CRIME_GOES_ON, mark("crime goes on")],
  [CloseReason.WRONG_PROGRAMME, mark("wrong programme")],
  [CloseReason.PLACED_OR_IMPRISONED, mark("placed or in prison")],
  [CloseReason.MOVED, mark("moved")],
  [CloseReason.TRANSFERRED, mark("handed over")],
  [CloseReason.SAFETY, mark("safety")],
  [CloseReason.AGE, mark("age")],
  [CloseReason.DIED, mark("died")],
  [CloseReason.OTHER, mark("other")],
];

// What is kept from the guardian: the whole case, or one message that this authority sent or received.
function KeptPart({ current, value, onValue }: { current: Case; value: string; onValue: (messageId: string) => void }) {
  const shared = useLoaded(() => audit.listDisclosures({ caseId: current.caseId, which: 1, pageSize: 1000 }), current.caseId);
  return (
    <Loading of={shared}>
      {(found) => {
        const messages = found.disclosures.filter((d, i, all) => all.findIndex((other) => other.messageId === d.messageId) === i);
        const text = (d: Disclosure) => `${day(d.at)}: ${category(d.category)}, ${agencyName(d.senderAgencyId)} – ${agencyName(d.recipientAgencyId)}`;
        return <Field id="part" label={t("Which part")} value={value} onValue={onValue} choices={[{ value: "", text: t("everything in the case") }, ...messages.map((d) => ({ value: d.messageId, text: text(d) }))]} />;
      }}
    </Loading>
  );
}

// `lockedNow`: whether the login is locked; undefined: not known to this officer, so protection is not theirs to record (a form that guesses would unlock).
export function Lead({ current, persons, list, lockedNow, limits, again }: { current: Case; persons: Known[]; list: Consent[]; lockedNow: boolean | undefined; limits: ViewLimit[]; again: () => void }) {
  const [next, setNext] = useState("");
  const [reason, setReason] = useState("");
  const [hidden, setHidden] = useState(current.protectedIdentity);
  const [locked, setLocked] = useState(lockedNow ?? false);
  const [guardian, setGuardian] = useState("");
  const [limited, setLimited] = useState("limit");
  const [keptPart, setKeptPart] = useState("");
  const [why, setWhy] = useState("");
  const choose = { value: "", text: t("Choose") };
  async function move() {
    await cases.setPhase({ statement: await state(SetPhaseSchema, { caseId: current.caseId, phase: Number(next) as Phase, closeReason: (next === String(Phase.CLOSED) ? Number(reason) : 0) as CloseReason }) });
    setNext("");
    setReason("");
    again();
  }
  async function protect() {
    const viewLimits = guardian === "" ? [] : [{ guardianPersonId: guardian, messageId: keptPart, limited: limited === "limit", reasons: why }];
    await cases.setProtection({ statement: await state(SetProtectionSchema, { caseId: current.caseId, protectedIdentity: hidden, loginLocked: locked, viewLimits }) });
    setGuardian("");
    setKeptPart("");
    setWhy("");
    again();
  }
  return (
    <div class="stack">
      <Assess current={current} list={list} persons={persons} />
      <h2 class="ds-heading" data-size="sm">
        {t("Phase: {phase}", { phase: phase(current.phase) })}
      </h2>
      {current.phase === Phase.CLOSED ? (
        <p>{t("The case is closed, and stays so. Everybody was asked to delete what they received, or to say which law lets them keep it.")}</p>
      ) : (
        <ActForm label={t("Phase")} button={t("Change the phase")} what={move}>
          <div class="filters">
            <Field id="phase" label={t("Next phase")} value={next} onValue={setNext} required choices={[choose, ...(NEXT[current.phase] ?? []).map((p) => ({ value: String(p), text: phase(p) }))]} />
            {next === String(Phase.CLOSED) && (
              <Field id="reason" label={t("Why it is closed")} value={reason} onValue={setReason} required choices={[choose, ...REASONS.map(([r, text]) => ({ value: String(r), text: t(text) }))]} />
            )}
          </div>
          {(next === String(Phase.CLOSED) || next === String(Phase.CLOSING)) && (
            <p>{t("Assess whether the work can go on. Closing asks everybody to delete what they received, or to say which law lets them keep it.")}</p>
          )}
        </ActForm>
      )}
      {lockedNow !== undefined && (
        <>
          <h2 class="ds-heading" data-size="sm">
            {t("Protection")}
          </h2>
          {limits.length > 0 && (
            <ul>
              {limits.map((l) => (
                <li key={`${l.guardianPersonId} ${l.messageId}`}>
                  <Name>{persons.find((p) => p.id === l.guardianPersonId)?.name ?? l.guardianPersonId}</Name>: {l.messageId === "" ? t("sees nothing of this case.") : t("does not see one of the messages.")}
                </li>
              ))}
            </ul>
          )}
          <ActForm label={t("Protection")} button={t("Record the protection")} what={protect}>
            <label class="row">
              <input type="checkbox" class="ds-input" checked={hidden} onChange={(e) => setHidden(e.currentTarget.checked)} /> {t("Protected identity")}
            </label>
            <label class="row">
              <input type="checkbox" class="ds-input" checked={locked} onChange={(e) => setLocked(e.currentTarget.checked)} /> <span class="grow">{t("The young person's login is locked, because of a threat")}</span>
            </label>
            <div class="filters">
              <Field id="guardian" label={t("A guardian's view of the case")} value={guardian} onValue={setGuardian} choices={[{ value: "", text: t("leave as it is") }, ...persons.filter((p) => !p.subject).map((p) => ({ value: p.id, text: p.name }))]} />
              {guardian !== "" && <Field id="limited" label={t("What")} value={limited} onValue={setLimited} choices={[{ value: "limit", text: t("keep it from this guardian") }, { value: "lift", text: t("show it again") }]} />}
              {guardian !== "" && <KeptPart current={current} value={keptPart} onValue={setKeptPart} />}
            </div>
            {guardian !== "" && <Field id="why" label={t("Reasons, kept apart from the log")} value={why} onValue={setWhy} rows={3} required />}
          </ActForm>
        </>
      )}
    </div>
  );
}
