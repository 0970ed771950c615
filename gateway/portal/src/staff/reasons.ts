// SPDX-License-Identifier: EUPL-1.2
// Why the gateway refused what a coordinator stated, in words that say what to do.
import { ReasonCode } from "../../gen/sluss/v1/common_pb";
import { type Fault, faultOf } from "../faults";
import { mark, t } from "../i18n";

const WHY: Partial<Record<ReasonCode, string>> = {
  [ReasonCode.NOT_ENTITLED]: mark("You do not have the right to do this in this case."),
  [ReasonCode.NO_END]: mark("Each question needs a day on which it ends."),
  [ReasonCode.END_TOO_LATE]: mark("It would last too long: choose an earlier last day, at most twelve months on."),
  [ReasonCode.NOT_NAMED_ALONE]: mark("An association has to be asked about in a question of its own."),
  [ReasonCode.OUTSIDE_PROGRAMME]: mark("The programme does not allow this: check the age and the kind of information."),
  [ReasonCode.NOT_A_MEMBER]: mark("An authority that is named here does not take part in the case."),
  [ReasonCode.UNKNOWN_AGENCY]: mark("An authority that is named here does not take part in the case."),
  [ReasonCode.ASSESSMENT_NOT_ALLOWED]: mark("At this age, or in this programme, an assessment cannot decide this."),
  [ReasonCode.PHASE_FORBIDS]: mark("The case cannot go to this phase now."),
  [ReasonCode.STATUTE_UNKNOWN]: mark("There is no such provision."),
  [ReasonCode.STATUTE_NOT_APPLICABLE]: mark("The provision does not cover this: check who sends and receives, the message, the kind of information, the age, and why it is necessary."),
  [ReasonCode.STATUTE_UNAPPROVED]: mark("An officer with the right to approve has to answer, and never the one who asked."),
  [ReasonCode.STATUTE_EXPIRED]: mark("The time for this has passed."),
  [ReasonCode.DEFERRAL_UNARGUED]: mark("Telling the person later needs reasons, and a day that lies ahead."),
  [ReasonCode.PROTECTED]: mark("The person is protected: this needs to be asked about in so many words, and officers by name."),
  [ReasonCode.ID_REUSED]: mark("This was recorded already. Load the page anew."),
};

export function staffFault(error: unknown): Fault {
  const fault = faultOf(error);
  const why = WHY[fault.reason];
  return why === undefined || fault.over || fault.unknown ? fault : { ...fault, text: t(why) };
}
