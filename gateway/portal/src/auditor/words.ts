// SPDX-License-Identifier: EUPL-1.2
// The log's own words in plain language, for auditors. The word of the contract stands beside it: that is what other programs and papers use.
import { ReasonCode } from "../../gen/sluss/v1/common_pb";
import { mark, t } from "../i18n";

const EVENTS: Record<string, string> = {
  case_opened: mark("The case was opened"),
  person_age: mark("An age was noted"),
  guardians_set: mark("Guardians were registered"),
  members_set: mark("Members were set"),
  phase_set: mark("The phase changed"),
  protection_set: mark("Protection was set"),
  maturity_assessed: mark("Maturity was assessed"),
  view_limited: mark("A guardian's view was limited"),
  consent_recorded: mark("A consent was recorded"),
  grant_status: mark("Somebody answered or an agreement changed"),
  withdrawal: mark("Something was withdrawn"),
  statute_requested: mark("Use of a law was requested"),
  statute_approved: mark("Use of a law was approved"),
  statute_refused: mark("Use of a law was refused"),
  statute_notified: mark("The person was told about the use of a law"),
  message_accepted: mark("A message was accepted"),
  message_denied: mark("A message was denied"),
  released: mark("Released"),
  withheld: mark("Kept back at delivery"),
  payload_destroyed: mark("Content was destroyed"),
  acknowledged: mark("A recipient confirmed"),
  mismatch_reported: mark("A recipient reported a wrong label"),
  expired: mark("A message expired"),
  recall_opened: mark("Deletion was asked for"),
  recall_answered: mark("A request for deletion was answered"),
  recall_overdue: mark("A request for deletion became overdue"),
  looked: mark("Somebody looked"),
  session: mark("Somebody logged in or out"),
  code_issued: mark("A login code was handed out"),
  person_erased: mark("A person's data was erased"),
};

export function eventText(event: string): string {
  const known = EVENTS[event];
  return known === undefined ? event : t(known);
}

const REASONS: Partial<Record<ReasonCode, string>> = {
  [ReasonCode.OK_CONSENT]: mark("there is consent"),
  [ReasonCode.OK_STATUTE]: mark("a law allows it"),
  [ReasonCode.OK_TYPE]: mark("is not about a person"),
  [ReasonCode.NO_GRANT]: mark("nobody agreed to it"),
  [ReasonCode.WRONG_SENDER]: mark("agreed for another sender"),
  [ReasonCode.WRONG_RECIPIENT]: mark("agreed for another recipient"),
  [ReasonCode.WRONG_CATEGORY]: mark("agreed for other information"),
  [ReasonCode.WRONG_PURPOSE]: mark("agreed for another purpose"),
  [ReasonCode.NOT_YET]: mark("begins later"),
  [ReasonCode.EXPIRED]: mark("has ended"),
  [ReasonCode.PAUSED]: mark("paused"),
  [ReasonCode.WITHDRAWN]: mark("withdrawn"),
  [ReasonCode.REFUSED]: mark("refused"),
  [ReasonCode.CONSENTER_MISSING]: mark("somebody has not agreed yet"),
  [ReasonCode.THIRD_PARTY_MISSING]: mark("another person has not agreed"),
  [ReasonCode.NOT_A_MEMBER]: mark("is not a member of the case"),
  [ReasonCode.PHASE_FORBIDS]: mark("the phase does not allow it"),
  [ReasonCode.PROTECTED]: mark("protected identity"),
};

export function reasonText(value: ReasonCode): string {
  const known = REASONS[value];
  const name = ReasonCode[value] ?? String(value);
  return known === undefined ? name : `${t(known)} (${name})`;
}
