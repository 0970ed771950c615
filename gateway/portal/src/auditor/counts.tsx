// SPDX-License-Identifier: EUPL-1.2
// Counts by month, each with a small chart and the same figures as a table.
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type MonthCounts } from "../../gen/sluss/v1/audit_pb";
import { saveCsv } from "../download";
import { number, t } from "../i18n";
import { route, setQuery } from "../route";
import { Button, Field, Loading, Title, useLoaded } from "../ui/parts";
import { audit, dayOf } from "./clients";

const COLUMNS: { name: keyof MonthCounts & ("released" | "denied" | "statutory" | "withdrawals" | "recalls"); text: () => string }[] = [
  { name: "released", text: () => t("Released") },
  { name: "denied", text: () => t("Denied") },
  { name: "statutory", text: () => t("By law, without consent") },
  { name: "withdrawals", text: () => t("Withdrawals") },
  { name: "recalls", text: () => t("Recalls") },
];

// Bars, oldest at the start of the line; the table beside it says the same to those who do not see it.
function Chart({ title, values }: { title: string; values: number[] }) {
  const most = Math.max(1, ...values);
  const step = 360 / Math.max(1, values.length);
  return (
    <svg class="chart" viewBox="0 0 360 84" role="img" aria-label={`${title}: ${values.join(", ")}`}>
      {values.map((v, i) => (
        <rect key={i} x={i * step + 1} y={80 - (v / most) * 64} width={Math.max(1, step - 2)} height={(v / most) * 64} />
      ))}
      <text x="0" y="12">
        {number(most)}
      </text>
    </svg>
  );
}

export function Counts() {
  const { query } = route.use();
  const until = dayOf(query.get("until")) ?? timestampFromDate(new Date());
  const from = dayOf(query.get("from")) ?? { ...until, seconds: until.seconds - 31536000n };
  const found = useLoaded(() => audit.getCounts({ from, until }), query.toString());
  return (
    <>
      <Title>{t("Counts")}</Title>
      <form class="filters no-print" aria-label={t("Filters")} onSubmit={(e) => e.preventDefault()}>
        <Field id="from" type="date" label={t("From the day")} value={query.get("from") ?? ""} onValue={(v) => setQuery("from", v)} />
        <Field id="until" type="date" label={t("Before the day")} value={query.get("until") ?? ""} onValue={(v) => setQuery("until", v)} />
      </form>
      <Loading of={found}>
        {(c) => (
          <>
            <p>{t("Recalls that wait: {open}. Overdue: {overdue}.", { open: number(c.recallsOpen), overdue: number(c.recallsOverdue) })}</p>
            {COLUMNS.map((column) => (
              <section key={column.name}>
                <h2 class="ds-heading" data-size="xs">
                  {column.text()}
                </h2>
                <Chart title={column.text()} values={c.months.map((m) => m[column.name])} />
              </section>
            ))}
            <div class="scroll" tabIndex={0} role="region" aria-label={t("Counts")}>
              <table class="ds-table">
                <thead>
                  <tr>
                    <th scope="col">{t("Month")}</th>
                    {COLUMNS.map((column) => (
                      <th key={column.name} scope="col">
                        {column.text()}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {c.months.map((m) => (
                    <tr key={m.month}>
                      <th scope="row">
                        <bdi>{m.month}</bdi>
                      </th>
                      {COLUMNS.map((column) => (
                        <td key={column.name}>{number(m[column.name])}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <div class="no-print">
              <Button kind="secondary" onClick={() => saveCsv("counts.csv", [["month", ...COLUMNS.map((x) => x.name)], ...c.months.map((m) => [m.month, ...COLUMNS.map((x) => String(m[x.name]))])])}>
                {t("Save what is shown as CSV")}
              </Button>
            </div>
          </>
        )}
      </Loading>
    </>
  );
}
