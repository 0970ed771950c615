// SPDX-License-Identifier: EUPL-1.2
// The agency's own cases, without names.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Phase } from "../../gen/sluss/v1/common_pb";
import { t } from "../i18n";
import { href } from "../route";
import { Alert, Link, Name, Paged, Title } from "../ui/parts";
import { phase } from "../words";
import { cases, day, now } from "./clients";
import { isSoon } from "./soon";

export function CaseList() {
  return (
    <>
      <Title>{t("Cases")}</Title>
      <Paged
        none={t("There are no cases.")}
        load={async (pageToken) => {
          const [page, at] = await Promise.all([cases.list({ pageToken }), now()]);
          return { rows: page.cases.map((c) => ({ ...c, soon: isSoon(c.nextGrantEnd, timestampDate(at)) })), next: page.nextPageToken };
        }}
      >
        {(rows) => (
          <ul class="cards">
            {rows.map((c) => (
              <li key={c.caseId} class="ds-card stack">
                <Link to={href("case", c.caseId)}>
                  <Name>{c.caseId}</Name>
                </Link>
                <p>
                  <Name>{c.programme}</Name>: <span class="ds-tag" data-color={c.phase === Phase.CLOSING ? "warning" : "neutral"}>{phase(c.phase)}</span> {c.protectedIdentity && t("Protected person.")}
                </p>
                {c.soon && <Alert kind="warning">{t("A consent ends soon: {day}", { day: day(c.nextGrantEnd) })}</Alert>}
              </li>
            ))}
          </ul>
        )}
      </Paged>
    </>
  );
}
