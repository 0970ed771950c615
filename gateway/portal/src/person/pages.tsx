// SPDX-License-Identifier: EUPL-1.2
// A person's pages: what I agreed to, what was shared, what was asked back.
import { createClient } from "@connectrpc/connect";
import { PersonService } from "../../gen/sluss/v1/person_pb";
import { language, t } from "../i18n";
import { href, route } from "../route";
import { transport } from "../session";
import { Alert, Loading, Name, Tabs, Title, useLoaded } from "../ui/parts";
import { CaseView } from "./case";
import { Notices } from "./notices";
import { ReceiptPage } from "./receipt";
import { Shared } from "./shared";
import { Recalls } from "./recalls";
import { Stop } from "./stop";

export const person = createClient(PersonService, transport);

// Cases are numbered on these pages: an id in the address would stay in the browser's history.
export function PersonPages() {
  const { path } = route.use();
  const overview = useLoaded(() => person.getOverview({ language: language.value }), "overview");
  return (
    <div class="page stack">
      <Loading of={overview}>
        {(seen) => {
          const number = Number(path[0] ?? "1");
          const current = seen.cases[number - 1] ?? seen.cases[0];
          if (!current)
            return (
              <>
                <Title>{t("Nothing here")}</Title>
                <p>{t("There is nothing that you need to answer or see.")}</p>
              </>
            );
          const own = String(seen.cases.indexOf(current) + 1);
          return (
            <>
              {seen.cases.length > 1 && (
                <nav aria-label={t("Whom it is about")} class="row no-print">
                  {seen.cases.map((c, i) => (
                    <a key={c.caseId} class="ds-button" data-variant={c === current ? "primary" : "secondary"} aria-current={c === current ? "page" : undefined} href={href(String(i + 1))}>
                      {c.actingAsGuardian ? <Name>{c.subjectName}</Name> : t("Me")}
                    </a>
                  ))}
                </nav>
              )}
              {current.actingAsGuardian && (
                <div class="acting">
                  <Alert kind="info">
                    {t("You act as guardian for {name}.", { name: current.subjectName })}
                  </Alert>
                </div>
              )}
              <Tabs
                label={t("Pages")}
                pairs
                pages={[
                  { to: href(own), text: t("Agreements"), here: path[1] === undefined || path[1] === "stop" || path[1] === "receipt" },
                  { to: href(own, "shared"), text: t("What was shared"), here: path[1] === "shared" },
                  { to: href(own, "recalls"), text: t("Asked back"), here: path[1] === "recalls" },
                  { to: href(own, "notices"), text: t("What happened"), here: path[1] === "notices" },
                ]}
              />
              {current.viewLimited ? (
                <p>{t("This page shows you nothing about this case. Ask the coordinator if you wonder why.")}</p>
              ) : path[1] === "shared" ? (
                <Shared key={current.caseId} seen={seen} current={current} />
              ) : path[1] === "recalls" ? (
                <Recalls key={current.caseId} seen={seen} current={current} />
              ) : path[1] === "notices" ? (
                <Notices key={current.caseId} seen={seen} current={current} />
              ) : path[1] === "receipt" ? (
                <ReceiptPage key={path[2] ?? ""} current={current} requestId={path[2] ?? ""} own={own} />
              ) : path[1] === "stop" ? (
                <Stop key={current.caseId + path.slice(2).join()} seen={seen} current={current} scope={path.slice(2)} own={own} done={overview.again} />
              ) : (
                <CaseView key={current.caseId} seen={seen} current={current} own={own} again={overview.again} />
              )}
              <p class="quiet">{t("Some things may be kept from this page by law.")}</p>
            </>
          );
        }}
      </Loading>
    </div>
  );
}
