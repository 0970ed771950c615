// SPDX-License-Identifier: EUPL-1.2
// A coordinator's pages.
import { t } from "../i18n";
import { href, route } from "../route";
import { Tabs } from "../ui/parts";
import { CaseList } from "./cases";
import { CasePage } from "./case";
import { OpenForm } from "./open";

export function StaffPages() {
  const { path } = route.use();
  const id = path[0] === "case" ? path[1] : undefined;
  return (
    <div class="page stack">
      <Tabs
        label={t("Pages")}
        pages={[
          { to: href("cases"), text: t("Cases"), here: path[0] !== "open" },
          { to: href("open"), text: t("Open a case"), here: path[0] === "open" },
        ]}
      />
      {id !== undefined ? <CasePage key={id} id={id} path={path.slice(2)} /> : path[0] === "open" ? <OpenForm /> : <CaseList />}
    </div>
  );
}
