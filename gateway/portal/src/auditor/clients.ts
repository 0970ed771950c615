// SPDX-License-Identifier: EUPL-1.2
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { AuditService } from "../../gen/sluss/v1/audit_pb";
import { RecallService } from "../../gen/sluss/v1/recall_pb";
import { dateTime } from "../i18n";
import { transport } from "../session";

export const audit = createClient(AuditService, transport);
export const recalls = createClient(RecallService, transport);

export function moment(at: Timestamp | undefined): string {
  return at === undefined || at.seconds === 0n ? "–" : dateTime(timestampDate(at));
}

export function iso(at: Timestamp | undefined): string {
  return at === undefined ? "" : timestampDate(at).toISOString();
}

// The beginning of a day of a date field, in Stockholm wherever the page is read: a link gives everybody the same.
export function dayOf(text: string | null): Timestamp | undefined {
  const utc = new Date(`${text ?? ""}T00:00:00Z`);
  if (Number.isNaN(utc.getTime())) return undefined;
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Stockholm", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(utc);
  const ahead = Number(parts.find((p) => p.type === "hour")?.value) * 60 + Number(parts.find((p) => p.type === "minute")?.value);
  return timestampFromDate(new Date(utc.getTime() - ahead * 60_000));
}
