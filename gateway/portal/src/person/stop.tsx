// SPDX-License-Identifier: EUPL-1.2
// Withdrawing: what it will do is said first; one confirmation; a numbered receipt after. The page says "stopped" only when the gateway has said so, and says clearly
// when it does not know.
import { type MessageInitShape } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { Phase } from "../../gen/sluss/v1/common_pb";
import { type GetOverviewResponse, type PersonCase, type PersonWithdrawRequestSchema, type PersonWithdrawResponse } from "../../gen/sluss/v1/person_pb";
import { type Fault, faultOf } from "../faults";
import { t, tn } from "../i18n";
import { href } from "../route";
import { Alert, Button, Link, Loading, Name, Problem, Title, useLoaded } from "../ui/parts";
import { category } from "../words";
import { agencyName } from "./names";
import { person } from "./pages";
import { Receipt } from "./receipt";

type Scope = NonNullable<MessageInitShape<typeof PersonWithdrawRequestSchema>["scope"]>;

// What may be chosen: the address holds its number only, as addresses stay in the browser's history.
function choices(current: PersonCase) {
  const live = current.grants.filter((g) => g.required);
  return { agencies: [...new Set(live.flatMap((g) => [g.senderAgencyId, g.receiverAgencyId]))], categories: [...new Set(live.map((g) => g.category))] };
}

function scopeOf(current: PersonCase, words: string[]): { scope: Scope; what: string } | undefined {
  const [kind, value = ""] = words;
  const grant = current.grants[Number(value)];
  if (kind === "everything") return { scope: { case: "everything", value: true }, what: t("everything") };
  const { agencies, categories } = choices(current);
  const [kindOf, agency] = [categories[Number(value)], agencies[Number(value)]];
  if (kind === "category" && kindOf) return { scope: { case: "category", value: kindOf }, what: category(kindOf) };
  if (kind === "agency" && agency) return { scope: { case: "agencyId", value: agency }, what: agency };
  if (kind === "grant" && grant) return { scope: { case: "grantId", value: grant.grantId }, what: category(grant.category) };
  return undefined;
}

function Choose({ seen, current, own }: { seen: GetOverviewResponse; current: PersonCase; own: string }) {
  const { agencies, categories } = choices(current);
  return (
    <>
      <Title>{t("What do you want to stop?")}</Title>
      <h2 class="ds-heading" data-size="sm">
        {t("One authority")}
      </h2>
      <ul class="cards">
        {agencies.map((a, i) => (
          <li key={a}>
            <Link kind="secondary" to={href(own, "stop", "agency", String(i))}>
              <Name>{agencyName(seen, a)}</Name>
            </Link>
          </li>
        ))}
      </ul>
      <h2 class="ds-heading" data-size="sm">
        {t("One kind of information")}
      </h2>
      <ul class="cards">
        {categories.map((c, i) => (
          <li key={c}>
            <Link kind="secondary" to={href(own, "stop", "category", String(i))}>
              {category(c)}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function Stopped({ done, requestId, current, own }: { done: PersonWithdrawResponse; requestId: string; current: PersonCase; own: string }) {
  return (
    <>
      <Title>{t("Stopped")}</Title>
      <Alert kind="success">{t("Nothing more of this will be shared because of your yes.")}</Alert>
      {done.phase === Phase.CLOSING && <p>{t("The work together cannot go on without this, so it will be closed. Your coordinator will contact you.")}</p>}
      <Receipt current={current} requestId={requestId} number={done.receiptNumber} at={done.at} own={own} />
    </>
  );
}

export function Stop({ seen, current, scope, own, done }: { seen: GetOverviewResponse; current: PersonCase; scope: string[]; own: string; done: () => void }) {
  const [chosen] = useState(() => scopeOf(current, scope));
  const [requestId] = useState(() => crypto.randomUUID());
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const [receipt, setReceipt] = useState<PersonWithdrawResponse>();
  const preview = useLoaded(async () => (chosen ? await person.previewWithdraw({ caseId: current.caseId, scope: chosen.scope }) : undefined), requestId);
  if (!chosen) return <Choose seen={seen} current={current} own={own} />;
  const what = chosen.scope.case === "agencyId" ? agencyName(seen, chosen.what) : chosen.what;
  if (receipt) return <Stopped done={receipt} requestId={requestId} current={current} own={own} />;
  async function stop() {
    if (!chosen) return;
    setBusy(true);
    setFault(undefined);
    try {
      setReceipt(await person.withdraw({ requestId, caseId: current.caseId, scope: chosen.scope }));
      done();
    } catch (error) {
      setFault(faultOf(error));
    }
    setBusy(false);
  }
  return (
    <>
      <Title>{t("Stop sharing: {what}", { what })}</Title>
      <Loading of={preview}>
        {(told) =>
          told && (
            <section class="stack" aria-label={t("What happens")}>
              <ul>
                <li>{tn("{count} agreement is closed.", "{count} agreements are closed.", told.grantIds.length)}</li>
                {told.messagesWaiting > 0 && <li>{tn("{count} message that waits is destroyed.", "{count} messages that wait are destroyed.", told.messagesWaiting)}</li>}
                {told.recalledAgencyIds.length > 0 && (
                  <li>
                    {t("These have already received something and are asked to delete it:")}{" "}
                    {told.recalledAgencyIds.map((a, i) => (
                      <>
                        {i > 0 && ", "}
                        <Name>{agencyName(seen, a)}</Name>
                      </>
                    ))}
                  </li>
                )}
                {told.phase === Phase.CLOSING && <li>{t("The work together cannot go on without this and will be closed.")}</li>}
                <li>{t("You need not say why. You can agree anew later if they ask you.")}</li>
              </ul>
            </section>
          )
        }
      </Loading>
      {fault?.unknown ? (
        <Alert kind="warning">
          {t("We do not know whether it was stopped: no answer came. Press the button again. It is safe to press it several times.")}
        </Alert>
      ) : (
        <Problem fault={fault} />
      )}
      <div class="row">
        <Button danger busy={busy} onClick={() => void stop()}>
          {t("Yes, stop it")}
        </Button>
        <Link kind="secondary" to={href(own)}>
          {t("No, go back")}
        </Link>
      </div>
    </>
  );
}
