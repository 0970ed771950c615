// SPDX-License-Identifier: EUPL-1.2
// What was asked back, was due, and was not answered.
import { t } from "../i18n";
import { href } from "../route";
import { Name, Paged, Title } from "../ui/parts";
import { category } from "../words";
import { moment, recalls } from "./clients";

export function OverdueRecalls() {
  return (
    <>
      <Title>{t("Overdue recalls")}</Title>
      <Paged
        none={t("Nothing is overdue.")}
        load={async (token) => {
          const page = await recalls.list({ overdue: true, fromIndex: BigInt(token === "" ? 0 : token) });
          return { rows: page.recalls, next: page.nextIndex === 0n ? "" : String(page.nextIndex) };
        }}
      >
        {(rows) => (
          <ol class="cards">
            {rows.map((r) => (
              <li key={r.recallId} class="ds-card stack" data-color="warning">
                <h2 class="ds-heading" data-size="xs">
                  {r.categories.map(category).join(", ")}
                </h2>
                <dl class="facts">
                  <dt>{t("To")}</dt>
                  <dd>
                    <Name>{r.agencyId}</Name>
                  </dd>
                  <dt>{t("Asked")}</dt>
                  <dd>{moment(r.openedAt)}</dd>
                  <dt>{t("Answer by")}</dt>
                  <dd>{moment(r.due)}</dd>
                  <dt>{t("Case")}</dt>
                  <dd>
                    <a class="ds-link code" href={`${href("case")}?id=${encodeURIComponent(r.caseId)}`}>
                      <bdi>{r.caseId}</bdi>
                    </a>
                  </dd>
                </dl>
              </li>
            ))}
          </ol>
        )}
      </Paged>
    </>
  );
}
