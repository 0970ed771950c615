// SPDX-License-Identifier: EUPL-1.2
// What was released and what was denied, newest first, with filters that stay in the address; a proof for each row; CSV of everything that the filters let through.
import { type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Disclosure } from "../../gen/sluss/v1/audit_pb";
import { Ground, Purpose, ReasonCode } from "../../gen/sluss/v1/common_pb";
import { saveCsv, save } from "../download";
import { type Fault, faultOf } from "../faults";
import { number, t } from "../i18n";
import { href, route, setQuery } from "../route";
import { Button, Field, Link, Name, Paged, Problem, Title } from "../ui/parts";
import { category, CATEGORY_NAMES, purpose } from "../words";
import { audit, dayOf, iso, moment } from "./clients";
import { reasonText } from "./words";

const ROWS = 100;
const SAVED_AT_ONCE = 1000;
const ROUNDS = 64; // an answer covers a few thousand entries of the log: rare rows take several

function enumChoices(names: object, text: (value: number) => string): { value: string; text: string }[] {
  return [{ value: "", text: t("All") }, ...Object.entries(names).flatMap(([, value]) => (typeof value === "number" && value > 0 ? [{ value: String(value), text: text(value) }] : []))];
}

// Reasons that a decision can have; the enumeration has others too, of refused requests.
function isDecision(value: number): boolean {
  return value <= Number(ReasonCode.UNAVAILABLE);
}

function groundText(value: Ground): string {
  return value === Ground.CONSENT ? t("Consent") : value === Ground.STATUTORY ? t("By law, without consent") : value === Ground.TYPE ? t("Not about a person") : t("None");
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
      {field("ground", t("Ground"), { choices: enumChoices(Ground, groundText) })}
      {field("reason", t("Reason"), { choices: enumChoices(ReasonCode, reasonText).filter((c) => isDecision(Number(c.value))) })}
      {field("case", t("Case"))}
      {field("from", t("From the day"), { type: "date" })}
      {field("until", t("Before the day"), { type: "date" })}
    </form>
  );
}

function ask(query: URLSearchParams, pageToken: string, pageSize: number) {
  const from = dayOf(query.get("from"));
  const until = dayOf(query.get("until"));
  return audit.listDisclosures({
    pageSize,
    pageToken,
    newestFirst: true,
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
}

// A page of rows, or what ROUNDS answers had.
async function load(query: URLSearchParams, pageToken: string) {
  const rows: Disclosure[] = [];
  let next = pageToken;
  for (let round = 0; round < ROUNDS && rows.length < ROWS; round++) {
    const page = await ask(query, next, ROWS);
    rows.push(...page.disclosures);
    next = page.nextPageToken;
    if (next === "") break;
  }
  return { rows, next };
}

const COLUMNS = ["log_index", "at", "case_id", "message_id", "sender", "recipient", "category", "purpose", "ground", "reason", "ground_ids"];

function csvLine(d: Disclosure): string[] {
  return [String(d.logIndex), iso(d.at), d.caseId, d.messageId, d.senderAgencyId, d.recipientAgencyId, d.category, Purpose[d.purpose] ?? "", Ground[d.ground] ?? "", ReasonCode[d.reason] ?? "",
    d.groundIds.join(" ")];
}

// Saves everything that the filters let through, also what is not on the page.
function SaveAll({ query }: { query: URLSearchParams }) {
  const [found, setFound] = useState<number>();
  const [fault, setFault] = useState<Fault>();
  async function collect() {
    const lines: string[][] = [COLUMNS];
    setFault(undefined);
    setFound(0);
    try {
      let next = "";
      do {
        const page = await ask(query, next, SAVED_AT_ONCE);
        lines.push(...page.disclosures.map(csvLine));
        next = page.nextPageToken;
        setFound(lines.length - 1);
      } while (next !== "");
      saveCsv("disclosures.csv", lines);
    } catch (error) {
      setFault(faultOf(error));
    }
    setFound(undefined);
  }
  return (
    <>
      <div class="row no-print">
        <Button kind="secondary" busy={found !== undefined} onClick={() => void collect()}>
          {t("Save all that match as CSV")}
        </Button>
        <Link kind="tertiary" to={href("disclosures")}>
          {t("Clear the filters")}
        </Link>
        <span role="status">{found !== undefined && t("{count} rows so far", { count: number(found) })}</span>
      </div>
      <Problem fault={fault} />
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Row({ row }: { row: Disclosure }) {
  const [fault, setFault] = useState<Fault>();
  const denied = row.ground === Ground.UNSPECIFIED;
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
    <li class="ds-card stack" data-color={denied ? "warning" : "neutral"}>
      <div class="row">
        <h2 class="ds-heading" data-size="xs">
          {category(row.category)}
        </h2>
        <span class="ds-tag" data-color={denied ? "danger" : row.ground === Ground.STATUTORY ? "warning" : "success"}>
          {denied ? t("Denied") : t("Released")}
        </span>
        <span class="end no-print">
          <Button kind="tertiary" small onClick={() => void proof()} label={t("Download proof of entry {entry}", { entry: String(row.logIndex) })}>
            {t("Download proof")}
          </Button>
        </span>
      </div>
      <dl class="facts across">
        <Fact name={t("When")}>{moment(row.at)}</Fact>
        <Fact name={t("From")}>
          <Name>{row.senderAgencyId}</Name>
        </Fact>
        <Fact name={t("To")}>
          <Name>{row.recipientAgencyId}</Name>
        </Fact>
        <Fact name={t("Why")}>{purpose(row.purpose)}</Fact>
        <Fact name={t("Reason")}>
          {reasonText(row.reason)}
        </Fact>
        <Fact name={t("Entry")}>
          <bdi>{String(row.logIndex)}</bdi>
        </Fact>
        <Fact name={t("Case")}>
          <a class="ds-link code" href={`${href("case")}?id=${encodeURIComponent(row.caseId)}`}>
            <bdi>{row.caseId}</bdi>
          </a>
        </Fact>
      </dl>
      <Problem fault={fault} />
    </li>
  );
}

export function Disclosures() {
  const { query } = route.use();
  const [searched, setSearched] = useState("");
  const title = query.get("which") === "2" ? t("Denials") : query.get("ground") === String(Ground.STATUTORY) ? t("By law, without consent") : t("Disclosures");
  return (
    <>
      <Title>{title}</Title>
      <Filters />
      <SaveAll query={query} />
      <Paged
        key={query.toString()}
        load={async (token) => {
          const page = await load(query, token);
          setSearched(page.next);
          return page;
        }}
        none={searched === "" ? t("Nothing was found.") : t("Nothing was found from entry {entry} on. There is more before it.", { entry: searched })}
      >
        {(rows) => (
          <ol class="cards">
            {rows.map((r, i) => (
              <Row key={`${r.logIndex} ${r.category} ${r.recipientAgencyId} ${i}`} row={r} />
            ))}
          </ol>
        )}
      </Paged>
    </>
  );
}
