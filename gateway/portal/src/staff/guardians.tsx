// SPDX-License-Identifier: EUPL-1.2
// Later changes to who must agree: guardians who come or go, and an assessment of maturity.
import { useState } from "preact/hooks";
import { AssessMaturitySchema, type Case, MaturityOutcome, SetGuardiansSchema } from "../../gen/sluss/v1/case_pb";
import { t } from "../i18n";
import { session } from "../session";
import { Button, Field, Name } from "../ui/parts";
import { ActForm } from "./act";
import { cases, dayText, state } from "./clients";
import { PersonFields, personOf, type Someone, someone } from "./open";
import { type Known } from "./persons";

export function Guardians({ current, persons, again }: { current: Case; persons: Known[]; again: () => void }) {
  const [kept, setKept] = useState(current.guardianPersonIds);
  const [added, setAdded] = useState<Someone[]>([]);
  async function record() {
    const guardians = [...kept.map((personId) => ({ personId })), ...added.map(personOf)];
    const answer = await cases.setGuardians({ statement: await state(SetGuardiansSchema, { caseId: current.caseId, guardians }) });
    setKept(answer.case?.guardianPersonIds ?? []);
    setAdded([]);
    again();
  }
  return (
    <ActForm label={t("Registered guardians")} button={t("Record the guardians")} what={record}>
      <p>{t("Who is a guardian from now on? A new guardian has to agree before anything that needs guardians counts again.")}</p>
      {persons
        .filter((p) => !p.subject)
        .map((p) => (
          <label key={p.id} class="row">
            <input type="checkbox" class="ds-input" checked={kept.includes(p.id)} onChange={(e) => setKept(e.currentTarget.checked ? [...kept, p.id] : kept.filter((id) => id !== p.id))} />
            <Name>{p.name}</Name>
          </label>
        ))}
      {added.map((g) => (
        <div key={g.id} class="ds-card stack">
          <PersonFields who={g} subject={false} onChange={(more) => setAdded((all) => all.map((x) => (x.id === g.id ? { ...x, ...more } : x)))} />
          <div>
            <Button kind="tertiary" small onClick={() => setAdded(added.filter((x) => x.id !== g.id))}>
              {t("Remove")}
            </Button>
          </div>
        </div>
      ))}
      <div>
        <Button kind="secondary" small onClick={() => setAdded([...added, someone()])}>
          {t("Add a guardian")}
        </Button>
      </div>
    </ActForm>
  );
}

export function Maturity({ current, at, again }: { current: Case; at: Date; again: () => void }) {
  const [outcome, setOutcome] = useState("");
  const [assessor, setAssessor] = useState(session.value?.officerId ?? "");
  const [on, setOn] = useState(dayText(at));
  const [reasons, setReasons] = useState("");
  async function record() {
    const statement = await state(AssessMaturitySchema, { caseId: current.caseId, outcome: Number(outcome) as MaturityOutcome, assessorOfficerId: assessor, assessedOn: on, reasons });
    await cases.assessMaturity({ statement });
    setReasons("");
    again();
  }
  return (
    <ActForm label={t("Assessment of maturity")} button={t("Record the assessment")} what={record}>
      <p>{t("It changes who must agree, until the age at which the rule changes anyway.")}</p>
      <div class="filters">
        <Field id="outcome" label={t("Who is to agree")} value={outcome} onValue={setOutcome} required
          choices={[
            { value: "", text: t("Choose") },
            { value: String(MaturityOutcome.SUBJECT_ALONE), text: t("the young person alone") },
            { value: String(MaturityOutcome.GUARDIANS_AND_SUBJECT), text: t("the guardians and the young person") },
            { value: String(MaturityOutcome.GUARDIANS_ALONE), text: t("the guardians alone") },
          ]} />
        <Field id="assessor" label={t("Officer who assessed")} value={assessor} onValue={setAssessor} required />
        <Field id="assessed-on" type="date" label={t("When")} value={on} onValue={setOn} required />
      </div>
      <Field id="assessment" label={t("Reasons, kept apart from the log")} value={reasons} onValue={setReasons} rows={3} required />
    </ActForm>
  );
}
