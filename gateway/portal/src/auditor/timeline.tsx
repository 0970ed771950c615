// SPDX-License-Identifier: EUPL-1.2
// Everything that the log says of one case, in order, without names.
import { t } from "../i18n";
import { route, setQuery } from "../route";
import { Field, Name, Paged, Title } from "../ui/parts";
import { audit, moment } from "./clients";

export function Timeline() {
  const { query } = route.use();
  const id = query.get("id") ?? "";
  return (
    <>
      <Title>{t("One case")}</Title>
      <Field id="case" label={t("Number of the case")} value={id} onValue={(v) => setQuery("id", v.trim())} />
      {id !== "" && (
        <Paged
          key={id}
          none={t("Nothing was found.")}
          load={async (pageToken) => {
            const page = await audit.getTimeline({ caseId: id, pageToken });
            return { rows: page.entries, next: page.nextPageToken };
          }}
        >
          {(rows) => (
            <ol class="cards">
              {rows.map((e) => (
                <li key={String(e.logIndex)}>
                  <strong>
                    <Name>{e.event}</Name>
                  </strong>{" "}
                  {moment(e.at)}, {t("entry {entry}", { entry: String(e.logIndex) })}
                  <details class="ds-details">
                    <summary>{t("The entry itself")}</summary>
                    <pre class="code" dir="ltr">{e.json}</pre>
                  </details>
                </li>
              ))}
            </ol>
          )}
        </Paged>
      )}
    </>
  );
}
