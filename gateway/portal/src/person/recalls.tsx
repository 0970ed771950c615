// SPDX-License-Identifier: EUPL-1.2
// What was asked back, and what the authorities answered.
import { type GetOverviewResponse, type PersonCase, type PersonRecall } from "../../gen/sluss/v1/person_pb";
import { t } from "../i18n";
import { Loading, Name, Title, useLoaded } from "../ui/parts";
import { category } from "../words";
import { agencyName, day } from "./names";
import { person } from "./pages";

function answer(recall: PersonRecall): string {
  if (recall.answered) return recall.deleted ? t("They have deleted it.") : t("They keep it: {law}", { law: recall.keptOnGround });
  return recall.overdue ? t("They have not answered in time.") : t("They have not answered yet.");
}

export function Recalls({ seen, current }: { seen: GetOverviewResponse; current: PersonCase }) {
  const list = useLoaded(() => person.listRecalls({ caseId: current.caseId }), current.caseId);
  return (
    <>
      <Title>{t("Asked back")}</Title>
      <p>{t("When you stop something, everybody who already received it is asked to delete it, or to say which law lets them keep it.")}</p>
      <Loading of={list}>
        {(found) =>
          found.recalls.length === 0 ? (
            <p>{t("Nothing has been asked back.")}</p>
          ) : (
            <ul class="cards">
              {found.recalls.map((r) => (
                <li key={`${r.agencyId} ${r.opened?.seconds}`} class="ds-card stack" data-color={r.overdue && !r.answered ? "warning" : "neutral"}>
                  <h2 class="ds-heading" data-size="xs">
                    <Name>{agencyName(seen, r.agencyId)}</Name>
                  </h2>
                  <p>{answer(r)}</p>
                  {r.registerMark && <p>{t("They are also asked to remove the mark that says you take part.")}</p>}
                  <dl class="facts">
                    {r.categories.length > 0 && (
                      <>
                        <dt>{t("What")}</dt>
                        <dd>{r.categories.map(category).join(", ")}</dd>
                      </>
                    )}
                    <dt>{t("Asked")}</dt>
                    <dd>{day(r.opened)}</dd>
                    <dt>{t("Answer by")}</dt>
                    <dd>{day(r.due)}</dd>
                  </dl>
                </li>
              ))}
            </ul>
          )
        }
      </Loading>
    </>
  );
}
