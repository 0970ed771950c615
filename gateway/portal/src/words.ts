// SPDX-License-Identifier: EUPL-1.2
// The contract's own words in plain language.
import { AgencyType, Phase, Purpose, ReasonCode } from "../gen/sluss/v1/common_pb";
import { mark, t } from "./i18n";

const CATEGORIES: Record<string, string> = {
  identity_contact: mark("name and contact details"),
  enrolment: mark("taking part in the group"),
  needs: mark("needs and strengths"),
  social_measures: mark("help from social services"),
  family: mark("family"),
  school_attendance: mark("attendance at school"),
  school_support: mark("school results and support"),
  crime_suspicion: mark("suspicions of crime"),
  crime_conviction: mark("convictions"),
  police_observation: mark("what the police have seen"),
  threat: mark("threats"),
  risk: mark("risk assessments"),
  probation: mark("probation or time in prison"),
  substance_use: mark("alcohol and drugs"),
  health: mark("health"),
  housing: mark("housing"),
  economy: mark("money"),
  occupation: mark("work and practice"),
  leisure_network: mark("free time and friends"),
  action_plan: mark("the plan"),
  meeting_notes: mark("notes from meetings"),
  follow_up: mark("how it went afterwards"),
};

// `say`: the texts of another language than the page's (i18n.ts, Texts).
export function categoryIn(name: string, say: (key: string) => string): string {
  const known = CATEGORIES[name];
  return known === undefined ? name.replaceAll("_", " ") : say(known);
}

export function category(name: string): string {
  return categoryIn(name, t);
}

export const CATEGORY_NAMES = Object.keys(CATEGORIES);

const PURPOSES: Record<Purpose, string> = {
  [Purpose.UNSPECIFIED]: mark("unknown"),
  [Purpose.COORDINATION]: mark("to work together"),
  [Purpose.ASSESSMENT]: mark("to assess what is right"),
  [Purpose.PROTECTION]: mark("to protect"),
  [Purpose.FOLLOW_UP]: mark("to study how it went (follow-up)"),
};

export function purposeIn(value: Purpose, say: (key: string) => string): string {
  return say(PURPOSES[value] ?? PURPOSES[Purpose.UNSPECIFIED]);
}

export function purpose(value: Purpose): string {
  return purposeIn(value, t);
}

const PHASES: Record<Phase, string> = {
  [Phase.UNSPECIFIED]: mark("unknown"),
  [Phase.NOMINATED]: mark("suggested"),
  [Phase.INQUIRY]: mark("being looked into"),
  [Phase.ENROLLED]: mark("under way"),
  [Phase.PAUSED]: mark("paused"),
  [Phase.DORMANT]: mark("resting"),
  [Phase.CLOSING]: mark("being closed"),
  [Phase.CLOSED]: mark("closed"),
};

export function phase(value: Phase): string {
  return t(PHASES[value] ?? PHASES[Phase.UNSPECIFIED]);
}

const TYPES: Record<AgencyType, string> = {
  [AgencyType.UNSPECIFIED]: mark("unknown"),
  [AgencyType.SOCIAL_SERVICES]: mark("social services"),
  [AgencyType.POLICE]: mark("police"),
  [AgencyType.SCHOOL]: mark("school"),
  [AgencyType.PROBATION]: mark("probation"),
  [AgencyType.EMPLOYMENT]: mark("employment"),
  [AgencyType.HEALTH]: mark("health care"),
  [AgencyType.INSTITUTION]: mark("institution"),
  [AgencyType.HOUSING]: mark("housing"),
  [AgencyType.CIVIL_SOCIETY]: mark("association"),
  [AgencyType.EVALUATOR]: mark("follow-up study"),
  [AgencyType.AUDITOR]: mark("auditor"),
};

export function agencyType(value: AgencyType): string {
  return t(TYPES[value] ?? TYPES[AgencyType.UNSPECIFIED]);
}

// Why an agreement counts or does not count now.
export function standing(value: ReasonCode): string {
  switch (value) {
    case ReasonCode.OK_CONSENT:
      return t("In force");
    case ReasonCode.NOT_YET:
      return t("Begins later");
    case ReasonCode.EXPIRED:
      return t("Has ended");
    case ReasonCode.PAUSED:
      return t("Paused");
    case ReasonCode.WITHDRAWN:
      return t("Stopped");
    case ReasonCode.REFUSED:
      return t("Refused");
    case ReasonCode.CONSENTER_MISSING:
      return t("Waits for an answer");
    case ReasonCode.AGE_LAPSED:
      return t("Ended by a birthday: others must agree now");
    case ReasonCode.CUSTODY_LAPSED:
      return t("Waits: the guardians have changed");
    default:
      return t("Does not count now");
  }
}
