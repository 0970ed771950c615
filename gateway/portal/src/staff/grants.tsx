// SPDX-License-Identifier: EUPL-1.2
// Each grant: its state and why, what ends soon; and what a person said on paper or by word of mouth.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useState } from "preact/hooks";
import { type Case } from "../../gen/sluss/v1/case_pb";
import { ReasonCode } from "../../gen/sluss/v1/common_pb";
import { ActOnGrantsSchema, type Consent, type Grant, GrantAct, GrantStatus, Obtained, WithdrawConsentSchema } from "../../gen/sluss/v1/consent_pb";
import { t } from "../i18n";
import { Field, Name } from "../ui/parts";
import { category, purpose, standing } from "../words";
import { ActForm } from "./act";
import { consents, day, dayStart, state } from "./clients";
import { type Known } from "./persons";

const SOON_MS = 30 * 86400_000;
const CLOSED = [ReasonCode.WITHDRAWN, ReasonCode.REFUSED, ReasonCode.EXPIRED];

function word(status: GrantStatus): string {
  return status === GrantStatus.GIVEN ? t("has said yes") : status === GrantStatus.REFUSED ? t("has said no") : status === GrantStatus.WITHDRAWN ? t("has stopped it") : t("has not answered");
}

function GrantCard({ grant, persons, at }: { grant: Grant; persons: Known[]; at: Date }) {
  const soon = grant.until && !CLOSED.includes(grant.standing) && timestampDate(grant.until).getTime() - at.getTime() < SOON_MS;
  return (
    <li class="ds-card stack">
      <div class="row">
        <h3 class="ds-heading" data-size="xs">
          {category(grant.category)}
        </h3>
        <span class="ds-tag" data-color={grant.standing === ReasonCode.OK_CONSENT ? "success" : "warning"}>
          {standing(grant.standing)}
        </span>
        {soon && <span class="ds-tag" data-color="warning">{t("Ends soon")}</span>}
      </div>
      <dl class="facts">
        <dt>{t("From")}</dt>
        <dd>
          <Name>{grant.senderAgencyId}</Name>
        </dd>
        <dt>{t("To")}</dt>
        <dd>
          <Name>{grant.receiverAgencyId}</Name>
        </dd>
        <dt>{t("Why")}</dt>
        <dd>{purpose(grant.purpose)}</dd>
        <dt>{t("Until")}</dt>
        <dd>{day(grant.until)}</dd>
        <dt>{t("Answers")}</dt>
        <dd>
          {grant.persons.map((p) => (
            <div key={p.personId}>
              <Name>{persons.find((k) => k.id === p.personId)?.name ?? p.personId}</Name> {word(p.status)}
            </div>
          ))}
        </dd>
      </dl>
    </li>
  );
}

const HOW = () => [
  { value: "", text: t("Choose") },
  { value: String(Obtained.PAPER), text: t("on paper") },
  { value: String(Obtained.ORAL), text: t("by word of mouth") },
];

// What one person said, about all questions of one consent or as a withdrawal of everything.
function Said({ current, list, persons, again }: { current: Case; list: Consent[]; persons: Known[]; again: () => void }) {
  const [who, setWho] = useState("");
  const [what, setWhat] = useState("");
  const [how, setHow] = useState("");
  const [when, setWhen] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const open = list.flatMap((c) => c.grants).filter((g) => !CLOSED.includes(g.standing));
  async function record() {
    const at = dayStart(when);
    const obtained = Number(how) as Obtained;
    const head = { caseId: current.caseId, personId: who };
    if (what === "withdraw") {
      await consents.withdraw({ statement: await state(WithdrawConsentSchema, { ...head, scope: { case: "everything", value: true }, obtained, ...(at ? { receivedAt: at } : {}) }) });
    } else {
      const act = what === "give" ? GrantAct.GIVE : GrantAct.REFUSE;
      const statement = await state(ActOnGrantsSchema, { ...head, act, grantIds: chosen, obtained, ...(at ? { obtainedAt: at } : {}) });
      await (what === "give" ? consents.give({ statement }) : consents.refuse({ statement }));
    }
    again();
  }
  return (
    <ActForm label={t("What somebody said")} button={t("Record it")} what={record}>
      <div class="filters">
        <Field id="who" label={t("Who")} value={who} onValue={setWho} required choices={[{ value: "", text: t("Choose") }, ...persons.filter((p) => current.requiredPersonIds.includes(p.id)).map((p) => ({ value: p.id, text: p.name }))]} />
        <Field id="what" label={t("What")} value={what} onValue={setWhat} required
          choices={[{ value: "", text: t("Choose") }, { value: "give", text: t("Yes") }, { value: "refuse", text: t("No") }, { value: "withdraw", text: t("Stop everything") }]} />
        <Field id="how" label={t("How")} value={how} onValue={setHow} required choices={HOW()} />
        <Field id="when" type="date" label={t("When")} value={when} onValue={setWhen} required />
      </div>
      {(what === "give" || what === "refuse") && (
        <fieldset class="ds-fieldset stack">
          <legend class="ds-label">{t("To which questions")}</legend>
          {open.map((g) => (
            <label key={g.grantId} class="row">
              <input type="checkbox" class="ds-input" checked={chosen.includes(g.grantId)}
                onChange={(e) => setChosen(e.currentTarget.checked ? [...chosen, g.grantId] : chosen.filter((x) => x !== g.grantId))} />
              <span>
                {category(g.category)}: <Name>{g.senderAgencyId}</Name>, <Name>{g.receiverAgencyId}</Name>, {purpose(g.purpose)}
              </span>
            </label>
          ))}
        </fieldset>
      )}
    </ActForm>
  );
}

export function Grants({ current, list, persons, at, again }: { current: Case; list: Consent[]; persons: Known[]; at: Date; again: () => void }) {
  const grants = list.flatMap((c) => c.grants);
  return (
    <div class="stack">
      {grants.length === 0 && <p>{t("Nobody has been asked anything yet.")}</p>}
      <ul class="cards">
        {grants.map((g) => (
          <GrantCard key={g.grantId} grant={g} persons={persons} at={at} />
        ))}
      </ul>
      {grants.length > 0 && (
        <>
          <h2 class="ds-heading" data-size="sm">
            {t("What somebody said")}
          </h2>
          <Said current={current} list={list} persons={persons} again={again} />
        </>
      )}
    </div>
  );
}
