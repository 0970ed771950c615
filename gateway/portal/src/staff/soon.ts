// SPDX-License-Identifier: EUPL-1.2
// What ends soon: within thirty days, so that there is time to ask again.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

const SOON_MS = 30 * 86_400_000;

export function isSoon(end: Timestamp | undefined, at: Date): boolean {
  return end !== undefined && timestampDate(end).getTime() - at.getTime() < SOON_MS;
}
