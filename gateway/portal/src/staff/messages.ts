// SPDX-License-Identifier: EUPL-1.2
// What kinds of messages authorities send, in plain language.
import { MessageType } from "../../gen/sluss/v1/common_pb";
import { mark, t } from "../i18n";

const TYPES: Record<MessageType, string> = {
  [MessageType.UNSPECIFIED]: mark("unknown"),
  [MessageType.CONCERN_REPORT]: mark("Concern report"),
  [MessageType.REFERRAL]: mark("Referral"),
  [MessageType.SUITABILITY_REQUEST]: mark("Suitability request"),
  [MessageType.SUITABILITY_ASSESSMENT]: mark("Suitability assessment"),
  [MessageType.THREAT_ASSESSMENT]: mark("Threat assessment"),
  [MessageType.ATTENDANCE_REPORT]: mark("Attendance report"),
  [MessageType.SCHOOL_REPORT]: mark("School report"),
  [MessageType.PROBATION_REPORT]: mark("Report from probation"),
  [MessageType.NEEDS_INVENTORY]: mark("Inventory of needs"),
  [MessageType.ACTION_PLAN]: mark("Plan"),
  [MessageType.MEETING_INVITATION]: mark("Invitation to a meeting"),
  [MessageType.MEETING_NOTES]: mark("Notes from a meeting"),
  [MessageType.FOLLOW_UP]: mark("Follow-up"),
  [MessageType.DEVIATION_REPORT]: mark("Report of a deviation"),
  [MessageType.CASE_TRANSFER]: mark("Handing over of the case"),
};

export const MESSAGE_TYPES: MessageType[] = Object.values(MessageType).filter((m): m is MessageType => typeof m === "number" && m !== MessageType.UNSPECIFIED);

export function messageType(value: MessageType): string {
  return t(TYPES[value] ?? TYPES[MessageType.UNSPECIFIED]);
}
