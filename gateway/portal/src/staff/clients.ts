// SPDX-License-Identifier: EUPL-1.2
// What coordinators ask and state. All that changes something is a statement that the session's key signs.
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { AuditService } from "../../gen/sluss/v1/audit_pb";
import { CaseService } from "../../gen/sluss/v1/case_pb";
import { type SignedStatement } from "../../gen/sluss/v1/common_pb";
import { ConsentService } from "../../gen/sluss/v1/consent_pb";
import { DirectoryService } from "../../gen/sluss/v1/directory_pb";
import { RecallService } from "../../gen/sluss/v1/recall_pb";
import { SessionService } from "../../gen/sluss/v1/session_pb";
import { StatutoryService } from "../../gen/sluss/v1/statutory_pb";
import { date } from "../i18n";
import { base64url, session, signStatement, transport } from "../session";

export const audit = createClient(AuditService, transport);
export const cases = createClient(CaseService, transport);
export const consents = createClient(ConsentService, transport);
export const directory = createClient(DirectoryService, transport);
export const recalls = createClient(RecallService, transport);
export const sessions = createClient(SessionService, transport);
export const statutory = createClient(StatutoryService, transport);

// The gateway's own time: a tablet's clock may be wrong.
export async function now(): Promise<Timestamp> {
  const answer = await sessions.get({});
  return answer.now ?? timestampFromDate(new Date());
}

// What was stated and never answered. The same again goes out as the very same statement: the gateway gives its first answer and does nothing twice.
let waiting: { what: string; statement: SignedStatement } | undefined;

export function answered(): void {
  waiting = undefined;
}

export async function state<S extends DescMessage>(schema: S, fields: MessageInitShape<S>): Promise<SignedStatement> {
  const current = session.value;
  if (!current) throw new Error("no session");
  const what = `${base64url(current.sessionId)} ${schema.typeName} ${JSON.stringify(fields, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v))}`;
  if (waiting?.what === what) return waiting.statement;
  const head = { kind: schema.typeName, authority: current.authority, statementId: crypto.randomUUID(), agencyId: current.agencyId, officerId: current.officerId, at: await now() };
  const statement = await signStatement(toBinary(schema, create(schema, { ...(fields as object), ...head } as unknown as MessageInitShape<S>)));
  waiting = { what, statement };
  return statement;
}

export function day(at: Timestamp | undefined): string {
  return at === undefined || at.seconds === 0n ? "" : date(timestampDate(at));
}

// Days are Stockholm's, wherever the tablet thinks that it is: "YYYY-MM-DD HH:MM" on the clock there.
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm", dateStyle: "short", timeStyle: "short" });

// The value of a date field, and back.
export function dayText(at: Date): string {
  return clock.format(at).slice(0, 10);
}

export function dayStart(text: string): Timestamp | undefined {
  const utc = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(utc.getTime())) return undefined;
  // No change to or from summer time falls between midnight in Stockholm and midnight UTC.
  const ahead = new Date(`${clock.format(utc).replace(" ", "T")}:00Z`).getTime() - utc.getTime();
  return timestampFromDate(new Date(utc.getTime() - ahead));
}
