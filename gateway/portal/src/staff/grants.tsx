// SPDX-License-Identifier: EUPL-1.2
// Each consent with its grants: their state and why, and what ends soon.
import { type Case } from "../../gen/sluss/v1/case_pb";
import { ReasonCode } from "../../gen/sluss/v1/common_pb";
import { type Consent, type Grant, GrantStatus, Obtained } from "../../gen/sluss/v1/consent_pb";
import { LANGUAGES, t, tn } from "../i18n";
import { href } from "../route";
import { Alert, Link, Name } from "../ui/parts";
import { category, purpose, standing } from "../words";
import { CLOSED } from "./assess";
import { day } from "./clients";
import { agencyName } from "./names";
import { type Known } from "./persons";
import { Said } from "./said";
import { isSoon } from "./soon";

function word(status: GrantStatus): string {
  return status === GrantStatus.GIVEN ? t("has said yes") : status === GrantStatus.REFUSED ? t("has said no") : status === GrantStatus.WITHDRAWN ? t("has stopped it") : t("has not answered");
}

function endsSoon(grant: Grant, at: Date): boolean {
  return !CLOSED.includes(grant.standing) && isSoon(grant.until, at);
}

// Why a grant does not count, and what would help; "" when it counts.
function whyNot(grant: Grant, names: (status: GrantStatus) => string): string {
  const missing = names(GrantStatus.UNSPECIFIED);
  switch (grant.standing) {
    case ReasonCode.OK_CONSENT:
      return "";
    case ReasonCode.NOT_YET:
      return t("It counts from {day}.", { day: day(grant.from) });
    case ReasonCode.EXPIRED:
      return t("Its time is over. Ask anew if it is still needed.");
    case ReasonCode.PAUSED:
      return t("Somebody paused it. It goes on when everybody who must agree wants so.");
    case ReasonCode.WITHDRAWN:
      return t("{names} stopped it. Only a new question can bring it back.", { names: names(GrantStatus.WITHDRAWN) });
    case ReasonCode.REFUSED:
      return t("{names} said no. Only a new question can change that.", { names: names(GrantStatus.REFUSED) });
    case ReasonCode.AGE_LAPSED:
      return t("A birthday changed who must agree. Not yet: {names}", { names: missing });
    case ReasonCode.CUSTODY_LAPSED:
      return t("The guardians have changed. Not yet: {names}", { names: missing });
    default:
      return missing === "" ? t("Nobody who could agree is registered.") : t("Not yet: {names}", { names: missing });
  }
}

function GrantCard({ grant, persons, at }: { grant: Grant; persons: Known[]; at: Date }) {
  const nameOf = (id: string) => persons.find((k) => k.id === id)?.name ?? id;
  const why = whyNot(grant, (status) => grant.persons.filter((p) => p.status === status).map((p) => nameOf(p.personId)).join(", "));
  return (
    <li class="ds-card stack">
      <div class="row">
        <h3 class="ds-heading" data-size="xs">
          {category(grant.category)}
        </h3>
        <span class="ds-tag" data-color={grant.standing === ReasonCode.OK_CONSENT ? "success" : "warning"}>
          {standing(grant.standing)}
        </span>
        {endsSoon(grant, at) && <span class="ds-tag" data-color="warning">{t("Ends soon")}</span>}
      </div>
      <dl class="facts">
        {why !== "" && (
          <>
            <dt>{t("Why not now")}</dt>
            <dd>{why}</dd>
          </>
        )}
        <dt>{t("From")}</dt>
        <dd>
          <Name>{agencyName(grant.senderAgencyId)}</Name>
        </dd>
        <dt>{t("To")}</dt>
        <dd>
          <Name>{agencyName(grant.receiverAgencyId)}</Name>
        </dd>
        <dt>{t("Why")}</dt>
        <dd>{purpose(grant.purpose)}</dd>
        <dt>{t("Until")}</dt>
        <dd>{day(grant.until)}</dd>
        <dt>{t("Answers")}</dt>
        <dd>
          {grant.persons.map((p) => (
            <div key={p.personId}>
              <Name>{nameOf(p.personId)}</Name> {word(p.status)}
            </div>
          ))}
        </dd>
      </dl>
    </li>
  );
}

function obtained(how: Obtained): string {
  return how === Obtained.PAPER ? t("on paper") : how === Obtained.ORAL ? t("by word of mouth") : t("each by themselves, on a screen");
}

function ConsentPart({ current, consent, persons, at }: { current: Case; consent: Consent; persons: Known[]; at: Date }) {
  const answeredBy = persons.filter((p) => consent.grants.some((g) => g.persons.some((s) => s.personId === p.id && s.status !== GrantStatus.UNSPECIFIED)));
  return (
    <section class="stack" aria-labelledby={consent.consentId}>
      <h2 class="ds-heading" data-size="sm" id={consent.consentId}>
        {t("Asked on {day}", { day: day(consent.obtainedAt) })}
      </h2>
      <p>
        {t("Text {version}, {language}, {how}.", { how: obtained(consent.obtained), version: consent.textVersion, language: LANGUAGES.find((l) => l.code === consent.textLanguage)?.name ?? consent.textLanguage })}
      </p>
      <ul class="cards">
        {consent.grants.map((g) => (
          <GrantCard key={g.grantId} grant={g} persons={persons} at={at} />
        ))}
      </ul>
      {answeredBy.length > 0 && (
        <div class="row no-print">
          {answeredBy.map((p) => (
            <Link key={p.id} kind="secondary" small to={href("case", current.caseId, "receipt", consent.consentId, p.id)}>
              {t("A copy for {name}", { name: p.name })}
            </Link>
          ))}
        </div>
      )}
    </section>
  );
}

export function Grants({ current, list, persons, at, again }: { current: Case; list: Consent[]; persons: Known[]; at: Date; again: () => void }) {
  const grants = list.flatMap((c) => c.grants);
  const soon = grants.filter((g) => endsSoon(g, at)).length;
  return (
    <div class="stack">
      {grants.length === 0 && <p>{t("Nobody has been asked anything yet.")}</p>}
      {soon > 0 && <Alert kind="warning">{tn("{count} consent ends within thirty days. Ask in time if it is still needed.", "{count} consents end within thirty days. Ask in time if they are still needed.", soon)}</Alert>}
      {list.map((c) => (
        <ConsentPart key={c.consentId} current={current} consent={c} persons={persons} at={at} />
      ))}
      {grants.length > 0 && (
        <>
          <h2 class="ds-heading no-print" data-size="sm">
            {t("What somebody said")}
          </h2>
          <Said current={current} list={list} persons={persons} again={again} />
        </>
      )}
    </div>
  );
}
