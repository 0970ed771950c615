// SPDX-License-Identifier: EUPL-1.2
// Who takes part in the case: authorities, their contact officers, and the coordinators.
import { useState } from "preact/hooks";
import { type Case, SetMembersSchema } from "../../gen/sluss/v1/case_pb";
import { t } from "../i18n";
import { session } from "../session";
import { Field, Name } from "../ui/parts";
import { ActForm } from "./act";
import { cases, state } from "./clients";
import { agencyName, hasLeft, possibleMembers, words } from "./names";

// One field an authority; a coordinator is a contact officer of the leading authority, too.
export function membersOf(contacts: Record<string, string>, own: string, leads: string) {
  const officers = { ...contacts, [own]: [...new Set([...words(contacts[own] ?? ""), ...words(leads)])].join(" ") };
  return Object.entries(officers).flatMap(([agencyId, ids]) => (words(ids).length > 0 ? [{ agencyId, contactOfficerIds: words(ids) }] : []));
}

export function ContactFields({ contacts, onChange }: { contacts: Record<string, string>; onChange: (agencyId: string, officers: string) => void }) {
  return (
    <div class="filters">
      {possibleMembers().map((a) => (
        <Field key={a.agencyId} id={`contact-${a.agencyId}`} label={agencyName(a.agencyId)} value={contacts[a.agencyId] ?? ""} onValue={(v) => onChange(a.agencyId, v)} />
      ))}
    </div>
  );
}

export function Members({ current, may, again }: { current: Case; may: boolean; again: () => void }) {
  const [contacts, setContacts] = useState(() => Object.fromEntries(current.members.map((m) => [m.agencyId, m.contactOfficerIds.join(", ")])));
  const [leads, setLeads] = useState(current.coordinatorOfficerIds.join(", "));
  async function record() {
    const members = membersOf(Object.fromEntries(Object.entries(contacts).filter(([id]) => !hasLeft(id))), session.value?.agencyId ?? "", leads);
    await cases.setMembers({ statement: await state(SetMembersSchema, { caseId: current.caseId, members, coordinatorOfficerIds: words(leads) }) });
    again();
  }
  return (
    <div class="stack">
      <h2 class="ds-heading" data-size="sm">
        {t("Members and their contact officers")}
      </h2>
      <dl class="facts">
        {current.members.map((m) => (
          <>
            <dt>
              <Name>{agencyName(m.agencyId)}</Name>
            </dt>
            <dd>
              <Name>{m.contactOfficerIds.join(", ")}</Name> {hasLeft(m.agencyId) && t("Has left the exchange.")}
            </dd>
          </>
        ))}
        <dt>{t("Coordinators")}</dt>
        <dd>
          <Name>{current.coordinatorOfficerIds.join(", ")}</Name>
        </dd>
      </dl>
      {may && (
        <ActForm label={t("Change the members")} button={t("Record the members")} what={record}>
          <h2 class="ds-heading" data-size="sm">
            {t("Change the members")}
          </h2>
          <p>{t("Write the officer's id beside each authority that takes part. Leave the others empty.")} {t("Who is taken away gets nothing more.")}</p>
          <ContactFields contacts={contacts} onChange={(id, v) => setContacts((all) => ({ ...all, [id]: v }))} />
          <Field id="leads" label={t("Coordinators (two, so that one can cover for the other)")} value={leads} onValue={setLeads} required />
        </ActForm>
      )}
    </div>
  );
}
