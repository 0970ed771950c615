// SPDX-License-Identifier: EUPL-1.2
// Everything that the log says of one case, newest first, without names.
import { useState } from "preact/hooks";
import { type Fault, faultOf } from "../faults";
import { save } from "../download";
import { t } from "../i18n";
import { route, setQuery } from "../route";
import { Button, Field, Name, Paged, Problem, Title } from "../ui/parts";
import { audit, moment } from "./clients";
import { eventText } from "./words";

function Proof({ entry }: { entry: bigint }) {
  const [fault, setFault] = useState<Fault>();
  async function fetchProof() {
    try {
      const found = await audit.getProof({ logIndex: entry });
      save(`${entry}.tlog-proof`, "text/plain;charset=utf-8", found.receipt?.tlogProof ?? "");
      setFault(undefined);
    } catch (error) {
      setFault(faultOf(error));
    }
  }
  return (
    <>
      <Problem fault={fault} />
      <Button kind="secondary" small onClick={() => void fetchProof()} label={t("Download proof of entry {entry}", { entry: String(entry) })}>
        {t("Download proof")}
      </Button>
    </>
  );
}

// Indented, so that it can be read.
function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 1);
  } catch {
    return json;
  }
}

export function Timeline() {
  const { query } = route.use();
  const id = query.get("id") ?? "";
  return (
    <>
      <Title>{t("One case")}</Title>
      <Field id="case" label={t("Number of the case")} value={id} onValue={(v) => setQuery("id", v.trim())} />
      {id === "" && <p>{t("Paste the number of a case, or choose one from a disclosure.")}</p>}
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
            <ol class="timeline">
              {rows.map((e) => (
                <li key={String(e.logIndex)}>
                  <strong>{eventText(e.event)}</strong>
                  <span class="quiet">
                    {moment(e.at)}, {t("entry {entry}", { entry: String(e.logIndex) })} (<Name>{e.event}</Name>)
                  </span>
                  <details>
                    <summary>{t("The entry itself")}</summary>
                    <pre class="code" dir="ltr">{pretty(e.json)}</pre>
                    <Proof entry={e.logIndex} />
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
