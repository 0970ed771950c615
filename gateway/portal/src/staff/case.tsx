// SPDX-License-Identifier: EUPL-1.2
// One case, as its coordinator leads it.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { t } from "../i18n";
import { href } from "../route";
import { Link, Loading, Name, Tabs, Title, useLoaded } from "../ui/parts";
import { phase } from "../words";
import { cases, consents, now } from "./clients";
import { ConsentForm } from "./consent";
import { Grants } from "./grants";
import { Lead } from "./lead";
import { everybody, Persons } from "./persons";
import { Statutory } from "./statutory";

// Names are for the leading agency's coordinators; others see ids.
async function names(caseId: string) {
  try {
    return await cases.getPersons({ caseId });
  } catch (error) {
    if ([Code.Unimplemented, Code.PermissionDenied, Code.NotFound].includes(ConnectError.from(error).code)) return undefined;
    throw error;
  }
}

async function load(caseId: string) {
  const [shown, persons, list, at] = await Promise.all([cases.get({ caseId }), names(caseId), consents.list({ caseId }), now()]);
  return { current: shown.case, persons, list: list.consents, at: timestampDate(at) };
}

export function CasePage({ id, part }: { id: string; part: string }) {
  const found = useLoaded(() => load(id), id);
  const tab = (name: string, text: string) => ({ to: name === "" ? href("case", id) : href("case", id, name), text, here: part === name });
  return (
    <>
      <Tabs
        label={t("About the case")}
        pages={[tab("", t("Persons")), tab("grants", t("Agreements")), tab("consent", t("A new consent")), tab("law", t("By law, without consent")), tab("lead", t("Phase and protection"))]}
      />
      <Loading of={found}>
        {({ current, persons, list, at }) => {
          if (!current) return <p>{t("Nothing was found.")}</p>;
          const known = everybody(current, persons?.subject, persons?.guardians ?? []);
          const subject = known[0]?.name ?? id;
          return (
            <>
              <Title>{t("Case about {name}", { name: subject })}</Title>
              <p>
                <Name>{current.programme}</Name>: {phase(current.phase)}. {current.protectedIdentity && t("Protected person.")}
              </p>
              {part === "grants" ? (
                <Grants current={current} list={list} persons={known} at={at} again={found.again} />
              ) : part === "consent" ? (
                <ConsentForm current={current} at={at} again={found.again} />
              ) : part === "law" ? (
                <Statutory current={current} />
              ) : part === "lead" ? (
                <Lead key={String(persons?.loginLocked)} current={current} persons={known} lockedNow={persons?.loginLocked} again={found.again} />
              ) : (
                <>
                  <Persons current={current} persons={known} />
                  <h2 class="ds-heading" data-size="sm">
                    {t("Members and their contact officers")}
                  </h2>
                  <ul>
                    {current.members.map((m) => (
                      <li key={m.agencyId}>
                        <Name>{m.agencyId}</Name>: <Name>{m.contactOfficerIds.join(", ")}</Name>
                      </li>
                    ))}
                  </ul>
                </>
              )}
              <Link to={href("cases")}>{t("Back")}</Link>
            </>
          );
        }}
      </Loading>
    </>
  );
}
