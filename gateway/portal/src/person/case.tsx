// SPDX-License-Identifier: EUPL-1.2
// What I agreed to, and what I am asked: a card for each.
import { useEffect, useRef, useState } from "preact/hooks";
import { ReasonCode } from "../../gen/sluss/v1/common_pb";
import { GrantStatus } from "../../gen/sluss/v1/consent_pb";
import { Purpose } from "../../gen/sluss/v1/common_pb";
import { type GetOverviewResponse, type PersonCase, type PersonGrant } from "../../gen/sluss/v1/person_pb";
import { type Fault, faultOf } from "../faults";
import { language, t, tn } from "../i18n";
import { sha256 } from "../session";
import { href } from "../route";
import { Alert, Button, Link, Name, Problem, Title } from "../ui/parts";
import { category, purpose, standing } from "../words";
import { agencyName, day } from "./names";
import { Newest } from "./notices";
import { person } from "./pages";

const CLOSED = [ReasonCode.WITHDRAWN, ReasonCode.REFUSED, ReasonCode.EXPIRED];

function said(status: GrantStatus): string {
  switch (status) {
    case GrantStatus.GIVEN:
      return t("has said yes");
    case GrantStatus.REFUSED:
      return t("has said no");
    case GrantStatus.WITHDRAWN:
      return t("has stopped it");
    default:
      return t("has not answered");
  }
}

// Whose answer counts, too. Their own part of a definition list.
function Others({ grant }: { grant: PersonGrant }) {
  return grant.others.length === 0 ? null : (
    <>
      <dt>{t("Who else")}</dt>
      <dd>
        {grant.others.map((o) => (
          <div key={o.name}>
            <Name>{o.name}</Name> {said(o.status)}
          </div>
        ))}
      </dd>
    </>
  );
}

function Facts({ seen, grant }: { seen: GetOverviewResponse; grant: PersonGrant }) {
  return (
    <dl class="facts">
      <dt>{t("From")}</dt>
      <dd>
        <Name>{agencyName(seen, grant.senderAgencyId)}</Name>
      </dd>
      <dt>{t("To")}</dt>
      <dd>
        <Name>{agencyName(seen, grant.receiverAgencyId)}</Name>
      </dd>
      <dt>{t("Why")}</dt>
      <dd>{purpose(grant.purpose)}</dd>
      <dt>{t("Until")}</dt>
      <dd>{day(grant.until)}</dd>
      <Others grant={grant} />
    </dl>
  );
}

interface Answered {
  yes: boolean;
  number: string;
  requestId: string;
}

// Agreeing or refusing: the whole text of the question stands there before the answer, and its hash is part of what is signed. Follow-up studies stand apart and are off
// unless said yes to.
function Asked({ current, grants, answered }: { current: PersonCase; grants: PersonGrant[]; answered: (what?: Answered) => void }) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const [refusing, setRefusing] = useState<string>();
  const [ids] = useState(() => new Map<string, string>());
  async function answer(grant: PersonGrant, yes: boolean) {
    // The same act has the same id, so that asking again after a lost answer does nothing twice.
    const key = `${grant.grantId} ${yes}`;
    const requestId = ids.get(key) ?? crypto.randomUUID();
    ids.set(key, requestId);
    setBusy(true);
    setFault(undefined);
    try {
      const text = { textVersion: grant.questionVersion, textLanguage: language.value, textHash: await sha256(grant.question) };
      const request = { requestId, caseId: current.caseId, grantIds: [grant.grantId], ...text };
      const { receiptNumber } = await (yes ? person.give(request) : person.refuse(request));
      answered({ yes, number: receiptNumber, requestId });
    } catch (error) {
      const found = faultOf(error);
      setFault(found);
      if (found.field?.startsWith("text_")) answered(); // it reads otherwise now
    }
    setBusy(false);
    setRefusing(undefined);
  }
  return (
    <section class="stack" aria-labelledby="asked">
      <h2 class="ds-heading" data-size="sm" id="asked">
        {tn("{count} question for you", "{count} questions for you", grants.length)}
      </h2>
      <Problem fault={fault} />
      <ul class="cards">
        {grants.map((g) => (
          <li key={g.grantId} class="ds-card stack" data-color="info">
            <h3 class="ds-heading" data-size="xs">
              {t("May they share {what}?", { what: category(g.category) })}
            </h3>
            {g.purpose === Purpose.FOLLOW_UP && <p>{t("This is for a study. It is off unless you say yes, and nothing else depends on it.")}</p>}
            <div class="question">
              {g.question.trim().split("\n").map((line) => (
                <p key={line}>{line}</p>
              ))}
            </div>
            {g.others.length > 0 && (
              <dl class="facts">
                <Others grant={g} />
              </dl>
            )}
            {refusing === g.grantId ? (
              <div class="stack">
                <p>{t("A no is final for this question. They can ask you anew.")}</p>
                <div class="row">
                  <Button danger busy={busy} onClick={() => void answer(g, false)}>
                    {t("No, do not share")}
                  </Button>
                  <Button kind="secondary" onClick={() => setRefusing(undefined)}>
                    {t("Go back")}
                  </Button>
                </div>
              </div>
            ) : (
              <div class="row">
                <Button busy={busy} onClick={() => void answer(g, true)}>
                  {t("Yes")}
                </Button>
                <Button kind="secondary" busy={busy} onClick={() => setRefusing(g.grantId)}>
                  {t("No")}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

// The button that was pressed is gone with its question: the focus goes here, not nowhere.
function Said({ last, own }: { last: Answered; own: string }) {
  const here = useRef<HTMLDivElement>(null);
  useEffect(() => here.current?.focus(), []);
  return (
    <div class="said" tabIndex={-1} ref={here}>
      <Alert kind="success">
        <p>
          {last.yes ? t("You said yes.") : t("You said no.")} {t("Receipt")} <bdi class="number">{last.number}</bdi>
        </p>
        <Link to={href(own, "receipt", last.requestId)}>{t("Show the receipt")}</Link>
      </Alert>
    </div>
  );
}

export function CaseView({ seen, current, own, again }: { seen: GetOverviewResponse; current: PersonCase; own: string; again: () => void }) {
  const asked = current.grants.filter((g) => g.asked);
  const open = current.grants.filter((g) => !g.asked && !CLOSED.includes(g.standing));
  const closed = current.grants.filter((g) => CLOSED.includes(g.standing));
  const [last, setLast] = useState<Answered>();
  const answered = (what?: Answered) => {
    setLast(what);
    again();
  };
  return (
    <>
      <Title>{current.actingAsGuardian ? t("Agreements about {name}", { name: current.subjectName }) : t("What I agreed to")}</Title>
      {last && <Said key={last.requestId} last={last} own={own} />}
      {asked.length > 0 && <Asked current={current} grants={asked} answered={answered} />}
      <section class="stack" aria-labelledby="open">
        <h2 class="ds-heading" data-size="sm" id="open">
          {t("May be shared")}
        </h2>
        {open.length === 0 && <p>{t("Nothing may be shared now.")}</p>}
        <ul class="cards">
          {open.map((g) => (
            <li key={g.grantId} class="ds-card stack">
              <div class="row">
                <h3 class="ds-heading" data-size="xs">
                  {category(g.category)}
                </h3>
                <span class="ds-tag" data-color={g.standing === ReasonCode.OK_CONSENT ? "success" : "warning"}>
                  {standing(g.standing)}
                </span>
              </div>
              <Facts seen={seen} grant={g} />
              {g.required && (
                <div class="no-print">
                  <Link kind="secondary" to={href(own, "stop", "grant", String(current.grants.indexOf(g)))}>
                    {t("Stop this")}
                  </Link>
                </div>
              )}
            </li>
          ))}
        </ul>
        {open.some((g) => g.required) && (
          <div class="row no-print">
            <Link kind="primary" to={href(own, "stop", "everything")}>
              {t("Stop everything")}
            </Link>
            <Link kind="tertiary" to={href(own, "stop")}>
              {t("Stop one authority or one kind of information")}
            </Link>
          </div>
        )}
      </section>
      {closed.length > 0 && (
        <details class="ds-details">
          <summary>{t("Earlier")}</summary>
          <ul class="cards">
            {closed.map((g) => (
              <li key={g.grantId} class="ds-card stack">
                <h3 class="ds-heading" data-size="xs">
                  {category(g.category)}: {standing(g.standing)}
                </h3>
                <Facts seen={seen} grant={g} />
              </li>
            ))}
          </ul>
        </details>
      )}
      <Newest seen={seen} current={current} own={own} key={last?.requestId ?? ""} />
      {asked.length === 0 && open.length === 0 && closed.length === 0 && <Alert kind="info">{t("Nobody has asked you anything yet.")}</Alert>}
    </>
  );
}
