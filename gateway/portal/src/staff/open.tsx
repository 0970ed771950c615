// SPDX-License-Identifier: EUPL-1.2
// Opening a case: who it is about, the registered guardians, the members with their contact officers, and who leads.
import { useState } from "preact/hooks";
import { OpenCaseSchema } from "../../gen/sluss/v1/case_pb";
import { LANGUAGES, t } from "../i18n";
import { go } from "../route";
import { session } from "../session";
import { Button, Field, Loading, Name, Title, useLoaded } from "../ui/parts";
import { ActForm } from "./act";
import { cases, state } from "./clients";
import { ContactFields, membersOf } from "./members";
import { agencyName, loadAgencies, words } from "./names";

export interface Someone {
  id: string;
  name: string;
  number: string;
  born: string;
  language: string;
}

export function someone(): Someone {
  return { id: crypto.randomUUID(), name: "", number: "", born: "", language: "sv" };
}

export function PersonFields({ who, subject, onChange }: { who: Someone; subject: boolean; onChange: (more: Partial<Someone>) => void }) {
  const set = onChange;
  return (
    <div class="filters">
      <Field id={`name-${who.id}`} label={t("Name")} value={who.name} onValue={(name) => set({ name })} required />
      <Field id={`number-${who.id}`} label={t("Personal identity number, twelve digits")} value={who.number} onValue={(v) => set({ number: v.replace(/\D/g, "") })} />
      {subject && <Field id={`born-${who.id}`} type="date" label={t("Born")} value={who.born} onValue={(born) => set({ born })} required />}
      <Field id={`language-${who.id}`} label={t("Language")} value={who.language} onValue={(language) => set({ language })} choices={LANGUAGES.map((l) => ({ value: l.code, text: l.name }))} />
    </div>
  );
}

export function personOf(who: Someone) {
  return { personId: who.id, name: who.name, personalIdentityNumber: who.number, birthDate: who.born, language: who.language };
}

export function OpenForm() {
  const agencies = useLoaded(async () => (await loadAgencies(), true), "agencies");
  const own = session.value?.agencyId ?? "";
  const [caseId] = useState(() => crypto.randomUUID());
  const [programme, setProgramme] = useState("SIG_YOUTH");
  const [subject, setSubject] = useState(someone);
  const [guardians, setGuardians] = useState<Someone[]>([]);
  const [contacts, setContacts] = useState<Record<string, string>>({ [own]: session.value?.officerId ?? "" });
  const [leads, setLeads] = useState(session.value?.officerId ?? "");
  const [hidden, setHidden] = useState(false);
  async function open() {
    const statement = await state(OpenCaseSchema, {
      caseId, programme, subject: personOf(subject), guardians: guardians.map(personOf), members: membersOf(contacts, own, leads), coordinatorOfficerIds: words(leads), protectedIdentity: hidden,
    });
    await cases.open({ statement });
    go("case", caseId);
  }
  return (
    <>
      <Title>{t("Open a case")}</Title>
      <ActForm label={t("Open a case")} button={t("Open the case")} what={open}>
        <Field id="programme" label={t("Programme")} value={programme} onValue={setProgramme} choices={["SIG_YOUTH", "SIG_YOUNG_ADULTS", "SSPF"].map((p) => ({ value: p, text: p }))} />
        <fieldset class="ds-fieldset stack">
          <legend class="ds-label">{t("Whom it is about")}</legend>
          <PersonFields who={subject} subject onChange={(more) => setSubject((s) => ({ ...s, ...more }))} />
          <label class="row">
            <input type="checkbox" class="ds-input" checked={hidden} onChange={(e) => setHidden(e.currentTarget.checked)} /> {t("Protected identity")}
          </label>
        </fieldset>
        <fieldset class="ds-fieldset stack">
          <legend class="ds-label">{t("Registered guardians")}</legend>
          {guardians.map((g) => (
            <div key={g.id} class="stack">
              <PersonFields who={g} subject={false} onChange={(more) => setGuardians((all) => all.map((x) => (x.id === g.id ? { ...x, ...more } : x)))} />
              <div>
                <Button kind="tertiary" small onClick={() => setGuardians(guardians.filter((x) => x.id !== g.id))}>
                  {t("Remove")}
                </Button>
              </div>
            </div>
          ))}
          <div>
            <Button kind="secondary" small onClick={() => setGuardians([...guardians, someone()])}>
              {t("Add a guardian")}
            </Button>
          </div>
        </fieldset>
        <fieldset class="ds-fieldset stack">
          <legend class="ds-label">{t("Members and their contact officers")}</legend>
          <p>{t("Write the officer's id beside each authority that takes part. Leave the others empty.")}</p>
          <Loading of={agencies}>{() => <ContactFields contacts={contacts} onChange={(id, v) => setContacts((all) => ({ ...all, [id]: v }))} />}</Loading>
        </fieldset>
        <Field id="leads" label={t("Coordinators (two, so that one can cover for the other)")} value={leads} onValue={setLeads} required />
        <p class="quiet">
          {t("Authority that leads:")} <Name>{agencyName(own)}</Name>
        </p>
      </ActForm>
    </>
  );
}
