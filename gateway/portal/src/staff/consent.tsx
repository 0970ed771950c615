// SPDX-License-Identifier: EUPL-1.2
// A consent that is explicit by construction: one kind of information, one sender, receivers one by one, one purpose, a beginning and an end. There is no "all".
import { type Timestamp } from "@bufbuild/protobuf/wkt";
import { useState } from "preact/hooks";
import { type Case } from "../../gen/sluss/v1/case_pb";
import { Purpose } from "../../gen/sluss/v1/common_pb";
import { Obtained, RecordConsentSchema } from "../../gen/sluss/v1/consent_pb";
import { isLanguage, type Language, LANGUAGES, language, t, textsIn } from "../i18n";
import { Button, Field, Loading, Name, useLoaded } from "../ui/parts";
import { category, CATEGORY_NAMES, purpose } from "../words";
import { ActForm } from "./act";
import { consents, dayStart, dayText, now, state } from "./clients";
import { ConsentText, consentText, type Draft, draft, hashOf, TEXT_VERSION } from "./text";
import { agencyName } from "./names";
import { type Known } from "./persons";

function DraftFields({ current, of, onChange }: { current: Case; of: Draft; onChange: (more: Partial<Draft>) => void }) {
  const set = onChange;
  const members = current.members.map((m) => m.agencyId);
  const choose = { value: "", text: t("Choose") };
  return (
    <div class="ds-card stack">
      <div class="filters">
        <Field id={`category-${of.id}`} label={t("Kind of information")} value={of.category} onValue={(v) => set({ category: v })} required choices={[choose, ...CATEGORY_NAMES.map((c) => ({ value: c, text: category(c) }))]} />
        <Field id={`sender-${of.id}`} label={t("From")} value={of.sender} onValue={(sender) => set({ sender, receivers: of.receivers.filter((r) => r !== sender) })} required
          choices={[choose, ...members.map((m) => ({ value: m, text: agencyName(m) }))]} />
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
            <Name>{agencyName(m)}</Name>
          </label>
        ))}
      </fieldset>
      {current.protectedIdentity && (
        <label class="row">
          <input type="checkbox" class="ds-input" checked={of.marked} onChange={(e) => set({ marked: e.currentTarget.checked })} />
          <span class="grow">{t("The protected person agreed to share this in so many words.")}</span>
        </label>
      )}
    </div>
  );
}

export function ConsentForm({ current, persons, at, again }: { current: Case; persons: Known[]; at: Date; again: () => void }) {
  const [drafts, setDrafts] = useState(() => [draft(at)]);
  const [how, setHow] = useState("");
  const [when, setWhen] = useState(dayText(at));
  const [consentId, setConsentId] = useState(() => crypto.randomUUID());
  const [spoken, setSpoken] = useState<Language>(language.value);
  const [moment, setMoment] = useState<Timestamp>(); // of a question on a screen; stays until it is answered, so that asking again is the same
  const texts = useLoaded(() => textsIn(spoken), spoken);
  async function record() {
    if (!texts.value) return;
    const asked = moment ?? (await now());
    setMoment(asked);
    const text = await hashOf(consentText(texts.value, drafts));
    const obtained = Number(how) as Obtained;
    const began = dayStart(when);
    const grants = drafts.map((d) => {
      const from = dayStart(d.from);
      const until = dayStart(d.until);
      return { category: d.category, senderAgencyId: d.sender, receiverAgencyIds: d.receivers, purpose: Number(d.purpose) as Purpose, protectedMark: d.marked, ...(from ? { from } : {}), ...(until ? { until } : {}) };
    });
    await consents.record({
      statement: await state(RecordConsentSchema, {
        consentId, caseId: current.caseId, textVersion: TEXT_VERSION, textLanguage: texts.value.code, textHash: obtained === Obtained.ORAL ? new Uint8Array() : text, obtained,
        obtainedAt: obtained === Obtained.ELECTRONIC || began === undefined ? asked : began, grants,
      }),
    });
    setConsentId(crypto.randomUUID());
    setMoment(undefined);
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
        <Field id="text-language" label={t("Language of the text")} value={spoken} onValue={(v) => isLanguage(v) && setSpoken(v)} choices={LANGUAGES.map((l) => ({ value: l.code, text: l.name }))} />
        {how !== "" && how !== String(Obtained.ELECTRONIC) && <Field id="obtained-at" type="date" label={t("When")} value={when} onValue={setWhen} required />}
      </div>
      <Loading of={texts}>{(found) => <ConsentText texts={found} drafts={drafts} who={persons.filter((p) => current.requiredPersonIds.includes(p.id))} />}</Loading>
      <p>{t("Recording permits nothing yet: each person has to say yes first.")}</p>
    </ActForm>
  );
}
