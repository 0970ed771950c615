// SPDX-License-Identifier: EUPL-1.2
// Counts by month, each with a small chart and the same figures as a table.
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type MonthCounts } from "../../gen/sluss/v1/audit_pb";
import { saveCsv } from "../download";
import { number, t } from "../i18n";
import { route, setQuery } from "../route";
import { Button, Field, Loading, Title, useLoaded } from "../ui/parts";
import { audit, dayOf } from "./clients";

type Column = keyof MonthCounts & ("released" | "denied" | "statutory" | "withdrawals" | "recalls");

const COLUMNS: { name: Column; text: () => string }[] = [
  { name: "released", text: () => t("Released") },
  { name: "denied", text: () => t("Denied") },
  { name: "statutory", text: () => t("By law, without consent") },
  { name: "withdrawals", text: () => t("Withdrawals") },
  { name: "recalls", text: () => t("Recalls") },
];
const MONTHS_MAX = 1200;

type Month = { month: string } & Record<Column, number>;

// Every month from the first to the last of the time asked for: one without anything is a zero, not a gap.
function everyMonth(found: MonthCounts[], from: Date, until: Date): Month[] {
  const known = new Map(found.map((m) => [m.month, m]));
  const months: Month[] = [];
  const at = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), 1));
  for (; at < until && months.length < MONTHS_MAX; at.setUTCMonth(at.getUTCMonth() + 1)) {
    const month = at.toISOString().slice(0, 7);
    const m = known.get(month);
    months.push({ month, released: m?.released ?? 0, denied: m?.denied ?? 0, statutory: m?.statutory ?? 0, withdrawals: m?.withdrawals ?? 0, recalls: m?.recalls ?? 0 });
  }
  return months;
}

const WIDE = 300;
const HIGH = 60;

// Bars, oldest at the start of the line; the table below says the same to those who do not see it.
function Chart({ title, values, first, last }: { title: string; values: number[]; first: string; last: string }) {
  const most = Math.max(...values);
  const step = WIDE / Math.max(1, values.length);
  const bar = Math.max(1, Math.min(28, step - 2));
  const turned = document.documentElement.dir === "rtl";
  const place = (i: number) => (turned ? WIDE - (i + 1) * step : i * step) + (step - bar) / 2;
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong> <span class="quiet">{t("at most {count} a month", { count: number(most) })}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH + 4}`} role="img" aria-label={`${title}: ${values.map(number).join(", ")}`}>
        {values.map((v, i) => {
          const high = most === 0 ? 0 : (v / most) * HIGH;
          return <rect key={i} x={place(i)} y={HIGH + 2 - high} width={bar} height={high} />;
        })}
        <line x1="0" x2={WIDE} y1={HIGH + 2} y2={HIGH + 2} />
      </svg>
      <div class="row ends quiet" aria-hidden="true">
        <bdi>{first}</bdi>
        <bdi>{last}</bdi>
      </div>
    </figure>
  );
}

function Table({ months }: { months: Month[] }) {
  return (
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
          {months.map((m) => (
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
      <p>{t("Months are whole, from the first to the last that the days fall in.")}</p>
      <Loading of={found}>
        {(c) => {
          const months = everyMonth(c.months, timestampDate(from), timestampDate(until));
          return (
            <>
              <p>{t("Recalls that wait: {open}. Overdue: {overdue}.", { open: number(c.recallsOpen), overdue: number(c.recallsOverdue) })}</p>
              <div class="charts">
                {months.length > 0 &&
                  COLUMNS.map((column) => (
                    <Chart key={column.name} title={column.text()} values={months.map((m) => m[column.name])} first={months[0]?.month ?? ""} last={months.at(-1)?.month ?? ""} />
                  ))}
              </div>
              <Table months={months} />
              <div class="no-print">
                <Button kind="secondary" onClick={() => saveCsv("counts.csv", [["month", ...COLUMNS.map((x) => x.name)], ...months.map((m) => [m.month, ...COLUMNS.map((x) => String(m[x.name]))])])}>
                  {t("Save what is shown as CSV")}
                </Button>
              </div>
            </>
          );
        }}
      </Loading>
    </>
  );
}
