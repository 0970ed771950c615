// SPDX-License-Identifier: EUPL-1.2
import { type GetOverviewResponse } from "../../gen/sluss/v1/person_pb";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { date } from "../i18n";

// The name that people know an agency by.
export function agencyName(seen: GetOverviewResponse, id: string): string {
  const found = seen.agencies.find((a) => a.agencyId === id);
  return found === undefined || found.displayName === "" ? id : found.displayName;
}

export function day(at: Timestamp | undefined): string {
  return at === undefined ? "" : date(timestampDate(at));
}
