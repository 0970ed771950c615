// SPDX-License-Identifier: EUPL-1.2
// What was released and what was denied, with filters that stay in the address; a proof for each row; CSV of what is shown.
import { useState } from "preact/hooks";
import { type Disclosure } from "../../gen/sluss/v1/audit_pb";
import { Ground, Purpose, ReasonCode } from "../../gen/sluss/v1/common_pb";
import { saveCsv, save } from "../download";
import { type Fault, faultOf } from "../faults";
import { t } from "../i18n";
import { href, route, setQuery } from "../route";
import { Button, Field, Link, Name, Paged, Problem, Title } from "../ui/parts";
import { category, CATEGORY_NAMES, purpose } from "../words";
import { audit, dayOf, iso, moment } from "./clients";

const ROWS = 100;

function enumChoices(names: object): { value: string; text: string }[] {
  return [{ value: "", text: t("All") }, ...Object.entries(names).flatMap(([name, value]) => (typeof value === "number" && value > 0 ? [{ value: String(value), text: name }] : []))];
}

function Filters() {
  const { query } = route.use();
  const field = (name: string, label: string, more: object = {}) => (
    <Field id={`filter-${name}`} label={label} value={query.get(name) ?? ""} onValue={(v) => setQuery(name, v.trim())} {...more} />
  );
  return (
    <form class="filters no-print" aria-label={t("Filters")} onSubmit={(e) => e.preventDefault()}>
      {field("which", t("Show"), { choices: [{ value: "", text: t("All") }, { value: "1", text: t("Released") }, { value: "2", text: t("Denied") }] })}
      {field("sender", t("From"))}
      {field("recipient", t("To"))}
      {field("category", t("Kind of information"), { choices: [{ value: "", text: t("All") }, ...CATEGORY_NAMES.map((c) => ({ value: c, text: category(c) }))] })}
      {field("ground", t("Ground"), { choices: enumChoices(Ground) })}
      {field("reason", t("Reason"), { choices: enumChoices(ReasonCode) })}
      {field("case", t("Case"))}
      {field("from", t("From the day"), { type: "date" })}
      {field("until", t("Before the day"), { type: "date" })}
    </form>
  );
}

async function load(query: URLSearchParams, pageToken: string) {
  const from = dayOf(query.get("from"));
  const until = dayOf(query.get("until"));
  const page = await audit.listDisclosures({
    pageSize: ROWS,
    pageToken,
    caseId: query.get("case") ?? "",
    senderAgencyId: query.get("sender") ?? "",
    recipientAgencyId: query.get("recipient") ?? "",
    category: query.get("category") ?? "",
    ground: Number(query.get("ground") ?? "0"),
    reason: Number(query.get("reason") ?? "0"),
    which: Number(query.get("which") ?? "0"),
    ...(from ? { from } : {}),
    ...(until ? { until } : {}),
  });
  return { rows: page.disclosures, next: page.nextPageToken };
}

function csv(rows: Disclosure[]): void {
  const lines = rows.map((d) => [String(d.logIndex), iso(d.at), d.caseId, d.messageId, d.senderAgencyId, d.recipientAgencyId, d.category, Purpose[d.purpose] ?? "", Ground[d.ground] ?? "",
    ReasonCode[d.reason] ?? "", d.groundIds.join(" ")]);
  saveCsv("disclosures.csv", [["log_index", "at", "case_id", "message_id", "sender", "recipient", "category", "purpose", "ground", "reason", "ground_ids"], ...lines]);
}

function Row({ row }: { row: Disclosure }) {
  const [fault, setFault] = useState<Fault>();
  async function proof() {
    try {
      const found = await audit.getProof({ logIndex: row.logIndex });
      save(`${row.logIndex}.tlog-proof`, "text/plain;charset=utf-8", found.receipt?.tlogProof ?? "");
      setFault(undefined);
    } catch (error) {
      setFault(faultOf(error));
    }
  }
  return (
    <li class="ds-card stack" data-color={row.ground === Ground.UNSPECIFIED ? "warning" : "neutral"}>
      <h2 class="ds-heading" data-size="xs">
        {category(row.category)}: <Name>{row.senderAgencyId}</Name>, <Name>{row.recipientAgencyId}</Name>
      </h2>
      <dl class="facts">
        <dt>{t("When")}</dt>
        <dd>{moment(row.at)}</dd>
        <dt>{t("From")}</dt>
        <dd>
          <Name>{row.senderAgencyId}</Name>
        </dd>
        <dt>{t("To")}</dt>
        <dd>
          <Name>{row.recipientAgencyId}</Name>
        </dd>
        <dt>{t("Why")}</dt>
        <dd>{purpose(row.purpose)}</dd>
        <dt>{t("Reason")}</dt>
        <dd>
          <bdi>{ReasonCode[row.reason]}</bdi>
        </dd>
        <dt>{t("Case")}</dt>
        <dd class="code">
          <a class="ds-link" href={`${href("case")}?id=${encodeURIComponent(row.caseId)}`}>
            <bdi>{row.caseId}</bdi>
          </a>
        </dd>
        <dt>{t("Entry")}</dt>
        <dd>
          <bdi>{String(row.logIndex)}</bdi>
        </dd>
      </dl>
      <Problem fault={fault} />
      <div class="no-print">
        <Button kind="secondary" small onClick={() => void proof()} label={t("Download proof of entry {entry}", { entry: String(row.logIndex) })}>
          {t("Download proof")}
        </Button>
      </div>
    </li>
  );
}

export function Disclosures() {
  const { query } = route.use();
  return (
    <>
      <Title>{query.get("which") === "2" ? t("Denials") : query.get("ground") === String(Ground.STATUTORY) ? t("By law, without consent") : t("Disclosures")}</Title>
      <Filters />
      <Paged key={query.toString()} load={(token) => load(query, token)} none={t("Nothing was found.")}>
        {(rows) => (
          <>
            <div class="row no-print">
              <Button kind="secondary" onClick={() => csv(rows)}>
                {t("Save what is shown as CSV")}
              </Button>
              <Link kind="tertiary" to={href("disclosures")}>
                {t("Clear the filters")}
              </Link>
            </div>
            <ol class="cards">
              {rows.map((r) => (
                <Row key={`${r.logIndex} ${r.category} ${r.recipientAgencyId}`} row={r} />
              ))}
            </ol>
          </>
        )}
      </Paged>
    </>
  );
}
