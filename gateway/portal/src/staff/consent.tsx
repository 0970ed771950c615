// SPDX-License-Identifier: EUPL-1.2
// A consent that is explicit by construction: one kind of information, one sender, receivers one by one, one purpose, a beginning and an end. There is no "all".
import { useState } from "preact/hooks";
import { type Case } from "../../gen/sluss/v1/case_pb";
import { Purpose } from "../../gen/sluss/v1/common_pb";
import { Obtained, RecordConsentSchema } from "../../gen/sluss/v1/consent_pb";
import { date, language, t } from "../i18n";
import { Button, Field, Name } from "../ui/parts";
import { category, CATEGORY_NAMES, purpose } from "../words";
import { ActForm } from "./act";
import { consents, dayStart, dayText, now, state } from "./clients";

const TEXT_VERSION = "2026-1";

interface Draft {
  id: string;
  category: string;
  sender: string;
  receivers: string[];
  purpose: string;
  from: string;
  until: string;
  marked: boolean;
}

function draft(from: Date): Draft {
  return { id: crypto.randomUUID(), category: "", sender: "", receivers: [], purpose: "", from: dayText(from), until: "", marked: false };
}

function complete(d: Draft): boolean {
  return d.category !== "" && d.sender !== "" && d.receivers.length > 0 && d.purpose !== "" && d.from !== "" && d.until !== "";
}

// What is read by, or to, who is asked: its hash goes into the record.
function consentText(drafts: Draft[]): string {
  return drafts
    .filter(complete)
    .map((d) =>
      t("{sender} may share {what} with {receivers}, {purpose}, from {from} until {until}.", {
        sender: d.sender, what: category(d.category), receivers: d.receivers.join(", "), purpose: purpose(Number(d.purpose) as Purpose), from: date(new Date(d.from)), until: date(new Date(d.until)),
      }),
    )
    .concat(t("You may say no. You may stop it whenever you want, without saying why."))
    .join("\n");
}

function DraftFields({ current, of, onChange }: { current: Case; of: Draft; onChange: (more: Partial<Draft>) => void }) {
  const set = onChange;
  const members = current.members.map((m) => m.agencyId);
  const choose = { value: "", text: t("Choose") };
  return (
    <div class="ds-card stack">
      <div class="filters">
        <Field id={`category-${of.id}`} label={t("Kind of information")} value={of.category} onValue={(v) => set({ category: v })} required choices={[choose, ...CATEGORY_NAMES.map((c) => ({ value: c, text: category(c) }))]} />
        <Field id={`sender-${of.id}`} label={t("From")} value={of.sender} onValue={(sender) => set({ sender, receivers: of.receivers.filter((r) => r !== sender) })} required
          choices={[choose, ...members.map((m) => ({ value: m, text: m }))]} />
        <Field id={`purpose-${of.id}`} label={t("Why")} value={of.purpose} onValue={(v) => set({ purpose: v })} required
          choices={[choose, ...[Purpose.COORDINATION, Purpose.ASSESSMENT, Purpose.PROTECTION, Purpose.FOLLOW_UP].map((p) => ({ value: String(p), text: purpose(p) }))]} />
        <Field id={`from-${of.id}`} type="date" label={t("From the day")} value={of.from} onValue={(from) => set({ from })} required />
        <Field id={`until-${of.id}`} type="date" label={t("Before the day")} value={of.until} onValue={(until) => set({ until })} required />
      </div>
      <fieldset class="ds-fieldset stack">
        <legend class="ds-label">{t("To, one by one")}</legend>
        {members.filter((m) => m !== of.sender).map((m) => (
          <label key={m} class="row">
            <input type="checkbox" class="ds-input" checked={of.receivers.includes(m)} onChange={(e) => set({ receivers: e.currentTarget.checked ? [...of.receivers, m] : of.receivers.filter((r) => r !== m) })} />
            <Name>{m}</Name>
          </label>
        ))}
      </fieldset>
      {current.protectedIdentity && (
        <label class="row">
          <input type="checkbox" class="ds-input" checked={of.marked} onChange={(e) => set({ marked: e.currentTarget.checked })} />
          <span>{t("The protected person agreed to share this in so many words.")}</span>
        </label>
      )}
    </div>
  );
}

export function ConsentForm({ current, at, again }: { current: Case; at: Date; again: () => void }) {
  const [drafts, setDrafts] = useState(() => [draft(at)]);
  const [how, setHow] = useState("");
  const [when, setWhen] = useState(dayText(at));
  const [consentId, setConsentId] = useState(() => crypto.randomUUID());
  const shown = consentText(drafts);
  async function record() {
    const moment = await now();
    const text = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(shown)));
    const obtained = Number(how) as Obtained;
    const began = dayStart(when);
    const grants = drafts.map((d) => {
      const from = dayStart(d.from);
      const until = dayStart(d.until);
      return { category: d.category, senderAgencyId: d.sender, receiverAgencyIds: d.receivers, purpose: Number(d.purpose) as Purpose, protectedMark: d.marked, ...(from ? { from } : {}), ...(until ? { until } : {}) };
    });
    await consents.record({
      statement: await state(RecordConsentSchema, {
        consentId, caseId: current.caseId, textVersion: TEXT_VERSION, textLanguage: language.value, textHash: obtained === Obtained.ORAL ? new Uint8Array() : text, obtained,
        obtainedAt: obtained === Obtained.ELECTRONIC || began === undefined ? moment : began, grants,
      }),
    });
    setConsentId(crypto.randomUUID());
    setDrafts([draft(at)]);
    again();
  }
  return (
    <ActForm label={t("A new consent")} button={t("Record the questions")} what={record}>
      {drafts.map((d) => (
        <div key={d.id} class="stack">
          <DraftFields current={current} of={d} onChange={(more) => setDrafts((all) => all.map((x) => (x.id === d.id ? { ...x, ...more } : x)))} />
          {drafts.length > 1 && (
            <div>
              <Button kind="tertiary" small onClick={() => setDrafts(drafts.filter((x) => x.id !== d.id))}>
                {t("Remove")}
              </Button>
            </div>
          )}
        </div>
      ))}
      <div>
        <Button kind="secondary" small onClick={() => setDrafts([...drafts, draft(at)])}>
          {t("Add a question")}
        </Button>
      </div>
      <div class="filters">
        <Field id="obtained" label={t("How they answer")} value={how} onValue={setHow} required
          choices={[{ value: "", text: t("Choose") }, { value: String(Obtained.ELECTRONIC), text: t("each by themselves, on a screen") }, { value: String(Obtained.PAPER), text: t("on paper") }, { value: String(Obtained.ORAL), text: t("by word of mouth") }]} />
        {how !== "" && how !== String(Obtained.ELECTRONIC) && <Field id="obtained-at" type="date" label={t("When")} value={when} onValue={setWhen} required />}
      </div>
      <section class="stack" aria-labelledby="consent-text">
        <h2 class="ds-heading" data-size="xs" id="consent-text">
          {t("The text that is asked, version {version}", { version: TEXT_VERSION })}
        </h2>
        {shown.split("\n").map((line) => (
          <p key={line}>{line}</p>
        ))}
        <div class="no-print">
          <Button kind="secondary" small onClick={() => print()}>
            {t("Print")}
          </Button>
        </div>
      </section>
      <p>{t("Recording permits nothing yet: each person has to say yes first.")}</p>
    </ActForm>
  );
}
