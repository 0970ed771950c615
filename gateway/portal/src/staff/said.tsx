// SPDX-License-Identifier: EUPL-1.2
// What one person said on paper or by word of mouth: how and when it was said is part of the record.
import { useState } from "preact/hooks";
import { type Case } from "../../gen/sluss/v1/case_pb";
import { ReasonCode } from "../../gen/sluss/v1/common_pb";
import { ActOnGrantsSchema, type Consent, type Grant, GrantAct, GrantStatus, Obtained, WithdrawConsentSchema } from "../../gen/sluss/v1/consent_pb";
import { mark, t } from "../i18n";
import { Field, Name } from "../ui/parts";
import { category } from "../words";
import { ActForm } from "./act";
import { CLOSED, line } from "./assess";
import { consents, dayStart, state } from "./clients";
import { agencyName } from "./names";
import { type Known } from "./persons";

type Call = "give" | "refuse" | "pause" | "resume";

// An act on grants one by one: which call carries it, and which grants it can be said about.
interface Act {
  text: string;
  act: GrantAct;
  call: Call;
  fits: (grant: Grant, who: string) => boolean;
}

const open = (g: Grant) => !CLOSED.includes(g.standing);
const ACTS: Record<string, Act> = {
  give: { text: mark("Yes"), act: GrantAct.GIVE, call: "give", fits: open },
  refuse: { text: mark("No"), act: GrantAct.REFUSE, call: "refuse", fits: open },
  pause: { text: mark("Pause it"), act: GrantAct.PAUSE, call: "pause", fits: (g) => open(g) && g.standing !== ReasonCode.PAUSED },
  resume: { text: mark("Go on with what was paused"), act: GrantAct.RESUME, call: "resume", fits: (g) => g.standing === ReasonCode.PAUSED },
  earlier: { text: mark("End it earlier"), act: GrantAct.NARROW, call: "pause", fits: open },
  mistake: { text: mark("I never said yes: it was recorded by mistake"), act: GrantAct.INVALIDATE, call: "refuse", fits: (g, who) => g.persons.some((p) => p.personId === who && p.status === GrantStatus.GIVEN) },
};
const STOPS: Record<string, string> = {
  "stop-grant": mark("Stop one thing"),
  "stop-category": mark("Stop one kind of information"),
  "stop-agency": mark("Stop one authority"),
  "stop-all": mark("Stop everything"),
};

function scopeOf(what: string, target: string) {
  if (what === "stop-grant") return { case: "grantId" as const, value: target };
  if (what === "stop-category") return { case: "category" as const, value: target };
  if (what === "stop-agency") return { case: "scopeAgencyId" as const, value: target };
  return { case: "everything" as const, value: true };
}

function targets(what: string, grants: Grant[]) {
  if (what === "stop-grant") return grants.map((g) => ({ value: g.grantId, text: line(g) }));
  if (what === "stop-category") return [...new Set(grants.map((g) => g.category))].map((c) => ({ value: c, text: category(c) }));
  if (what === "stop-agency") return [...new Set(grants.flatMap((g) => [g.senderAgencyId, g.receiverAgencyId]))].map((a) => ({ value: a, text: agencyName(a) }));
  return [];
}

export function Said({ current, list, persons, again }: { current: Case; list: Consent[]; persons: Known[]; again: () => void }) {
  const [who, setWho] = useState("");
  const [what, setWhat] = useState("");
  const [how, setHow] = useState("");
  const [when, setWhen] = useState("");
  const [until, setUntil] = useState("");
  const [target, setTarget] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const grants = list.flatMap((c) => c.grants);
  const act = ACTS[what];
  const offered = act ? grants.filter((g) => act.fits(g, who)) : [];
  const choose = { value: "", text: t("Choose") };
  function change(to: string) {
    setWhat(to);
    setChosen([]);
    setTarget("");
  }
  async function record() {
    const at = dayStart(when);
    const head = { caseId: current.caseId, personId: who, obtained: Number(how) as Obtained };
    if (act) {
      const end = act.act === GrantAct.NARROW ? dayStart(until) : undefined;
      const statement = await state(ActOnGrantsSchema, { ...head, act: act.act, grantIds: offered.map((g) => g.grantId).filter((id) => chosen.includes(id)), ...(at ? { obtainedAt: at } : {}), ...(end ? { narrowedUntil: end } : {}) });
      await consents[act.call]({ statement });
    } else {
      await consents.withdraw({ statement: await state(WithdrawConsentSchema, { ...head, scope: scopeOf(what, target), ...(at ? { receivedAt: at } : {}) }) });
    }
    change("");
    again();
  }
  return (
    <ActForm label={t("What somebody said")} button={t("Record it")} what={record}>
      <div class="filters">
        <Field id="who" label={t("Who")} value={who} onValue={setWho} required choices={[choose, ...persons.filter((p) => current.requiredPersonIds.includes(p.id)).map((p) => ({ value: p.id, text: p.name }))]} />
        <Field id="what" label={t("What")} value={what} onValue={change} required choices={[choose, ...Object.entries(ACTS).map(([value, a]) => ({ value, text: t(a.text) })), ...Object.entries(STOPS).map(([value, text]) => ({ value, text: t(text) }))]} />
        <Field id="how" label={t("How")} value={how} onValue={setHow} required
          choices={[choose, { value: String(Obtained.PAPER), text: t("on paper") }, { value: String(Obtained.ORAL), text: t("by word of mouth") }]} />
        <Field id="when" type="date" label={t("When")} value={when} onValue={setWhen} required />
        {what === "earlier" && <Field id="narrow" type="date" label={t("Before the day")} value={until} onValue={setUntil} required />}
        {targets(what, grants.filter(open)).length > 0 && <Field id="target" label={t("What is stopped")} value={target} onValue={setTarget} required choices={[choose, ...targets(what, grants.filter(open))]} />}
      </div>
      {act && (
        <fieldset class="ds-fieldset stack">
          <legend class="ds-label">{t("To which questions")}</legend>
          {offered.length === 0 && <p>{t("There is nothing that this could be said about.")}</p>}
          {offered.map((g) => (
            <label key={g.grantId} class="row">
              <input type="checkbox" class="ds-input" checked={chosen.includes(g.grantId)}
                onChange={(e) => setChosen(e.currentTarget.checked ? [...chosen, g.grantId] : chosen.filter((x) => x !== g.grantId))} />
              <span class="grow">
                <Name>{line(g)}</Name>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {what.startsWith("stop") && <p>{t("It is stopped when the page says so. What was already shared is asked back.")}</p>}
    </ActForm>
  );
}
