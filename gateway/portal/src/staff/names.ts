// SPDX-License-Identifier: EUPL-1.2
// Authorities by the name that people know. The list is read once for a case's page.
import { type Agency } from "../../gen/sluss/v1/directory_pb";
import { AgencyType } from "../../gen/sluss/v1/common_pb";
import { directory } from "./clients";

let known: Agency[] = [];

export async function loadAgencies(): Promise<void> {
  known = (await directory.listAgencies({})).agencies;
}

export function agencyName(id: string): string {
  return known.find((a) => a.agencyId === id)?.displayName || id;
}

// Those that may take part in a case: an auditor never does.
export function possibleMembers(): Agency[] {
  return known.filter((a) => !a.left && a.type !== AgencyType.AUDITOR);
}

export function hasLeft(id: string): boolean {
  return known.some((a) => a.agencyId === id && a.left);
}

// Ids of officers as they are typed: apart by spaces or commas.
export function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((w) => w !== "");
}
