// SPDX-License-Identifier: EUPL-1.2
// After a withdrawal: what was stopped, what was asked back, and what the coordinator has to assess.
import { type Case } from "../../gen/sluss/v1/case_pb";
import { Phase, ReasonCode } from "../../gen/sluss/v1/common_pb";
import { type Consent, type Grant, GrantStatus } from "../../gen/sluss/v1/consent_pb";
import { type Recall, RecallAnswer } from "../../gen/sluss/v1/recall_pb";
import { t } from "../i18n";
import { Alert, Loading, Name, useLoaded } from "../ui/parts";
import { category, purpose } from "../words";
import { day, recalls } from "./clients";
import { agencyName } from "./names";
import { type Known } from "./persons";

export const CLOSED = [ReasonCode.WITHDRAWN, ReasonCode.REFUSED, ReasonCode.EXPIRED];

// A grant in one line.
export function line(g: Grant): string {
  return `${category(g.category)}: ${agencyName(g.senderAgencyId)} – ${agencyName(g.receiverAgencyId)}, ${purpose(g.purpose)}`;
}

function key(g: Grant): string {
  return [g.category, g.senderAgencyId, g.receiverAgencyId, g.purpose].join(" ");
}

// What was withdrawn and has not been agreed to, or asked about, anew.
export function stopped(list: Consent[]): Grant[] {
  const grants = list.flatMap((c) => c.grants);
  const open = new Set(grants.filter((g) => !CLOSED.includes(g.standing)).map(key));
  return grants.filter((g) => g.standing === ReasonCode.WITHDRAWN && !open.has(key(g)));
}

function answer(r: Recall): string {
  if (r.answer === RecallAnswer.DELETED) return t("They have deleted it.");
  if (r.answer === RecallAnswer.KEPT) return t("They keep it: {law}", { law: r.keptOnGround });
  return r.overdue ? t("They have not answered in time.") : t("They have not answered yet.");
}

// Every answer, of all agencies: page by page, since one answer holds 200.
async function loadRecalls(caseId: string): Promise<Recall[]> {
  const all: Recall[] = [];
  for (let fromIndex = 0n; ; ) {
    const page = await recalls.list({ caseId, includeAnswered: true, fromIndex });
    all.push(...page.recalls);
    if (page.nextIndex === 0n) return all;
    fromIndex = page.nextIndex;
  }
}

export function Assess({ current, list, persons }: { current: Case; list: Consent[]; persons: Known[] }) {
  const gone = stopped(list);
  const back = useLoaded(() => loadRecalls(current.caseId), `${current.caseId} ${current.phase} ${gone.length}`);
  const closing = current.phase === Phase.CLOSING;
  const over = current.phase === Phase.CLOSED;
  return (
    <>
      {gone.length > 0 && !over && (
        <section class="stack" aria-labelledby="assess">
          <h2 class="ds-heading" data-size="sm" id="assess">
            {t("Assess whether the work can go on")}
          </h2>
          <Alert kind={closing ? "warning" : "info"}>
            {closing
              ? t("The case is being closed: the programme cannot do without something that was stopped, or you chose so. It can go back only when that is agreed to again; otherwise close it.")
              : t("The programme can go on without what was stopped. If the group cannot, pause the case or close it.")}
          </Alert>
          <ul>
            {gone.map((g) => (
              <li key={g.grantId}>
                <Name>{line(g)}</Name>.{" "}
                {g.persons
                  .filter((p) => p.status === GrantStatus.WITHDRAWN)
                  .map((p) => (
                    <span key={p.personId}>
                      <Name>{persons.find((k) => k.id === p.personId)?.name ?? p.personId}</Name> {t("has stopped it")}
                    </span>
                  ))}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Loading of={back}>
        {(found) =>
          found.length > 0 && (
            <section class="stack" aria-labelledby="asked-back">
              <h2 class="ds-heading" data-size="sm" id="asked-back">
                {t("Asked back")}
              </h2>
              <ul class="cards">
                {found.map((r) => (
                  <li key={r.recallId} class="ds-card stack" data-color={r.overdue && r.answer === RecallAnswer.UNSPECIFIED ? "warning" : "neutral"}>
                    <h3 class="ds-heading" data-size="xs">
                      <Name>{agencyName(r.agencyId)}</Name>
                    </h3>
                    <p>{answer(r)}</p>
                    <dl class="facts">
                      <dt>{t("Kind of information")}</dt>
                      <dd>{r.categories.map((c) => category(c)).join(", ")}</dd>
                      <dt>{t("Asked")}</dt>
                      <dd>{day(r.openedAt)}</dd>
                      <dt>{t("Answer by")}</dt>
                      <dd>{day(r.due)}</dd>
                    </dl>
                  </li>
                ))}
              </ul>
            </section>
          )
        }
      </Loading>
    </>
  );
}
