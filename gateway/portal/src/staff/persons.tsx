// SPDX-License-Identifier: EUPL-1.2
// The persons of a case, and the one-time code that lets each of them in by themselves, on a tablet or at home.
import { useState } from "preact/hooks";
import { type Case, type Person } from "../../gen/sluss/v1/case_pb";
import { IssueCodeSchema } from "../../gen/sluss/v1/session_pb";
import { t } from "../i18n";
import { Alert, Button, Name } from "../ui/parts";
import { Failed, useAct } from "./act";
import { day, sessions, state } from "./clients";
import { Qr } from "./qr";

export interface Known {
  id: string;
  name: string;
  subject: boolean;
}

// Everybody of the case, by name where the gateway gives names.
export function everybody(current: Case, subject: Person | undefined, guardians: Person[]): Known[] {
  const name = (id: string, found: Person | undefined) => (found === undefined || found.name === "" ? id : found.name);
  return [
    { id: current.subjectPersonId, name: name(current.subjectPersonId, subject), subject: true },
    ...current.guardianPersonIds.map((id) => ({ id, name: name(id, guardians.find((g) => g.personId === id)), subject: false })),
  ];
}

function CodeFor({ current, who }: { current: Case; who: Known }) {
  const act = useAct();
  const [code, setCode] = useState<{ code: string; until: string }>();
  async function issue() {
    const answer = await sessions.issueCode({ statement: await state(IssueCodeSchema, { caseId: current.caseId, personId: who.id }) });
    setCode({ code: answer.code, until: day(answer.expires) });
  }
  return (
    <li class="ds-card stack">
      <h3 class="ds-heading" data-size="xs">
        <Name>{who.name}</Name>
      </h3>
      <p>
        {who.subject ? t("The case is about this person") : t("Guardian")}
        {". "}
        {current.requiredPersonIds.includes(who.id) && t("Must agree today.")}
      </p>
      <Failed fault={act.fault} />
      {code ? (
        <div class="stack">
          <Alert kind="info">{t("Give this to {name} only. It works once, until {day}.", { name: who.name, day: code.until })}</Alert>
          <p class="code" dir="ltr">
            {code.code}
          </p>
          <Qr text={`${location.origin}/#/code/${code.code}`} label={t("QR code of the login code")} />
          <div class="row no-print">
            <Button onClick={() => print()}>{t("Print")}</Button>
            <Button kind="secondary" onClick={() => setCode(undefined)}>
              {t("Hide the code")}
            </Button>
          </div>
        </div>
      ) : (
        <div class="no-print">
          <Button kind="secondary" small busy={act.busy} onClick={() => act.run(issue)} label={t("Make a login code for {name}", { name: who.name })}>
            {t("Make a login code")}
          </Button>
        </div>
      )}
    </li>
  );
}

export function Persons({ current, persons }: { current: Case; persons: Known[] }) {
  return (
    <ul class="cards">
      {persons.map((p) => (
        <CodeFor key={p.id} current={current} who={p} />
      ))}
    </ul>
  );
}
