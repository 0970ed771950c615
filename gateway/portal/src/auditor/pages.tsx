// SPDX-License-Identifier: EUPL-1.2
// An auditor's pages: no names, no content, and every look is an entry of the log.
import { t } from "../i18n";
import { href, route } from "../route";
import { Alert, Tabs } from "../ui/parts";
import { Counts } from "./counts";
import { Disclosures } from "./disclosures";
import { Health } from "./health";
import { OverdueRecalls } from "./recalls";
import { Timeline } from "./timeline";

export function AuditorPages() {
  const { path, query } = route.use();
  const here = path[0] ?? "log";
  const kind = here !== "disclosures" ? "" : query.get("which") === "2" ? "denials" : query.get("ground") === "2" ? "statutory" : "all";
  return (
    <div class="page wide stack">
      <Tabs
        label={t("Pages")}
        pages={[
          { to: href("log"), text: t("The log"), here: here === "log" },
          { to: href("disclosures"), text: t("Disclosures"), here: kind === "all" },
          { to: `${href("disclosures")}?which=2`, text: t("Denials"), here: kind === "denials" },
          { to: `${href("disclosures")}?which=1&ground=2`, text: t("By law, without consent"), here: kind === "statutory" },
          { to: href("recalls"), text: t("Overdue recalls"), here: here === "recalls" },
          { to: href("case"), text: t("One case"), here: here === "case" },
          { to: href("counts"), text: t("Counts"), here: here === "counts" },
        ]}
      />
      <Alert kind="info">{t("Every look at these pages is written in the log.")}</Alert>
      {here === "disclosures" ? <Disclosures /> : here === "recalls" ? <OverdueRecalls /> : here === "case" ? <Timeline /> : here === "counts" ? <Counts /> : <Health />}
    </div>
  );
}
