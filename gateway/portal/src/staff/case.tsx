// SPDX-License-Identifier: EUPL-1.2
// One case, as its coordinator leads it.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { t } from "../i18n";
import { href } from "../route";
import { Alert, Link, Loading, Name, Tabs, Title, useLoaded } from "../ui/parts";
import { phase } from "../words";
import { stopped } from "./assess";
import { cases, consents, now } from "./clients";
import { ConsentForm } from "./consent";
import { Grants } from "./grants";
import { Guardians, Maturity } from "./guardians";
import { Lead } from "./lead";
import { Members } from "./members";
import { loadAgencies } from "./names";
import { everybody, Persons } from "./persons";
import { ConsentCopy } from "./receipt";
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
  const [shown, persons, list, at] = await Promise.all([cases.get({ caseId }), names(caseId), consents.list({ caseId }), now(), loadAgencies()]);
  return { current: shown.case, persons, list: list.consents, at: timestampDate(at) };
}

export function CasePage({ id, path }: { id: string; path: string[] }) {
  const found = useLoaded(() => load(id), id);
  const part = path[0] ?? "";
  const tab = (name: string, text: string) => ({ to: name === "" ? href("case", id) : href("case", id, name), text, here: part === name });
  return (
    <>
      <Tabs
        label={t("About the case")}
        pages={[
          tab("", t("Persons")), tab("members", t("Members")), tab("grants", t("Consents")), tab("consent", t("A new consent")), tab("law", t("By law, without consent")),
          tab("lead", t("Phase and protection")),
        ]}
      />
      <Loading of={found}>
        {({ current, persons, list, at }) => {
          if (!current) return <p>{t("Nothing was found.")}</p>;
          const known = everybody(current, persons?.subject, persons?.guardians ?? []);
          const may = persons !== undefined; // a coordinator of this case
          const again = found.again;
          return (
            <>
              <div class={part === "consent" || part === "receipt" ? "no-print" : ""}>
                <Title>{may ? t("Case about {name}", { name: known[0]?.name ?? id }) : t("Case")}</Title>
              </div>
              {!may && (
                <p class="quiet">
                  <Name>{id}</Name>
                </p>
              )}
              <p class="no-print">
                <Name>{current.programme}</Name>: {phase(current.phase)}. {current.protectedIdentity && t("Protected person.")}
              </p>
              {stopped(list).length > 0 && part !== "lead" && part !== "receipt" && (
                <div class="no-print">
                  <Alert kind="info">
                    {t("Something was stopped in this case.")} <Link to={href("case", id, "lead")}>{t("Assess whether the work can go on")}</Link>
                  </Alert>
                </div>
              )}
              {part === "grants" ? (
                <Grants current={current} list={list} persons={known} at={at} again={again} />
              ) : part === "consent" ? (
                <ConsentForm current={current} persons={known} at={at} again={again} />
              ) : part === "law" ? (
                <Statutory current={current} at={at} />
              ) : part === "lead" ? (
                <Lead key={String(may)} current={current} persons={known} list={list} lockedNow={persons?.loginLocked} limits={persons?.viewLimits ?? []} again={again} />
              ) : part === "members" ? (
                <Members current={current} may={may} again={again} />
              ) : part === "receipt" ? (
                <ConsentCopy consentId={path[1] ?? ""} personId={path[2] ?? ""} caseId={id} persons={known} language={[persons?.subject, ...(persons?.guardians ?? [])].find((p) => p?.personId === path[2])?.language ?? ""} />
              ) : (
                <>
                  <Persons current={current} persons={known} />
                  {may && (
                    <>
                      <h2 class="ds-heading no-print" data-size="sm">
                        {t("Registered guardians")}
                      </h2>
                      <Guardians current={current} persons={known} again={again} />
                      <h2 class="ds-heading no-print" data-size="sm">
                        {t("Assessment of maturity")}
                      </h2>
                      <Maturity current={current} at={at} again={again} />
                    </>
                  )}
                </>
              )}
              <div class="no-print">
                <Link to={href("cases")}>{t("Back")}</Link>
              </div>
            </>
          );
        }}
      </Loading>
    </>
  );
}
