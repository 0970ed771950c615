// SPDX-License-Identifier: EUPL-1.2
// What was shared and what was refused, newest first. Never content.
import { useState } from "preact/hooks";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Ground } from "../../gen/sluss/v1/common_pb";
import { type GetOverviewResponse, type PersonCase, type PersonDisclosure } from "../../gen/sluss/v1/person_pb";
import { type Fault, faultOf } from "../faults";
import { dateTime, t } from "../i18n";
import { Button, Loading, Name, Problem, Title, useLoaded } from "../ui/parts";
import { category, purpose } from "../words";
import { agencyName } from "./names";
import { person } from "./pages";

function groundText(row: PersonDisclosure): string {
  if (!row.released) return t("Refused: nothing was shared");
  if (row.ground === Ground.STATUTORY) return t("A law allows it ({law})", { law: row.provision });
  return t("You agreed");
}

export function Shared({ seen, current }: { seen: GetOverviewResponse; current: PersonCase }) {
  const [more, setMore] = useState<PersonDisclosure[]>([]);
  const [token, setToken] = useState<string>();
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const first = useLoaded(() => person.listDisclosures({ caseId: current.caseId, pageSize: 50 }), current.caseId);
  async function next(from: string) {
    setBusy(true);
    try {
      const page = await person.listDisclosures({ caseId: current.caseId, pageSize: 50, pageToken: from });
      setMore([...more, ...page.disclosures]);
      setToken(page.nextPageToken);
      setFault(undefined);
    } catch (error) {
      setFault(faultOf(error));
    }
    setBusy(false);
  }
  return (
    <>
      <Title>{t("What was shared")}</Title>
      <p>{t("Here you see who sent what kind of information to whom. What it said is not shown.")}</p>
      <Loading of={first}>
        {(page) => {
          const rows = [...page.disclosures, ...more];
          const from = token ?? page.nextPageToken;
          return (
            <>
              {rows.length === 0 && <p>{t("Nothing has been shared.")}</p>}
              <ol class="cards" reversed>
                {rows.map((r) => (
                  <li key={`${r.logIndex} ${r.category} ${r.recipientAgencyId}`} class="ds-card stack" data-color={r.released ? "neutral" : "warning"}>
                    <h2 class="ds-heading" data-size="xs">
                      {category(r.category)}
                    </h2>
                    <dl class="facts">
                      <dt>{t("When")}</dt>
                      <dd>{r.at && dateTime(timestampDate(r.at))}</dd>
                      <dt>{t("From")}</dt>
                      <dd>
                        <Name>{agencyName(seen, r.senderAgencyId)}</Name>
                      </dd>
                      <dt>{t("To")}</dt>
                      <dd>
                        <Name>{agencyName(seen, r.recipientAgencyId)}</Name>
                      </dd>
                      <dt>{t("Why")}</dt>
                      <dd>{purpose(r.purpose)}</dd>
                      <dt>{t("What allowed it")}</dt>
                      <dd>{groundText(r)}</dd>
                    </dl>
                  </li>
                ))}
              </ol>
              <Problem fault={fault} />
              {from !== "" && (
                <Button kind="secondary" busy={busy} onClick={() => void next(from)}>
                  {t("Show more")}
                </Button>
              )}
            </>
          );
        }}
      </Loading>
    </>
  );
}
